"""``facsimile dataset``: AU-balanced sets of drawings."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from service.cli.connecting import DataFolder, Url, connected
from service.cli.errors import CommandError
from service.cli.following import follow
from service.cli.listing import listing, number, show, word
from service.cli.targets import parse_targets
from service.client import Client, UnreachableError
from service.wire.datasets import DATASET_GENERATOR, Dataset

dataset = typer.Typer(
    no_args_is_help=True, help="Build AU-balanced datasets of drawings, and download them."
)

_ATTEMPTS: Final = 20
"""How often a download is gone on with without one more byte having come."""
_PAUSE_SECONDS: Final = 1.0

Out = Annotated[Path | None, typer.Option(help="File to save the dataset as, such as set.zip.")]


@dataset.command()
def build(
    corpus: Annotated[
        uuid.UUID | None, typer.Option(help="Id of an imported corpus (`facsimile corpus list`).")
    ] = None,
    labels_from: Annotated[
        uuid.UUID | None,
        typer.Option(help="Id of another corpus, whose labels are drawn on the faces of --corpus."),
    ] = None,
    au: Annotated[
        list[str] | None,
        typer.Option(metavar="AU", help="An AU to balance; all that the corpus codes when none."),
    ] = None,
    per_intensity: Annotated[
        int, typer.Option(help="Images for each AU, intensity and pose.")
    ] = 5_000,
    image: Annotated[
        list[Path] | None,
        typer.Option(help="Instead of a corpus: photos, each drawn with every --target."),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME:AU=INTENSITY,...", help="What to draw on every --image."),
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option(
            help="Whom every --image shows: a subject's id, or any name of your own. A dataset "
            "with images of a subject is withdrawn when they are erased."
        ),
    ] = None,
    poses: Annotated[
        str,
        typer.Option(help="frontal, fera2017 (nine), or pitch,yaw in degrees: -20,40/0,0."),
    ] = "frontal",
    registration: Annotated[str, typer.Option(help="3d or 2d.")] = "3d",
    method: Annotated[
        str, typer.Option(help="semantic, or resampled: real frames, to compare with.")
    ] = "semantic",
    fill: Annotated[
        str,
        typer.Option(help="For intensities that never occur: none, or synthetic to scale others."),
    ] = "none",
    sources: Annotated[
        str,
        typer.Option(
            help="What label vectors are drawn on: neutral-first, or absent for any frame without "
            "the AU, as in the paper."
        ),
    ] = "neutral-first",
    split: Annotated[
        list[str] | None, typer.Option(help="Frames of this split alone: train, validation, test.")
    ] = None,
    subject_cap: Annotated[int | None, typer.Option(help="Images of one person, at most.")] = None,
    jitter: Annotated[float, typer.Option(help="Move intensities by up to this.")] = 0.0,
    file_format: Annotated[
        str, typer.Option("--format", help="imagefolder or webdataset.")
    ] = "imagefolder",
    generator: Annotated[
        str, typer.Option(help="What draws: rig, hybrid, or a generator's id.")
    ] = DATASET_GENERATOR,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random choice.")] = 0,
    name: Annotated[
        str, typer.Option(help="Name on its card: letters, digits and hyphens.")
    ] = "au-balanced-faces",
    out: Out = None,
    url: Url = None,
    data: DataFolder = None,
) -> None:
    """Build a dataset and print its id; the same request again gives the same dataset at once.

    500 images of every intensity, 0 to E, of two AUs:

        facsimile dataset build --corpus ID --au AU06 --au AU12 --per-intensity 500 --out set.zip

    As in the paper (Niinuma et al. 2022), 500 in each of nine poses:

        facsimile dataset build --corpus ID --per-intensity 500 --poses fera2017

    Of photos, without a corpus:

        facsimile dataset build --image me.jpg --target smile:AU06=C,AU12=D --target neutral:
    """
    common: dict[str, Any] = {
        "name": name,
        "generator": generator,
        "registration": registration,
        "poses": _poses(poses),
        "seed": seed,
        "format": file_format,
    }
    if (corpus is None) == (not image):
        raise CommandError("Give --corpus ID, or --image FILE with --target.")
    with connected(url, data) as client:
        if corpus is not None:
            request = {
                **common,
                "corpus_id": str(corpus),
                "per_intensity": per_intensity,
                "method": method,
                "fill": fill,
                "sources": sources,
                **({} if labels_from is None else {"labels_from": str(labels_from)}),
                "jitter": jitter,
                "splits": split or [],
                "subject_cap": subject_cap,
                **({"aus": au} if au else {}),
            }
        else:
            ids = [str(client.upload(photo, subject).id) for photo in image or []]
            named = parse_targets([], target or [])
            targets = [each.target.as_dict() for each in named]
            request = {**common, "image_ids": ids, "targets": targets}
        _finish(client, client.build(request), out)


@dataset.command()
def rebuild(
    dataset_id: Annotated[
        uuid.UUID, typer.Argument(metavar="ID", help="The withdrawn dataset's id.")
    ],
    out: Out = None,
    url: Url = None,
    data: DataFolder = None,
) -> None:
    """Build a withdrawn dataset again, without who was erased; prints the new one's id.

    facsimile dataset rebuild 019e6f1d-7b21-7e55-8a2f-6b4c3d2e1f01 --out set.zip
    """
    with connected(url, data) as client:
        _finish(client, client.rebuild(dataset_id), out)


@dataset.command()
def download(
    dataset_id: Annotated[uuid.UUID, typer.Argument(metavar="ID", help="The dataset's id.")],
    out: Out = None,
    url: Url = None,
    data: DataFolder = None,
) -> None:
    """Download a dataset; where an earlier download broke off, it goes on from there.

    facsimile dataset download 019e6f1d-7b21-7e55-8a2f-6b4c3d2e1f01 --out set.zip
    """
    with connected(url, data) as client:
        found = client.dataset(dataset_id)
        save(client, found, out or Path(f"{found.name}.zip"))


@dataset.command("list")
def list_(url: Url = None, data: DataFolder = None) -> None:
    """List the datasets of a service, newest first."""
    table = listing("name", word("state"), number("images"), number("size"))
    with connected(url, data) as client:
        for each in client.datasets():
            done = f"{each.job.done:,} of {each.job.total:,}"
            table.add_row(
                str(each.id),
                each.name,
                each.job.state,
                f"{each.images:,}" if each.images else done,
                "" if each.size is None else f"{each.size / 1e6:,.1f} MB",
            )
    show(table)


def _finish(client: Client, asked: Dataset, out: Path | None) -> None:
    """Wait until a dataset is built, say what became of it, and print its id."""
    follow(client, asked.job, "dataset")
    built = client.dataset(asked.id)
    for note in built.notes:
        typer.echo(f"Note: {note}", err=True)
    typer.echo(f"{built.images:,} images, {(built.size or 0) / 1e6:,.1f} MB.", err=True)
    if out is not None:
        save(client, built, out)
    typer.echo(str(built.id))


def save(client: Client, built: Dataset, out: Path) -> None:
    """Download a dataset into the file `out`, which appears when all of it is there and right.

    Raises:
        CommandError: the dataset is not built, or what came is not it.
        ClientError: the service stopped answering.
    """
    if built.download_url is None or built.sha256 is None or built.size is None:
        raise CommandError(f"The dataset is not there yet: its job is {built.job.state}.")
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.{built.sha256[:16]}.part")
    _fetch(client, built.download_url, built.sha256, built.size, partial)
    with partial.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != built.sha256:
        partial.unlink()
        raise CommandError("What was downloaded is damaged and was removed; download it again.")
    os.replace(partial, out)
    typer.echo(f"Saved {out}.", err=True)


def _fetch(client: Client, url: str, tag: str, size: int, partial: Path) -> None:
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress, partial.open("ab") as file:
        bar = progress.add_task("downloading", total=size, completed=file.tell())
        idle = 0
        while file.tell() < size:
            before = file.tell()
            try:
                for piece in client.stream(url, before, tag):
                    file.write(piece)
                    progress.update(bar, completed=file.tell())
            except UnreachableError:
                idle = 0 if file.tell() > before else idle + 1
                if idle >= _ATTEMPTS:
                    raise
                time.sleep(_PAUSE_SECONDS)


def _poses(text: str) -> str | Sequence[Sequence[float]]:
    """``fera2017`` as it is; ``-20,40/0,0`` as pairs of numbers."""
    if "," not in text:
        return text
    with contextlib.suppress(ValueError):
        pairs = [[float(part) for part in pair.split(",")] for pair in text.split("/")]
        if all(len(pair) == 2 for pair in pairs):
            return pairs
    raise CommandError(f"{json.dumps(text)} are no poses; write pitch,yaw/pitch,yaw, in degrees.")
