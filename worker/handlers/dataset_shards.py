"""Drawing one stretch of a dataset's images into a pack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.balancing.pixel_check import Sighting, look, sampled
from models.facs import SIDES, SUPPORTED_AUS
from models.images import SyntheticMark, encode_png
from models.packs import write_pack
from models.registration.face import RegisteredFace
from models.registration.poses import pose_view, render_pose
from models.registration.turned import turned_face
from models.rig.shown import shown_expression
from worker.dataset_items import Item, Items
from worker.generators import generator_of
from worker.handlers.datasets import items_of
from worker.shards import check, finish, stretch
from worker.threads import share_of_cores
from worker.work import Work

ImageArray = npt.NDArray[np.uint8]
_FRONTAL = (0.0, 0.0)


def draw_shard(work: Work) -> None:
    """Draw the images of one shard; while a batch is drawn, the one before is encoded.

    Raises:
        JobFailedError: a photo can no longer be used.
        LeaseLostError, CancelRequestedError, YieldRequestedError: the shard is drawn anew later.
    """
    mine = stretch(work)
    if mine.done:
        return
    work.stage("drawing")
    items = items_of(work)
    wanted = set(sampled(mine.start, mine.stop, items.total))
    encoded: dict[int, Future[bytes]] = {}
    seen: dict[int, dict[str, Any] | None] = {}
    share = share_of_cores(work.settings.worker_concurrency)
    with ThreadPoolExecutor(share, thread_name_prefix="encode") as pool:
        try:
            for batch in _batches(items, mine.start, mine.stop, work.settings.batch_size):
                check(work)
                faces = [_posed(items, item) for _, item in batch]
                drawings = _draw(work, [item for _, item in batch], faces)
                for (index, item), face, drawing in zip(batch, faces, drawings, strict=True):
                    encoded[index] = pool.submit(_encode, work, item, drawing)
                    if index in wanted and item.target is not None:
                        seen[index] = _seen(_look(work, item, face, drawing))
            numbers = sorted(encoded)
            pieces = [encoded[index].result() for index in numbers]
        finally:
            for future in encoded.values():
                future.cancel()
    check(work)
    with work.timings.stage("store"):
        artifact = work.store.put(write_pack(numbers, pieces))
    finish(work, artifact, {"sightings": [seen[index] for index in sorted(seen)]})


def _batches(items: Items, start: int, stop: int, size: int) -> Iterator[list[tuple[int, Item]]]:
    """Images of one face come together, so that few faces have to be kept in memory."""
    numbered = list(enumerate(items.stretch(start, stop), start))
    numbered.sort(key=lambda entry: entry[1].source)
    for at in range(0, len(numbered), size):
        yield numbered[at : at + size]


def _posed(items: Items, item: Item) -> RegisteredFace:
    """The face an image is made of, seen in the image's pose.

    In 2D a pose is the head's turn in a picture with what surrounds it, which is aligned then.
    """
    face = items.face(item.source)
    pose = _pose(item)
    if face.kind == "2d":
        return face if pose is None else turned_face(face, *pose)
    return face if pose in (None, _FRONTAL) else replace(face, view=pose_view(*pose))


def _pose(item: Item) -> tuple[float, float] | None:
    """Pitch and yaw, in degrees; None where the pose is the source's own."""
    pitch, yaw = item.row.pitch, item.row.yaw
    return None if pitch is None or yaw is None else (pitch, yaw)


def _draw(
    work: Work, batch: Sequence[Item], faces: Sequence[RegisteredFace]
) -> Sequence[ImageArray]:
    targets = [item.target for item in batch if item.target is not None]
    if not targets:
        return [_real(item, face) for item, face in zip(batch, faces, strict=True)]
    with work.timings.stage("draw", len(batch)):
        return list(
            generator_of(work, batch[0].row.generator).generate(
                faces,
                np.stack(targets),
                np.stack([_shown(item, face) for item, face in zip(batch, faces, strict=True)]),
                seeds=[item.row.seed for item in batch],
            )
        )


def _shown(item: Item, face: RegisteredFace) -> npt.NDArray[np.float32]:
    return shown_expression(face) if item.shown is None else item.shown


def _real(item: Item, face: RegisteredFace) -> ImageArray:
    """A real frame, registered."""
    pose = _pose(item)
    return face.image if face.kind == "2d" or pose in (None, _FRONTAL) else render_pose(face, *pose)


def _encode(work: Work, item: Item, drawing: ImageArray) -> bytes:
    """Runs on a thread of the pool."""
    mark = None
    if item.target is not None:
        mark = SyntheticMark(item.row.generator, item.marked, item.row.seed)
    with work.timings.stage("encode"):
        return encode_png(drawing, mark)


def _look(work: Work, item: Item, face: RegisteredFace, drawing: ImageArray) -> Sighting | None:
    """Find the mesh again in a drawing and in the same face drawn with no AU."""
    nothing = np.zeros((1, len(SUPPORTED_AUS), len(SIDES)), np.float32)
    generator = generator_of(work, item.row.generator)
    with work.timings.stage("pixel check"):
        neutral = generator.generate(
            [face], nothing, _shown(item, face)[None], seeds=[item.row.seed]
        )[0]
        return look(work.models.registrar, drawing, neutral, face.view, item.row.labels)


def _seen(found: Sighting | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "target": [None if np.isnan(value) else round(float(value), 3) for value in found.target],
        "found": [round(float(value), 3) for value in found.found],
    }
