"""``facsimile estimate``: AU intensities of photos and videos, on this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.connecting import Url, connected
from service.cli.drawing import progress_bars
from service.cli.errors import CommandError
from service.cli.writing import replaced
from service.db.ids import parse_id

if TYPE_CHECKING:
    from models.checkpoints import Checkpoint
    from models.estimators.file_reader import FileReader


def estimate(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="IMAGE|VIDEO...", help="Photos and videos, told apart by their bytes."
        ),
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
        list[Path] | None,
        typer.Option(
            help="A photo of the same person with a neutral face, which every face is compared "
            "with: far better than without. Faces that look like somebody else's are not read. "
            "Models of normalised faces take one or several: their mean is what faces are read as "
            "differences from. Without any, a model normalised by mean texture takes the mean of "
            "all frames of the files, which then are of one person."
        ),
    ] = None,
    any_person: Annotated[
        bool, typer.Option("--any-person", help="Do not check that NEUTRAL is the same person.")
    ] = False,
    all_faces: Annotated[
        bool,
        typer.Option("--all-faces", help="A row for every face, and not for one in each frame."),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Stop at the first file that cannot be read, without table."),
    ] = False,
    url: Url = None,
) -> None:
    """Read how strong 18 action units are in every frame.

    Columns as in OpenFace: frame, face_id, timestamp (seconds), confidence,
    success, box, gaze and pose of the face, AU01_r ... (intensity, 0 to 5),
    AU01_c ... (presence). With several files a column `file` leads. Rows with
    success 0 have a reason.

    One face is kept to in a video: the largest when it begins, followed by
    where it is. A file that cannot be read does not end the others; the exit
    status is then 1.

        facsimile estimate interview.mp4 --out aus.csv

        facsimile estimate interview.mp4 --neutral me_neutral.jpg --out aus.csv

        facsimile estimate photos/*.jpg --model my_model.zip
    """
    # Loaded by the command that reads faces.
    from models.checkpoints import CheckpointError
    from models.estimators.mean_face import NoFacesError
    from models.estimators.reader import NoReferenceError
    from models.estimators.readings_table import write_readings
    from models.footage import count_frames
    from service.cli.reading_summary import ReadingSummary

    try:
        reader = _file_reader(model, neutral or [], files, any_person, all_faces, url)
        reader.reader.insist_on_reference()
    except NoReferenceError as error:
        raise CommandError(f"{error} Name a photo by --neutral.") from error
    except (CheckpointError, NoFacesError) as error:
        raise CommandError(str(error)) from error
    counts = {file: count_frames(file) for file in files}
    summary = ReadingSummary(len(files), counts, all_faces)
    with progress_bars() as progress, replaced(out) as unfinished:
        bar = progress.add_task("reading", total=sum(counts[file] for file in files) or None)
        with unfinished.open("w", newline="", encoding="utf-8") as table:
            aus, readings = reader.reader.aus, reader.read(files)
            for reading in write_readings(table, aus, readings, name_files=len(files) > 1):
                summary.add(reading)
                if strict and summary.unreadable:
                    raise CommandError(summary.unreadable[0])
                progress.advance(bar, reading.first)
        if len(summary.unreadable) == len(files):
            raise CommandError("\n".join(summary.complaints()))
    for line in summary.lines():
        typer.echo(line)
    typer.echo(f"Table: {out}")
    if summary.unreadable:
        raise CommandError("\n".join(summary.complaints()))


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


def _file_reader(
    model: str,
    neutral: Sequence[Path],
    files: Sequence[Path],
    any_person: bool,
    all_faces: bool,
    url: str | None,
) -> FileReader:
    from models.assets import AssetError
    from models.estimators.file_reader import FileReader
    from models.estimators.mean_face import mean_face
    from models.estimators.reader import NoComparisonError, Reader
    from models.images import ImageError, decode_image
    from models.normalisation.mean_texture import mean_texture
    from models.registration import RegistrationError, load_registrar

    try:
        registrar = load_registrar()
    except AssetError as error:
        raise CommandError(str(error)) from error
    reader = Reader(load_model(model, url))
    threads = os.cpu_count() or 1
    kind = reader.config.registration
    if not neutral:
        if reader.config.normalisation == "mean-texture" and not reader.compares:
            reader = reader.calibrated(mean_face(registrar, kind, files, threads))
        return FileReader(registrar, reader, all_faces=all_faces, threads=threads)
    if len(neutral) > 1 and reader.config.normalisation == "none":
        raise CommandError("Name one neutral photo; models of normalised faces take several.")
    faces = []
    for photo in neutral:
        try:
            faces.append(registrar.register(decode_image(photo.read_bytes()).rgb, kind=kind))
        except (ImageError, RegistrationError) as error:
            raise CommandError(f"{photo}: {error}") from error
    reference = faces[0].image if len(faces) == 1 else mean_texture(one.image for one in faces)
    try:
        calibrated = reader.calibrated(reference)
    except NoComparisonError as error:
        raise CommandError(f"{neutral[0]}: {error}") from error
    return FileReader(registrar, calibrated, None if any_person else faces[0], all_faces, threads)
