"""``facsimile train``: an estimator from a dataset, on this machine."""

from __future__ import annotations

import dataclasses
import enum
import importlib.util
import signal
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Annotated, Any, Self

import typer

from service.cli.connecting import Url
from service.cli.drawing import progress_bars
from service.cli.errors import CommandError
from service.cli.estimate import load_model


class Interrupts:
    """Notes Ctrl-C while its block runs, so that what it stops can end in order."""

    def __init__(self) -> None:
        self._noted = threading.Event()
        self._before: Any = None

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, lambda *_: self._noted.set())
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def is_set(self) -> bool:
        """Whether it came."""
        return self._noted.is_set()


class Architecture(enum.StrEnum):
    """Which network is trained."""

    compact = "compact"
    vgg16 = "vgg16"


def train(
    dataset: Annotated[
        Path, typer.Argument(help="A dataset's zip, as `facsimile dataset download` saves it.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the checkpoint.")] = Path("model"),
    architecture: Annotated[
        Architecture | None,
        typer.Option(help="compact, or the paper's vgg16; by default the base's, else compact."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            help="Train on from this model: compact; a checkpoint's folder or zip; or the id of a "
            "model of the service at --url. By default from nothing."
        ),
    ] = None,
    au: Annotated[
        list[str] | None,
        typer.Option(metavar="AU", help="An AU to read; all that the dataset codes when none."),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="Passes over the dataset; by default the network's own."),
    ] = None,
    imagenet: Annotated[
        Path | None,
        typer.Option(help="vgg16 alone: a file of published ImageNet weights to start from."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of weights and batches.")] = 0,
    url: Url = None,
) -> None:
    """Train an estimator of AU intensities; needs PyTorch (`make torch`).

    A fifth of the people is held out; the weights that read them best are kept, and how well is
    in the checkpoint's README.md. Interrupted, the same command goes on where it was.

        facsimile train balanced.zip --out my_model

        facsimile train balanced.zip --base compact --out my_model

        facsimile estimate interview.mp4 --model my_model
    """
    if importlib.util.find_spec("torch") is None:
        raise CommandError("Training needs PyTorch: run `make torch`, or `pip install torch`.")
    # Loaded by the command that trains.
    from models.checkpoints import CheckpointError, write_checkpoint
    from models.estimators.dataset_faces import UnfitDatasetError, dataset_faces
    from models.estimators.estimator import from_checkpoint
    from models.estimators.fit import FITS, fit
    from models.estimators.starting import UnfitBaseError
    from models.estimators.training_state import load_state, save_state

    if not dataset.is_file():
        raise CommandError(f"{dataset} is not a file.")
    interrupted = Interrupts()
    try:
        start = None if base is None else from_checkpoint(load_model(base, url))
        chosen = start.config.architecture if start is not None else Architecture.compact.value
        standard = FITS[chosen if architecture is None else architecture.value]
        config = dataclasses.replace(standard, epochs=epochs or standard.epochs, seed=seed)
        out.mkdir(parents=True, exist_ok=True)
        state = out / "training.safetensors"
        with (
            progress_bars() as progress,
            interrupted,
            tempfile.TemporaryDirectory(dir=out) as scratch,
        ):
            bar = progress.add_task("reading", total=None)
            faces = dataset_faces(dataset, Path(scratch), config.architecture, aus=au, seed=seed)
            progress.update(bar, description="training")
            made = fit(
                faces,
                config,
                name=out.name,
                lineage={"dataset": dataset.name},
                base=start,
                imagenet=imagenet,
                progress=lambda done, total: progress.update(bar, completed=done, total=total),
                should_stop=interrupted.is_set,
                save=lambda reached: save_state(state, reached),
                state=load_state(state) if state.exists() else None,
            )
    except (zipfile.BadZipFile, KeyError) as error:
        raise CommandError(f"{dataset} is no dataset that is an image folder: {error}") from error
    except (CheckpointError, UnfitBaseError, UnfitDatasetError, FloatingPointError) as error:
        raise CommandError(str(error)) from error
    if made is None:
        raise CommandError("Stopped; the same command goes on from there.")
    trained, figures = made
    write_checkpoint(out, trained.checkpoint())
    state.unlink(missing_ok=True)
    typer.echo(
        f"{out}: mean ICC {figures.icc:.3f} and MAE {figures.mae:.3f} on {figures.people} people "
        "who were left out"
    )
