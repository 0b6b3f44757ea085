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
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from models.facs import au_name
from service.cli.connecting import Url
from service.cli.drawing import progress_bars
from service.cli.errors import CommandError
from service.cli.estimate import load_model

if TYPE_CHECKING:
    import torch


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


class Device(enum.StrEnum):
    """Where networks are trained."""

    cpu = "cpu"
    cuda = "cuda"


class Normalisation(enum.StrEnum):
    """What faces are read as differences from."""

    none = "none"
    au0 = "au0"
    mean_texture = "mean-texture"


class Architecture(enum.StrEnum):
    """Which network is trained."""

    compact = "compact"
    vgg16 = "vgg16"


def train(
    datasets: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATASET...",
            help="A dataset's zip, as `facsimile dataset download` saves it, or several to learn "
            "from together.",
        ),
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
    choose_by: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DATASET",
            help="Another dataset's zip, such as real frames, from which nothing is learnt: people "
            "in it who are not learnt from choose the stopping point, and test people are tested.",
        ),
    ] = None,
    normalisation: Annotated[
        Normalisation,
        typer.Option(
            help="Read faces as differences: au0 from the person's neutral face, mean-texture from "
            "the mean of their frames."
        ),
    ] = Normalisation.none,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="Passes over the dataset; by default the network's own."),
    ] = None,
    imagenet: Annotated[
        Path | None,
        typer.Option(
            help="vgg16 alone: a file of published ImageNet weights to start from. Without, all "
            "layers are trained, from weights at random."
        ),
    ] = None,
    device: Annotated[
        Device | None, typer.Option(help="The GPU where there is one, when not given.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of weights and batches.")] = 0,
    url: Url = None,
) -> None:
    """Train an estimator of AU intensities; needs PyTorch (`make torch`).

    The dataset's splits decide who is learnt from, chosen by and tested; where it has none, a fifth
    of the people is held out. The weights that read the people to choose by best are kept, and how
    well is in the checkpoint's README.md. Interrupted, the same command goes on where it was.

        facsimile train balanced.zip --out my_model

        facsimile train balanced.zip --base compact --out my_model

        facsimile train drawn.zip --choose-by frames.zip --normalisation au0 --out my_model

        facsimile estimate interview.mp4 --model my_model
    """
    if importlib.util.find_spec("torch") is None:
        raise CommandError("Training needs PyTorch: run `make torch`, or `pip install torch`.")
    # Loaded by the command that trains.
    from models.checkpoints import CheckpointError, write_checkpoint
    from models.datasets.facts import UnknownDatasetError
    from models.estimators.card import kind_of_faces
    from models.estimators.dataset_faces import UnfitDatasetError, dataset_faces
    from models.estimators.estimator import from_checkpoint
    from models.estimators.fit import FITS, fit, normalised
    from models.estimators.starting import UnfitBaseError
    from models.estimators.training_state import load_state, save_state
    from models.fingerprint import OtherRunError

    for file in (*datasets, *(choose_by or [])):
        if not file.is_file():
            raise CommandError(f"{file} is not a file.")
    where = torch_device(device)
    interrupted = Interrupts()
    aus = [au_name(name) for name in au] if au else None
    try:
        start = None if base is None else from_checkpoint(load_model(base, url))
        chosen = start.config.architecture if start is not None else Architecture.compact.value
        standard = FITS[chosen if architecture is None else architecture.value]
        config = normalised(
            dataclasses.replace(standard, epochs=epochs or standard.epochs, seed=seed),
            normalisation.value,
        )
        out.mkdir(parents=True, exist_ok=True)
        state = out / "training.safetensors"
        with (
            progress_bars() as progress,
            interrupted,
            tempfile.TemporaryDirectory(dir=out) as scratch,
        ):
            bar = progress.add_task("reading", total=None)
            faces = dataset_faces(
                datasets,
                Path(scratch),
                config.architecture,
                measured=choose_by or (),
                normalisation=config.normalisation,
                aus=aus,
                seed=seed,
            )
            progress.update(bar, description="training")
            made = fit(
                faces,
                config,
                name=out.name,
                lineage={"files": [file.name for file in datasets]},
                base=start,
                imagenet=imagenet,
                device=where,
                progress=lambda done, total: progress.update(bar, completed=done, total=total),
                should_stop=interrupted.is_set,
                save=lambda reached: save_state(state, reached),
                state=load_state(state) if state.exists() else None,
            )
    except (zipfile.BadZipFile, KeyError) as error:
        told = ", ".join(str(file) for file in datasets)
        raise CommandError(f"{told}: no dataset that is an image folder: {error}") from error
    except OtherRunError as error:
        raise CommandError(f"{state}: {error}") from error
    except (
        CheckpointError,
        UnfitBaseError,
        UnfitDatasetError,
        UnknownDatasetError,
        FloatingPointError,
    ) as error:
        raise CommandError(str(error)) from error
    if made is None:
        raise CommandError("Stopped; the same command goes on from there.")
    trained, figures = made
    write_checkpoint(out, trained.checkpoint())
    state.unlink(missing_ok=True)
    for note in figures.notes:
        typer.echo(f"Note: {note}", err=True)
    typer.echo(
        f"{out}: mean ICC {figures.icc:.3f} and MAE {figures.mae:.3f} on "
        f"{kind_of_faces(figures.drawn)} of {figures.people} people who were left out"
    )


def torch_device(asked: Device | None) -> torch.device:
    """Where to compute: what was asked for, else the GPU where there is one.

    Raises:
        CommandError: there is no GPU.
    """
    import torch

    from models.device import compute_device

    if asked is Device.cuda and not torch.cuda.is_available():
        raise CommandError("PyTorch finds no GPU here.")
    return compute_device() if asked is None else torch.device(asked.value)
