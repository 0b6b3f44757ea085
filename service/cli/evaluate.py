"""``facsimile evaluate``: how well a model reads labelled frames."""

from __future__ import annotations

import enum
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from models.facs import AU_NAMES
from service.cli.connecting import Url
from service.cli.corpus_options import (
    Cameras,
    Layout,
    MinConfidence,
    Missing,
    Scale,
    Views,
    read_folder,
    read_options,
)
from service.cli.drawing import progress_bars
from service.cli.errors import CommandError
from service.cli.estimate import load_model
from service.cli.writing import replaced

if TYPE_CHECKING:
    from models.corpora.corpus import Corpus
    from models.estimators.reader import Reader
    from models.evaluation.groups import Groups


class Split(enum.StrEnum):
    """Which people of a corpus are read."""

    train = "train"
    validation = "validation"
    test = "test"


def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            help="compact; a checkpoint's folder or zip; or the id of a model of the service at "
            "--url."
        ),
    ],
    corpus: Annotated[Path, typer.Argument(help="Folder of the labelled frames.")],
    layout: Layout = "folder",
    scale: Scale = None,
    missing: Missing = None,
    views: Views = None,
    cameras: Cameras = None,
    min_confidence: MinConfidence = None,
    split: Annotated[
        Split | None,
        typer.Option(
            help="Read the people of this split alone: the corpus's own, or, where it has none, "
            "the one that datasets of it have."
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(help="Another model, to be compared on the same frames and people."),
    ] = None,
    groups: Annotated[
        Path | None,
        typer.Option(
            help="A CSV file with a column `subject` and others such as `gender`: figures for each "
            "group. Skin is measured from the photos."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write everything to this JSON file.")] = None,
    resamples: Annotated[
        int, typer.Option(min=100, max=100_000, help="Draws of people for the intervals.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of those draws.")] = 0,
    url: Url = None,
) -> None:
    """Hold a model's readings against what coders said, on people it did not learn from.

    Prints, by AU: ICC(3,1), MAE, F1 of presence, and 2AFC from level A, B and C on, with 95 %
    intervals over people. The JSON file has the confusion of levels, every person and every group
    too.

        facsimile evaluate compact faces/ --split test --out compact.json

        facsimile evaluate my_model.zip DISFA/ --layout disfa --against compact
    """
    # Loaded by the command that reads faces.
    from models.checkpoints import CheckpointError
    from models.corpora.errors import CorpusError
    from models.estimators.reader import Reader
    from models.evaluation.held_out import NoFramesError

    options = read_options(layout, scale, missing, views, cameras, min_confidence)
    read = read_folder(corpus, layout, options)
    try:
        told = None if groups is None else _groups(groups)
        names = [model] if against is None else [model, against]
        readers = [Reader(load_model(name, url)) for name in names]
        report = _evaluated(
            read, names, readers, None if split is None else split.value, told, resamples, seed
        )
    except CorpusError as error:
        raise CommandError(f"{error}.") from error
    except (CheckpointError, NoFramesError) as error:
        raise CommandError(str(error)) from error
    _print(report)
    if out is not None:
        with replaced(out) as unfinished:
            unfinished.write_text(json.dumps(report, indent=1) + "\n")
        typer.echo(f"All figures are in {out}")


def _groups(path: Path) -> Groups:
    from models.evaluation.groups import GroupsError, read_groups

    try:
        return read_groups(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read as text.") from error
    except GroupsError as error:
        raise CommandError(f"{path}: {error}") from error


def _evaluated(
    corpus: Corpus,
    names: list[str],
    readers: list[Reader],
    split: Any,
    groups: Groups | None,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    from models.assets import AssetError
    from models.evaluation.collected import BATCH, Collected, kinds
    from models.evaluation.corpus_faces import faces_of
    from models.evaluation.held_out import NoFramesError, chosen_frames
    from models.evaluation.outcome import outcome
    from models.registration import load_registrar

    try:
        registrar = load_registrar()
    except AssetError as error:
        raise CommandError(str(error)) from error
    frames, notes = chosen_frames(corpus.table, split)
    collected, skipped = Collected.none(readers), 0
    with progress_bars() as progress:
        bar = progress.add_task("reading", total=len(frames))
        indices: list[int] = []
        faces: list[Any] = []
        threads = os.cpu_count() or 1
        for index, face in faces_of(corpus, frames.tolist(), registrar, kinds(readers), threads):
            progress.advance(bar)
            if isinstance(face, str):
                skipped += 1
                continue
            indices.append(index)
            faces.append(face)
            if len(faces) == BATCH:
                collected = collected.with_faces(readers, indices, faces)
                indices, faces = [], []
        collected = collected.with_faces(readers, indices, faces)
    if not len(collected.frame):
        raise NoFramesError(f"No face was found in any of the {len(frames):,} frames.")
    if skipped:
        notes = (*notes, f"{skipped:,} of {len(frames):,} frames show no face that was found.")
    return {
        "model": names[0],
        "against": names[1] if len(names) > 1 else None,
        "corpus": corpus.name,
        "split": split,
        **outcome(corpus.table, collected, groups, notes=notes, count=resamples, seed=seed),
    }


def _print(report: dict[str, Any]) -> None:
    console = Console()
    console.print(
        f"[bold]{report['model']}[/bold] on {report['frames']:,} frames of {report['people']} "
        f"people of {report['corpus']}"
        + ("" if report["split"] is None else f", split {report['split']}")
    )
    _figures(console, report)
    for grouping, members in report["groups"].items():
        table = Table(grouping, "people", "frames", "ICC", "95 %", "MAE", "F1")
        for name, group in members.items():
            icc = group["icc"]
            table.add_row(
                name,
                str(group["people"]),
                f"{group['frames']:,}",
                _number(icc["value"]),
                _interval(icc),
                _number(group["mae"]["value"]),
                _number(group["f1"]["value"]),
            )
        console.print(table)
    if report["against"] is not None:
        table = Table(title=f"{report['model']} less {report['against']}, on the same frames")
        for column in ("AU", "ICC", "95 %", "MAE", "95 %"):
            table.add_column(column)
        for au, figures in report["difference"].items():
            icc, mae = figures["icc"], figures["mae"]
            table.add_row(
                au, _number(icc["value"]), _interval(icc), _number(mae["value"]), _interval(mae)
            )
        console.print(table)
    for note in report["notes"]:
        console.print(f"Note: {note}")


def _figures(console: Console, report: dict[str, Any]) -> None:
    table = Table("AU", "", "ICC", "95 %", "MAE", "F1", "2AFC A", "B", "C")
    rows = {**report["aus"], "mean": report["mean"]}
    for au, figures in rows.items():
        table.add_row(
            au,
            AU_NAMES.get(au, "").split(" ")[-1] if au != "mean" else "",
            _number(figures["icc"]["value"]),
            _interval(figures["icc"]),
            _number(figures["mae"]["value"]),
            _number(figures["f1"]["value"]),
            *(_number(figures[f"two_afc_{level.lower()}"]["value"]) for level in "ABC"),
        )
    console.print(table)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _interval(figure: dict[str, float | None]) -> str:
    low, high = figure["low"], figure["high"]
    return "" if low is None or high is None else f"{low:.2f} to {high:.2f}"
