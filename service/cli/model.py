"""``facsimile model``: estimators of a running service."""

from __future__ import annotations

import enum
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli.connecting import DataFolder, Url, connected
from service.cli.errors import CommandError
from service.cli.following import follow
from service.cli.listing import listing, number, show, word
from service.cli.writing import replaced

model = typer.Typer(
    no_args_is_help=True, help="List models, fit them to one person, and download them."
)


class Method(enum.StrEnum):
    """How a model is fitted to a person."""

    one_frame = "one-frame"
    fine_tune = "fine-tune"
    both = "both"


class Format(enum.StrEnum):
    """What a model is downloaded as."""

    checkpoint = "checkpoint"
    onnx = "onnx"


@model.command("list")
def list_(url: Url = None, data: DataFolder = None) -> None:
    """Show the models that ship and your own, newest first."""
    table = listing("name", word("method"), number("AUs"), word("job"))
    with connected(url, data) as client:
        for row in client.models():
            state = "" if row.job is None else row.job.state
            table.add_row(row.id, row.name, row.method, str(len(row.aus or ())), state)
    show(table)


@model.command()
def personalise(
    photo: Annotated[Path, typer.Argument(help="A photo of the subject with a neutral face.")],
    subject: Annotated[uuid.UUID, typer.Option(help="Whom it shows (`facsimile subject create`).")],
    base: Annotated[str, typer.Option(help="Model to start from.")] = "compact",
    method: Annotated[
        Method | None,
        typer.Option(
            help="one-frame compares every face with the photo and takes no training; fine-tune "
            "trains on drawings of the person, which needs PyTorch in the worker; both does one "
            "after the other. By default what reads people best from this base: one-frame from "
            "compact."
        ),
    ] = None,
    more: Annotated[
        list[Path] | None,
        typer.Option(
            help="For a base of normalised faces: another photo of the subject; the mean over all "
            "is what faces are read as differences from."
        ),
    ] = None,
    generator: Annotated[
        str, typer.Option(help="What draws the person for fine-tuning: a name, or an id of yours.")
    ] = "rig",
    url: Url = None,
    data: DataFolder = None,
) -> None:
    """Fit a model to one person from a single photo; prints the model's id.

    facsimile model personalise me_neutral.jpg --subject 019e6f1e-1b30-7a66-8c3d-5e2f1a0b9c8d
    """
    for each in (photo, *(more or [])):
        if not each.is_file():
            raise CommandError(f"{each} is not a file.")
    with connected(url, data) as client:
        image = client.upload(photo, str(subject))
        asked: dict[str, Any] = {
            "image_id": str(image.id),
            "more_image_ids": [str(client.upload(one, str(subject)).id) for one in more or []],
            "base_model": base,
            "generator": generator,
        }
        if method is not None:
            asked["method"] = method.value
        made = client.personalise(subject, asked)
        if made.job is not None:
            follow(client, made.job, "model")
    typer.echo(made.id)


@model.command()
def download(
    model_id: Annotated[str, typer.Argument(help="compact, or a model's id.")],
    out: Annotated[Path, typer.Option(help="File to save it as.")],
    as_: Annotated[
        Format, typer.Option("--format", help="A zip of the checkpoint's folder, or ONNX.")
    ] = Format.checkpoint,
    url: Url = None,
    data: DataFolder = None,
) -> None:
    """Download a model, for `facsimile estimate --model` or for runtimes of ONNX.

    facsimile model download compact --out compact.onnx --format onnx
    """
    with connected(url, data) as client:
        content = client.download(f"/v1/models/{model_id}/download?format={as_.value}")
    with replaced(out) as unfinished:
        unfinished.write_bytes(content)
    typer.echo(f"{len(content):,} bytes in {out}")
