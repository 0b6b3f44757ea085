"""``facsimile estimate``: AU intensities of photos and videos, on this machine."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, TaskID

from service.cli.connecting import Url, connected
from service.cli.drawing import progress_bars
from service.cli.errors import CommandError
from service.db.ids import parse_id

if TYPE_CHECKING:
    from models.checkpoints import Checkpoint
    from models.estimators.streaming import FrameReader


def estimate(
    files: Annotated[
        list[Path], typer.Argument(metavar="IMAGE|VIDEO...", help="Photos and videos.")
    ],
    model: Annotated[
        str,
        typer.Option(
            help="compact; a checkpoint's folder or zip; or the id of a model of the service at "
            "--url."
        ),
    ] = "compact",
    out: Annotated[Path, typer.Option(help="CSV file to write.")] = Path("aus.csv"),
    neutral: Annotated[
        Path | None,
        typer.Option(
            help="A photo of the same person with a neutral face, which every face is compared "
            "with: far better than without."
        ),
    ] = None,
    any_person: Annotated[
        bool, typer.Option("--any-person", help="Do not check that NEUTRAL is the same person.")
    ] = False,
    url: Url = None,
) -> None:
    """Read how strong 18 action units are in every frame.

    Columns as in OpenFace: frame, success, AU01_r ... (intensity, 0 to 5), AU01_c ... (presence).
    With several files a column `file` leads. Videos are streamed, so their length does not matter.

        facsimile estimate interview.mp4 --out aus.csv

        facsimile estimate interview.mp4 --neutral me_neutral.jpg --out aus.csv

        facsimile estimate photos/*.jpg --model my_model.zip
    """
    # Loaded by the command that reads faces.
    from models.checkpoints import CheckpointError
    from models.estimators.same_person import OtherPersonError
    from models.estimators.streaming import VideoError, count_frames, write_csv
    from models.images import ImageError

    for file in files:
        if not file.is_file():
            raise CommandError(f"{file} is not a file.")
    try:
        reader = _frame_reader(model, neutral, any_person, url)
        with progress_bars() as progress, _written(out) as unfinished:
            total = sum(count_frames(file) for file in files)
            bar = progress.add_task("reading", total=total or None)
            with unfinished.open("w", newline="") as table:
                count, found = write_csv(
                    table,
                    reader.reader.aus,
                    reader.read(files),
                    name_files=len(files) > 1,
                    progress=_advance(progress, bar),
                )
    except (CheckpointError, ImageError, OtherPersonError, VideoError) as error:
        raise CommandError(str(error)) from error
    typer.echo(f"{count} frames, {found} of them with a face, in {out}")


def load_model(name: str, url: str | None) -> Checkpoint:
    """The checkpoint that a command names.

    Raises:
        CommandError: there is none such.
        CheckpointError, ClientError: it cannot be used, or the service refuses.
    """
    from models.assets import AssetError
    from models.checkpoint_zip import unzipped
    from models.checkpoints import read_checkpoint
    from models.estimators.shipped import shipped_checkpoint, shipped_estimators

    if name in shipped_estimators():
        try:
            return shipped_checkpoint(name)
        except AssetError as error:
            raise CommandError(str(error)) from error
    path = Path(name)
    if path.is_dir():
        return read_checkpoint(path)
    if path.is_file():
        return unzipped(path.read_bytes())
    if parse_id(name) is None:
        raise CommandError(
            f"There is no model {name!r}: name {', '.join(shipped_estimators())}, a folder, a zip "
            "file, or the id of a model."
        )
    with connected(url, None) as client:
        return unzipped(client.download(f"/v1/models/{name}/download"))


def _frame_reader(
    model: str, neutral: Path | None, any_person: bool, url: str | None
) -> FrameReader:
    from models.assets import AssetError
    from models.estimators.reader import NoComparisonError, Reader
    from models.estimators.streaming import FrameReader
    from models.images import decode_image
    from models.registration import RegistrationError, load_registrar

    try:
        registrar = load_registrar()
    except AssetError as error:
        raise CommandError(str(error)) from error
    reader = Reader(load_model(model, url))
    threads = os.cpu_count() or 1
    if neutral is None:
        return FrameReader(registrar, reader, threads=threads)
    try:
        face = registrar.register(
            decode_image(neutral.read_bytes()).rgb, kind=reader.config.registration
        )
        calibrated = reader.calibrated(face.image)
    except (RegistrationError, NoComparisonError) as error:
        raise CommandError(f"{neutral}: {error}") from error
    return FrameReader(registrar, calibrated, None if any_person else face, threads)


@contextlib.contextmanager
def _written(out: Path) -> Iterator[Path]:
    """A file to write that becomes `out` when the block ends well, and is gone when not."""
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(f".{out.name}.{uuid.uuid4().hex}")
    try:
        yield unfinished
        os.replace(unfinished, out)
    finally:
        unfinished.unlink(missing_ok=True)


def _advance(progress: Progress, bar: TaskID) -> Callable[[], None]:
    return lambda: progress.advance(bar)
