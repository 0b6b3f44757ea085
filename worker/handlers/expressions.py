"""Drawing an expression set: every image with every target.

Items are numbered images first: item ``i * len(targets) + t`` is image i with target t. An item
is done when its row is there, so whoever comes next draws exactly those that are missing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.expressions.shown import ShownReader
from models.facs import Target, targets_array
from models.generators.paste import drawing_size, paste_back
from models.images import ImageError, ImageLimits, SyntheticMark, decode_image, encode_png
from models.registration import RegistrationError
from models.registration.face import FACE_SIZE, RegisteredFace, RegistrationKind
from models.rig.shown import found_in
from service.artifacts import Artifact
from service.db.blobs import lock_shared
from service.db.tables import ExpressionItem, ExpressionSet, Image
from service.db.types import now
from worker.generators import generator_of
from worker.readers import load_model
from worker.runtime import FaceKey
from worker.threads import share_of_cores
from worker.work import JobFailedError, Work


@dataclass(frozen=True)
class _Photo:
    id: uuid.UUID
    sha256: str
    label: str
    shown: Target | None
    """What the request says that it shows; None where it is to be read."""


@dataclass(frozen=True)
class _Plan:
    """What is to be drawn, read once from the rows."""

    set_id: uuid.UUID
    photos: Sequence[_Photo]
    targets: Sequence[Target]
    generator: str
    registration: RegistrationKind
    output: frozenset[str]
    face: int | None
    seed: int

    def item(self, index: int) -> tuple[_Photo, Target, int]:
        """Photo, target and seed of one item."""
        photo, target = divmod(index, len(self.targets))
        return self.photos[photo], self.targets[target], self.seed + index


@dataclass(frozen=True, eq=False)
class _Drawing:
    """An item as the generator drew it, to be stored."""

    index: int
    face: RegisteredFace
    shown: NDArray[np.float32]
    for_face: NDArray[np.uint8] | None
    for_photo: NDArray[np.uint8] | None


@dataclass(frozen=True)
class _Drawn:
    """A finished item: its PNGs in the store, and what its photo showed."""

    index: int
    found: dict[str, float]
    visibility: dict[str, Any]
    face: Artifact | None
    photo: Artifact | None


def draw_expressions(work: Work) -> None:
    """Draw the missing items in batches; while one is drawn, the one before is stored.

    Raises:
        JobFailedError: a photo can no longer be used.
        LeaseLostError, CancelRequestedError, YieldRequestedError: what is stored stays.
    """
    work.stage("loading")
    with work.database.read() as session:
        plan = _plan(session, work)
        finished = _finished(session, plan.set_id)
    missing = [index for index in range(work.job.total) if index not in finished]
    done = len(finished)
    work.stage("drawing")
    threads = share_of_cores(work.settings.worker_concurrency)
    with ThreadPoolExecutor(threads, thread_name_prefix="store") as pool:
        pending: list[Future[_Drawn]] = []
        try:
            for batch in _batches(missing, work.settings.batch_size):
                work.check()
                drawings = _draw(work, plan, batch)
                done = _keep(work, plan, pending, done)
                pending = [pool.submit(_store, work, plan, item) for item in drawings]
            work.check()
            _keep(work, plan, pending, done)
        finally:
            for future in pending:
                future.cancel()


def _plan(session: Session, work: Work) -> _Plan:
    row = session.get_one(ExpressionSet, work.job.resource_id)
    ids = [uuid.UUID(text) for text in row.image_ids]
    images = {
        image.id: image for image in session.scalars(select(Image).where(Image.id.in_(set(ids))))
    }
    for image_id in ids:
        if image_id not in images or images[image_id].erased_at is not None:
            raise JobFailedError(
                "resource-expired", "The resource has expired", f"Image {image_id} has expired."
            )
    return _Plan(
        set_id=row.id,
        photos=[
            _Photo(
                image_id,
                images[image_id].sha256,
                images[image_id].filename or str(image_id),
                None if source is None else Target.parse(source),
            )
            for image_id, source in zip(ids, row.sources or [None] * len(ids), strict=True)
        ],
        targets=[Target.parse(target) for target in row.targets],
        generator=row.generator,
        registration="2d" if row.registration == "2d" else "3d",
        output=frozenset(row.output),
        face=row.face,
        seed=row.seed,
    )


def _finished(session: Session, set_id: uuid.UUID) -> set[int]:
    query = select(ExpressionItem.index).where(ExpressionItem.set_id == set_id)
    return set(session.scalars(query))


def _batches(indexes: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(indexes), size):
        yield indexes[start : start + size]


def _draw(work: Work, plan: _Plan, batch: Sequence[int]) -> list[_Drawing]:
    """The drawings of a batch, each in the sizes its outputs need, in few calls."""
    photos = [plan.item(index)[0] for index in batch]
    faces = [_register(work, plan, photo) for photo in photos]
    shown = _shown(work, photos, faces)
    sizes = [_sizes(plan, face) for face in faces]
    by_size: dict[tuple[int, int], NDArray[np.uint8]] = {}
    for size in sorted({size for of_item in sizes for size in of_item}):
        chosen = [place for place, of_item in enumerate(sizes) if size in of_item]
        items = [plan.item(batch[place]) for place in chosen]
        with work.timings.stage("draw", len(chosen)):
            drawings = generator_of(work, plan.generator).generate(
                [faces[place] for place in chosen],
                targets_array(target for _, target, _ in items),
                shown[chosen],
                seeds=[seed for _, _, seed in items],
                size=size,
            )
        by_size.update({(place, size): drawings[at] for at, place in enumerate(chosen)})
    return [
        _Drawing(
            index,
            faces[place],
            shown[place],
            by_size[place, FACE_SIZE] if "face" in plan.output else None,
            by_size[place, drawing_size(faces[place])] if "photo" in plan.output else None,
        )
        for place, index in enumerate(batch)
    ]


def _shown(
    work: Work, photos: Sequence[_Photo], faces: Sequence[RegisteredFace]
) -> NDArray[np.float32]:
    """What the photos are said to show, or else found to, (N, 18, 2); each is read once."""
    unread = {
        photo.sha256: face for photo, face in zip(photos, faces, strict=True) if photo.shown is None
    }
    found: dict[str, NDArray[np.float32]] = {}
    if unread:
        reader = ShownReader(load_model(work, "compact").reader)
        with work.timings.stage("shown", len(unread)):
            found = dict(zip(unread, reader.read(list(unread.values())), strict=True))
    return np.stack(
        [found[photo.sha256] if photo.shown is None else photo.shown.array() for photo in photos]
    )


def _sizes(plan: _Plan, face: RegisteredFace) -> frozenset[int]:
    """Sides of the drawings an item needs: a photo is drawn at the photo's own resolution."""
    face_size = {FACE_SIZE} if "face" in plan.output else set()
    return frozenset(face_size | ({drawing_size(face)} if "photo" in plan.output else set()))


