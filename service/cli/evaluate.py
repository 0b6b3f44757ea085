"""``facsimile evaluate``: how well a model reads labelled frames."""

from __future__ import annotations

import enum
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.connecting import DataFolder, Url, connected
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
from service.cli.figures import print_figures
from service.cli.following import follow
from service.cli.writing import replaced
from service.db.ids import parse_id

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
    corpus: Annotated[
        str,
        typer.Argument(help="Folder of the labelled frames, or the id of an imported corpus."),
    ],
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
    seen_people: Annotated[
        bool,
        typer.Option(
            "--seen-people",
            help="Of an imported corpus: read people that the model learned from too.",
        ),
    ] = False,
    url: Url = None,
    data: DataFolder = None,
) -> None:
    """Hold a model's readings against what coders said.

    Only figures on people that the model did not learn from say how well it reads: name a split
    that it was not trained on. The service refuses others for a corpus that it has imported.

    Prints, by AU: ICC(3,1), MAE, F1 of presence, and 2AFC from level A, B and C on, with 95 %
    intervals over people. The JSON file has the confusion of levels, every person and every group
    too.

        facsimile evaluate compact faces/ --split test --out compact.json

        facsimile evaluate my_model.zip DISFA/ --layout disfa --against compact

    By the service, on a corpus that it has imported:

        facsimile evaluate compact 019e6f1d-0a10-7c44-9b1e-7a3d5e8f9012 --split test
    """
    told = None if groups is None else _groups(groups)
    chosen = None if split is None else split.value
    if parse_id(corpus) is None:
        options = read_options(layout, scale, missing, views, cameras, min_confidence)
        found = read_folder(Path(corpus), layout, options)
        report = _on_this_machine(model, against, found, chosen, told, resamples, seed, url)
    else:
        asked = {
            "corpus_id": corpus,
            "against": against,
            "split": chosen,
            "groups": None if told is None else _by_subject(told),
            "resamples": resamples,
            "seed": seed,
            "seen_people": seen_people,
        }
        report = _by_the_service(model, asked, url, data)
    print_figures(report)
    if out is not None:
        with replaced(out) as unfinished:
            unfinished.write_text(json.dumps(report, indent=1) + "\n")
        typer.echo(f"All figures are in {out}")


def _by_the_service(
    model: str, asked: dict[str, Any], url: str | None, data: Path | None
) -> dict[str, Any]:
    with connected(url, data) as client:
        made = client.evaluate(model, asked)
        follow(client, made.job, "evaluation")
        done = client.evaluation(made.id)
        corpus = client.corpus(done.corpus_id)
    if done.result is None:
        raise CommandError("The service has no figures for this evaluation.")
    about = {"model": done.model, "against": done.against, "corpus": corpus.name}
    return {**about, "split": done.split, **done.result.model_dump(mode="json")}


def _on_this_machine(
    model: str,
    against: str | None,
    corpus: Corpus,
    split: Any,
    groups: Groups | None,
    resamples: int,
    seed: int,
    url: str | None,
) -> dict[str, Any]:
    # Loaded by the command that reads faces.
    from models.checkpoints import CheckpointError
    from models.corpora.errors import CorpusError
    from models.estimators.reader import Reader
    from models.evaluation.held_out import NoFramesError

    try:
        names = [model] if against is None else [model, against]
        readers = [Reader(load_model(name, url)) for name in names]
        return _evaluated(corpus, names, readers, split, groups, resamples, seed)
    except CorpusError as error:
        raise CommandError(f"{error}.") from error
    except (CheckpointError, NoFramesError) as error:
        raise CommandError(str(error)) from error


def _groups(path: Path) -> Groups:
    from models.evaluation.groups import GroupsError, read_groups

    try:
        return read_groups(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read as text.") from error
    except GroupsError as error:
        raise CommandError(f"{path}: {error}") from error


def _by_subject(groups: Groups) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, grouping in groups.by_name.items():
        for subject, value in grouping.items():
            found.setdefault(subject, {})[name] = value
    return found


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
