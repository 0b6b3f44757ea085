"""``facsimile train-generator``: a generator from a dataset or photos, on this machine."""

from __future__ import annotations

import enum
import importlib.util
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from models.facs import SUPPORTED_AUS, TargetError, au_name
from service.cli.drawing import progress_bars
from service.cli.errors import CommandError
from service.cli.train import Device, Interrupts, torch_device

if TYPE_CHECKING:
    from models.generators.config import GanConfig, GeneratorConfig
    from models.generators.pairs import PeoplePairs
    from models.generators.teacher import PersonPhotos

_NEUTRAL: Final = "neutral"
_PREPARED: Final = ".facsimile-pairs"
"""Folder of what is learned from, while the command runs; no name that somebody's own may have."""


class Kind(enum.StrEnum):
    """Which network is trained."""

    ganimation = "ganimation"
    stargan = "stargan"


class Registration(enum.StrEnum):
    """How faces are registered."""

    frontal = "3d"
    aligned = "2d"


def train_generator(
    source: Annotated[
        Path,
        typer.Argument(
            help="A dataset's zip, or a folder of photos: one folder a person, in which the photo "
            "whose name begins with neutral, or else the first, shows a neutral face and the "
            "others a smile. Photos beside those folders are of a person each."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the checkpoint and the training's state.")],
    kind: Annotated[Kind, typer.Option(help="ganimation, or stargan.")] = Kind.ganimation,
    au: Annotated[
        list[str] | None,
        typer.Option(metavar="AU", help="An AU to draw, maybe AU12L or AU12R; all when none."),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Of training.")] = 200_000,
    batch: Annotated[int, typer.Option(min=1, max=4096, help="Pairs of faces a step.")] = 16,
    size: Annotated[int, typer.Option(min=16, max=512, help="Pixels a side, by fours.")] = 224,
    channels: Annotated[int, typer.Option(min=16, max=256, help="How wide it is.")] = 64,
    blocks: Annotated[int, typer.Option(min=0, max=32, help="Residual blocks.")] = 6,
    registration: Annotated[
        Registration | None,
        typer.Option(help="How photos are registered: 3d when not given. A dataset has its own."),
    ] = None,
    drawings: Annotated[
        int, typer.Option(min=1, help="Of each person, when it learns from photos.")
    ] = 24,
    float32: Annotated[bool, typer.Option(help="Compute in float32, not bfloat16.")] = False,
    device: Annotated[
        Device | None, typer.Option(help="The GPU where there is one, when not given.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, batches and drawings.")] = 0,
) -> None:
    """Train a generator; needs PyTorch (`make torch`).

    Interrupted or killed, the same command goes on where it was, at most five minutes earlier.
    Losses, their curves and sheets of samples, at every thousandth step and the last, are in the
    folder as it goes, and the checkpoint is in its folder generator at the end.

        facsimile train-generator balanced.zip --out smiles --au AU06 --au AU12
    """
    if importlib.util.find_spec("torch") is None:
        raise CommandError("Training needs PyTorch: run `make torch`, or `pip install torch`.")
    # Loaded by the command that trains.
    import torch

    from models.checkpoints import CheckpointError
    from models.datasets.facts import UnknownDatasetError
    from models.generators import training
    from models.generators.config import GanConfig, GeneratorConfig
    from models.generators.pairs import UnfitPairsError

    if not source.exists():
        raise CommandError(f"{source} is neither a file nor a folder.")
    try:
        config = GanConfig(
            GeneratorConfig(
                kind=kind.value,
                aus=tuple(map(au_name, au)) if au else SUPPORTED_AUS,
                registration=(registration or Registration.frontal).value,
                size=size,
                channels=channels,
                blocks=blocks,
                lineage={"source": source.name},
            ),
            steps=steps,
            batch=batch,
            discriminator_channels=channels,
            discriminator_layers=min(6, size.bit_length() - 2),
            precision="float32" if float32 else "bfloat16",
            seed=seed,
        )
    except (TargetError, ValueError) as error:
        raise CommandError(str(error)) from error
    if torch.distributed.is_torchelastic_launched():
        raise CommandError(
            "This command trains in one process. For several GPUs call "
            "models.generators.training.train_generator within models.generators.processes.joined."
        )
    where = torch_device(device)
    if (out / training.GENERATOR).exists() and not (out / training.STATE).exists():
        raise CommandError(
            f"{out / training.GENERATOR} is trained already. To train anew, delete it or take "
            "another folder."
        )
    scratch = out / _PREPARED
    shutil.rmtree(scratch, ignore_errors=True)  # of a run that was killed
    try:
        scratch.mkdir(parents=True)
    except OSError as error:
        raise CommandError(f"{out} cannot be written to: {error.strerror}.") from error
    interrupted = Interrupts()
    try:
        with progress_bars() as progress, interrupted:
            bar = progress.add_task("preparing", total=None)

            def tell(done: int, total: int) -> None:
                progress.update(bar, completed=done, total=total)

            pairs, config = _pairs(
                source, scratch, config, registration, au is None, drawings, tell
            )
            progress.update(bar, description="training")
            trained = training.train_generator(
                config,
                pairs,
                out,
                name=out.name,
                device=where,
                progress=tell,
                should_stop=interrupted.is_set,
            )
    except (CheckpointError, UnfitPairsError, UnknownDatasetError, FloatingPointError) as error:
        raise CommandError(str(error)) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if trained is None:
        raise CommandError("Stopped; the same command goes on from there.")
    (out / training.STATE).unlink(missing_ok=True)
    losses = ", ".join(f"{name} {value:.3f}" for name, value in trained.losses.items())
    typer.echo(f"{out / training.GENERATOR}: {losses}")


def _pairs(
    source: Path,
    scratch: Path,
    config: GanConfig,
    registration: Registration | None,
    every_au: bool,
    drawings: int,
    tell: Callable[[int, int], None],
) -> tuple[PeoplePairs, GanConfig]:
    """What is learned from, and the configuration with the AUs that it has."""
    from models.datasets.labelled_images import LabelledImages
    from models.generators.dataset_pairs import dataset_pairs, labelled_aus
    from models.generators.teacher import photo_pairs

    shape = config.generator
    if source.is_dir():
        people = _people(source, shape, tell)
        pairs = photo_pairs(
            people, scratch, shape, drawings=drawings, seed=config.seed, progress=tell
        )
        return pairs, config
    try:
        dataset = LabelledImages(source)
        if registration is None:
            shape = replace(shape, registration=dataset.facts.registration)
        if every_au:
            shape = replace(shape, aus=labelled_aus(dataset))
        shape = replace(shape, lineage={**shape.lineage, **dataset.facts.as_lineage()})
        return dataset_pairs(dataset, scratch, shape, seed=config.seed), replace(
            config, generator=shape
        )
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise CommandError(
            f"{source} is neither a folder of photos nor an image-folder dataset's zip: {error}"
        ) from error


def _people(
    folder: Path, shape: GeneratorConfig, tell: Callable[[int, int], None]
) -> list[PersonPhotos]:
    from models.generators.teacher import PersonPhotos
    from models.images import ImageError, decode_image
    from models.registration import RegistrationError, load_registrar

    of_people = [photos for each in sorted(folder.iterdir()) if (photos := _photos(each))]
    total = sum(len(photos) for photos in of_people)
    registrar, people, done = load_registrar(), [], 0
    for photos in of_people:
        faces = []
        for photo in photos:
            try:
                rgb = decode_image(photo.read_bytes()).rgb
                faces.append(registrar.register(rgb, kind=shape.registration))
            except (ImageError, RegistrationError) as error:
                raise CommandError(f"{photo}: {error}") from error
            done += 1
            tell(done, total)
        people.append(PersonPhotos(faces[0], tuple(faces[1:])))
    return people


def _photos(entry: Path) -> list[Path]:
    """A person's photos, the neutral one first."""
    from models.images import PHOTO_SUFFIXES

    files = sorted(entry.iterdir()) if entry.is_dir() else [entry]
    photos = [path for path in files if path.suffix.lower() in PHOTO_SUFFIXES]
    return sorted(photos, key=lambda path: not path.stem.lower().startswith(_NEUTRAL))
