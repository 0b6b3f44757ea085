"""Having photos drawn by a service, with progress bars, into a folder."""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from service.cli.errors import CommandError
from service.cli.targets import NamedTarget
from service.client import Client, ClientError
from service.wire.expressions import ExpressionSet, Item
from service.wire.jobs import JobState

MANIFEST: Final = "expressions.json"
"""What lies in the output folder beside the pictures: which file shows what."""


@dataclass(frozen=True)
class Drawing:
    """One entry of the manifest; `face` and `photo` are file names in the output folder."""

    image: str
    image_id: str
    name: str
    target: dict[str, float]
    found: dict[str, float] | None
    seed: int
    face: str | None
    photo: str | None


def draw_all(
    client: Client,
    images: Sequence[Path],
    targets: Sequence[NamedTarget],
    out: Path,
    options: Mapping[str, object],
) -> list[Drawing]:
    """Have every image drawn with every target, with progress bars, into the folder `out`.

    What is finished is kept even when the job fails; when this is interrupted, the job is
    cancelled.

    Raises:
        CommandError: the job failed or was cancelled by somebody else.
        ClientError: the service refused or stopped answering.
    """
    stems = _stems(images)
    with progress_bars() as progress:
        ids = []
        for image in progress.track(images, description="uploading"):
            ids.append(client.upload(image).id)
        asked = client.draw(ids, [named.target.as_dict() for named in targets], **options)
        try:
            job = _follow(client, asked, progress)
        except KeyboardInterrupt:
            # Too late to cancel, or nobody there: either way the interruption is what counts.
            with contextlib.suppress(ClientError):
                client.cancel(asked.job.id)
            raise
        finished = client.expressions(asked.id)
        names = [(stem, named) for stem in stems for named in targets]
        drawings = [
            _save(client, item, *names[item.index], out)
            for item in progress.track(finished.items, description="saving")
        ]
        records = [vars(drawing) for drawing in drawings]
        _write(out / MANIFEST, json.dumps(records, indent=2).encode() + b"\n")
    if job.state != "succeeded":
        reason = job.error.detail if job.error else f"The job was {job.state}."
        raise CommandError(f"{reason} {len(drawings)} of {job.total} drawings were saved.")
    return drawings


def _follow(client: Client, asked: ExpressionSet, progress: Progress) -> JobState:
    bar = progress.add_task(asked.job.stage, total=asked.job.total)
    job = asked.job
    for job in client.follow(asked.job.id):
        progress.update(bar, completed=job.done, description=job.stage)
    return job


def _save(client: Client, item: Item, stem: str, named: NamedTarget, out: Path) -> Drawing:
    files: dict[str, str | None] = {"face": None, "photo": None}
    for kind, url in (("face", item.face_url), ("photo", item.photo_url)):
        if url is not None:
            files[kind] = f"{stem}_{named.name}_{kind}.png"
            _write(out / f"{files[kind]}", client.download(url))
    return Drawing(
        image=stem,
        image_id=str(item.image_id),
        name=named.name,
        target=item.target,
        found=item.found,
        seed=item.seed,
        face=files["face"],
        photo=files["photo"],
    )


def _write(path: Path, content: bytes) -> None:
    """Write a whole file or none."""
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _stems(images: Sequence[Path]) -> list[str]:
    """A name for each image's files; images of the same name are numbered."""
    stems: list[str] = []
    for image in images:
        stem, number = image.stem, 1
        while stem in stems:
            number += 1
            stem = f"{image.stem}-{number}"
        stems.append(stem)
    return stems


def progress_bars() -> Progress:
    """Bars on standard error, so that standard output stays for results."""
    return Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
