"""``facsimile train``: an estimator from a dataset, on this machine."""

from __future__ import annotations

import enum
import importlib.util
import signal
import threading
from pathlib import Path
from typing import Annotated, Any, Self

import typer

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
        Architecture, typer.Option(help="compact, or the paper's vgg16.")
    ] = Architecture.compact,
    base: Annotated[
        str | None, typer.Option(help="Model to start from; random weights when not given.")
    ] = None,
    au: Annotated[
        list[str] | None,
        typer.Option(metavar="AU", help="An AU to read; all that the dataset codes when none."),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Batches of 64 faces.")] = 1_000,
    learning_rate: Annotated[float | None, typer.Option(help="By default the network's own.")] = (
        None
    ),
    seed: Annotated[int, typer.Option(min=0, help="Of weights and batches.")] = 0,
) -> None:
    """Train an estimator of AU intensities; needs PyTorch (`make torch`).

    A fifth of the people is held out; the weights that read them best are kept, and how well is
    in the checkpoint's README.md. Interrupted, the same command goes on where it was.

        facsimile train balanced.zip --out my_model

        facsimile estimate interview.mp4 --model my_model
    """
    if importlib.util.find_spec("torch") is None:
        raise CommandError("Training needs PyTorch: run `make torch`, or `pip install torch`.")
    # Loaded by the command that trains.
    from models.checkpoints import CheckpointError, write_checkpoint
    from models.estimators.dataset_training import (
        TrainingPlan,
        TrainingStoppedError,
        UnusableDatasetError,
        read_dataset,
        train_on,
    )
    from models.estimators.estimator import from_checkpoint
    from models.estimators.training_state import load_state, save_state

    if not dataset.is_file():
        raise CommandError(f"{dataset} is not a file.")
    chosen = tuple(au) if au else None
    plan = TrainingPlan(architecture.value, steps, chosen, learning_rate, seed)
    out.mkdir(parents=True, exist_ok=True)
    state = out / "training.safetensors"
    interrupted = Interrupts()
    try:
        start = None if base is None else from_checkpoint(load_model(base, None))
        with progress_bars() as progress, interrupted:
            bar = progress.add_task("reading", total=None)
            faces = read_dataset(
                dataset,
                plan.architecture,
                plan.aus if start is None else start.aus,
                seed,
                lambda done, total: progress.update(bar, completed=done, total=total),
            )
            progress.update(bar, description="training", completed=0, total=steps)
            trained, results = train_on(
                faces,
                plan,
                start,
                {"dataset": dataset.name},
                progress=lambda done, total: progress.update(bar, completed=done, total=total),
                should_stop=interrupted.is_set,
                save=lambda reached: save_state(state, reached),
                state=load_state(state) if state.exists() else None,
            )
    except TrainingStoppedError as error:
        raise CommandError(f"{error}; the same command goes on from there.") from error
    except (CheckpointError, UnusableDatasetError, FloatingPointError) as error:
        raise CommandError(str(error)) from error
    write_checkpoint(out, trained.checkpoint())
    state.unlink(missing_ok=True)
    held = (
        f"mean ICC {results['mean_icc']} and MAE {results['mean_mae']} on "
        f"{results['held_out_people']} people left out"
        if "mean_icc" in results
        else "nobody was left out, as the data show one person"
    )
    typer.echo(f"{out}: {held}")
