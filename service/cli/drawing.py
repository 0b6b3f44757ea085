"""Having photos drawn by a service, with progress bars, into a folder."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from models.facs import Target
from models.file_names import printable
from service.cli.errors import CommandError
from service.cli.manifest import Drawing, Manifest, write_whole
from service.cli.targets import NamedTarget
from service.client import Client, ClientError, RefusedError
from service.wire.expressions import ExpressionSet, Item
from service.wire.images import Image
from service.wire.jobs import JobState

_OF_THE_FILE: Final = frozenset(
    {
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""Refusals that speak of the photo and not of who sends it."""


@dataclass(frozen=True)
class Photo:
    """A photo that the service has taken."""

    path: Path
    image: Image


@dataclass(frozen=True)
class Drawn:
    """What was drawn, and a sentence for each photo that was not."""

    drawings: list[Drawing]
    skipped: list[str]


def draw_all(
    client: Client,
    images: Sequence[Path],
    targets: Sequence[NamedTarget],
    out: Path,
    options: Mapping[str, Any],
    *,
    shown: Mapping[Path, Target] | None = None,
    subject: str | None = None,
    strict: bool = False,
) -> Drawn:
    """Have every image drawn with every target, with progress bars, into the folder `out`.

    The images are `subject`'s, where one is named.
    A photo that cannot be drawn is skipped, or ends it when `strict`. What is finished is kept even
    when the job fails; when this is interrupted, the job is cancelled. `shown` is what some images
    are said to show; the others are read.

    Raises:
        CommandError: no photo can be drawn, the job failed or was cancelled by somebody else.
        ClientError: the service refused or stopped answering.
    """
    manifest = Manifest(out)
    skipped: list[str] = []
    with progress_bars() as progress:
        photos = []
        for path in progress.track(images, description="uploading"):
            try:
                photos.append(_uploaded(client, path, options.get("face"), subject))
            except CommandError as error:
                if strict:
                    raise
                skipped.append(str(error))
        if not photos:
            told = [f"None of the {len(skipped)} photos can be drawn:"] if skipped[1:] else []
            raise CommandError("\n".join([*told, *skipped]))
        names = [named.name for named in targets]
        stems = manifest.stems([(photo.path, photo.image.sha256) for photo in photos], names)
        said = {
            str(photo.image.id): shown[photo.path].as_dict()
            for photo in photos
            if shown and photo.path in shown
        }
        asked = client.draw(
            [photo.image.id for photo in photos],
            [named.target.as_dict() for named in targets],
            **({"sources": said} if said else {}),
            **options,
        )
        try:
            job = _follow(client, asked, progress)
        except KeyboardInterrupt:
            # Too late to cancel, or nobody there: either way the interruption is what counts.
            with contextlib.suppress(ClientError):
                client.cancel(asked.job.id)
            raise
        finished = client.expressions(asked.id)
        drawings = []
        for item in progress.track(finished.items, description="saving"):
            place, target = divmod(item.index, len(targets))
            drawing = _described(item, photos[place], stems[place], names[target])
            _save(client, item, drawing, out)
            drawings.append(drawing)
        manifest.add(drawings)
    if job.state != "succeeded":
        reason = job.error.detail if job.error else f"The job was {job.state}."
        raise CommandError(f"{reason} {len(drawings)} of {job.total} drawings were saved.")
    return Drawn(drawings, skipped)


def _uploaded(client: Client, path: Path, face: int | None, subject: str | None) -> Photo:
    """Raises: CommandError, naming the file: it is no photo with that face."""
    try:
        image = client.upload(path, subject)
    except OSError as error:
        raise CommandError(f"{printable(path)}: {error.strerror or error}.") from error
    except RefusedError as error:
        if error.status not in _OF_THE_FILE:
            raise
        told = str(error).removeprefix(f"{printable(Path(path.name))}: ")
        raise CommandError(f"{printable(path)}: {told}") from error
    if face is not None and face >= len(image.faces):
        raise CommandError(
            f"{printable(path)}: face {face} was asked for, but the photo shows "
            f"{len(image.faces)}; the largest is face 0."
        )
    return Photo(path, image)


def _follow(client: Client, asked: ExpressionSet, progress: Progress) -> JobState:
    bar = progress.add_task(asked.job.stage, total=asked.job.total)
    job = asked.job
    for job in client.follow(asked.job.id):
        progress.update(bar, completed=job.done, description=job.stage)
    return job


def _described(item: Item, photo: Photo, stem: str, name: str) -> Drawing:
    return Drawing(
        source=printable(photo.path),
        sha256=photo.image.sha256,
        image=stem,
        image_id=str(item.image_id),
        name=name,
        target=item.target,
        found=item.found,
        quality=item.quality,
        warnings=list(item.warnings),
        seed=item.seed,
        face=f"{stem}_{name}_face.png" if item.face_url else None,
        photo=f"{stem}_{name}_photo.png" if item.photo_url else None,
    )


def _save(client: Client, item: Item, drawing: Drawing, out: Path) -> None:
    for name, url in ((drawing.face, item.face_url), (drawing.photo, item.photo_url)):
        if name and url:
            write_whole(out / name, client.download(url))


def progress_bars() -> Progress:
    """Bars on standard error, so that standard output stays for results."""
    return Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