def _register(work: Work, plan: _Plan, photo: _Photo) -> RegisteredFace:
    def register() -> RegisteredFace:
        limits = ImageLimits(work.settings.max_image_pixels, work.settings.max_image_side)
        data = work.store.read(photo.sha256)
        try:
            with work.timings.stage("decode"):
                decoded = decode_image(data, limits)
            with work.timings.stage("register"):
                return work.models.registrar.register(
                    decoded.rgb, kind=plan.registration, face=plan.face
                )
        except (ImageError, RegistrationError) as error:
            raise JobFailedError(
                error.code, "The photo cannot be used", f"{photo.label}: {error}"
            ) from error

    return work.models.faces.get(FaceKey(photo.sha256, plan.registration, plan.face), register)


def _store(work: Work, plan: _Plan, drawing: _Drawing) -> _Drawn:
    """Encode and store one item; runs on a thread of the pool."""
    _, target, seed = plan.item(drawing.index)
    mark = SyntheticMark(plan.generator, target.as_dict(), seed)
    face_png = photo_png = None
    if drawing.for_face is not None:
        face_png = _put(work, drawing.for_face, mark)
    if drawing.for_photo is not None:
        with work.timings.stage("paste"):
            photo = paste_back(drawing.face, drawing.for_photo, target.array(), drawing.shown)
        photo_png = _put(work, photo, mark)
    seen = drawing.face.visibility.as_json()
    return _Drawn(drawing.index, found_in(drawing.shown), seen, face_png, photo_png)


def _put(work: Work, image: NDArray[np.uint8], mark: SyntheticMark) -> Artifact:
    with work.timings.stage("encode"):
        png = encode_png(image, mark)
    with work.timings.stage("store"):
        return work.store.put(png)


def _keep(work: Work, plan: _Plan, pending: Sequence[Future[_Drawn]], done: int) -> int:
    """Write down a batch once all of it is stored; returns how many items are done now."""
    if not pending:
        return done
    drawn = [future.result() for future in pending]
    stored = [artifact for item in drawn for artifact in (item.face, item.photo) if artifact]
    with work.database.write() as session:
        lock_shared(session, (artifact.sha256 for artifact in stored))
        for artifact in stored:
            if not artifact.created:
                work.store.size(artifact.sha256)  # raises if it was deleted just before the lock
        work.advance(session, done + len(drawn), len(drawn))
        _insert(session, plan, drawn)
    return done + len(drawn)


def _insert(session: Session, plan: _Plan, drawn: Sequence[_Drawn]) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = []
    for item in drawn:
        photo, target, seed = plan.item(item.index)
        rows.append(
            {
                "set_id": plan.set_id,
                "index": item.index,
                "image_id": photo.id,
                "target": target.as_dict(),
                "found": item.found,
                "visibility": item.visibility,
                "seed": seed,
                "face_sha256": item.face.sha256 if item.face else None,
                "photo_sha256": item.photo.sha256 if item.photo else None,
                "created_at": now(),
            }
        )
    session.execute(insert(ExpressionItem).on_conflict_do_nothing(), rows)
