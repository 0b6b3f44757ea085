"""A drawn face put back into its photo; the same for every generator.

The photo itself is warped along with the expression, at its own resolution, so skin keeps its
grain and hair does not tear. Onto that goes what the drawing shows beyond a mere warp: shading and
folds as a difference, eyes and mouth as they are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from models.generators.base import FloatArray, ImageArray
from models.registration.face import FACE_SIZE, RegisteredFace, View
from models.registration.pyramid import Pyramid
from models.registration.raster import interpolate, rasterise
from models.rig.canvas import Canvas, lay_out, openings
from models.rig.cloth import drawable, kept_still
from models.rig.deform import expressed
from models.rig.glasses import lifted
from models.rig.model import RigModel, rig_model
from models.rig.subject import measure
from models.rig.surround import surround

_LARGEST: Final = 672
"""Drawings for pasting are at most this large: 672 * 672 * 3 channels * 4 B = 5.4 MB."""
_FEATHER: Final = 0.10
"""Canonical units over which a drawing fades in from the outline of the face."""
_UNCHANGED: Final = 1.5
"""Grey levels below which a pixel keeps the photo's own value."""
_SLIGHT: Final = 0.006
"""Canonical units of movement from which eyes and mouth are taken from the drawing."""
_STEPS: Final = 5
"""Pixels of the photo over which the drawing is looked up evenly around eyes and mouth."""


def drawing_size(face: RegisteredFace) -> int:
    """Side of the drawing that matches the photo's resolution of this face, 224 to 672."""
    wanted = FACE_SIZE * face.photo_view.scale / face.view.scale
    return int(np.clip(8 * np.ceil(wanted / 8), FACE_SIZE, _LARGEST))


def paste_back(
    face: RegisteredFace,
    drawing: ImageArray,
    target: FloatArray,
    source: FloatArray | None = None,
) -> ImageArray:
    """Put `drawing` back into the photo it was drawn from.

    Args:
        face: the registered face that was drawn.
        drawing: uint8 (S, S, 3) in the frame of ``face.view``.
        target: (18, 2) intensities 0..5 that it shows.
        source: the same for the photo; neutral when None.

    Returns:
        uint8 (H, W, 3), a new photo; where nothing changed, the pixels of the old one.

    Raises:
        ValueError: the drawing is not square.
    """
    if drawing.ndim != 3 or drawing.shape[0] != drawing.shape[1]:
        raise ValueError(f"a drawing is (S, S, 3), not {drawing.shape}")
    model = rig_model()
    target, source = drawable(face, target), None if source is None else drawable(face, source)
    worn, photo = lifted(face), face.photo
    face = face if worn is None else worn.bare
    subject = measure(model, face)
    dense = subject.dense
    moved = kept_still(subject.held, dense, expressed(model, dense, target, source))
    warped = _warp(model, face, dense, moved)
    change = warped.drawn(_beyond_warp(model, face, dense, moved, drawing))
    blended = warped.colour + change * warped.fade[..., None]
    if warped.opening.any():
        blended += (warped.drawn(drawing) - blended) * warped.opening[..., None]
    old = face.photo[warped.rows, warped.columns]
    differs = np.abs(blended - old).max(axis=2) >= _UNCHANGED
    out = photo.copy()
    out[warped.rows, warped.columns][differs] = np.clip(blended[differs] + 0.5, 0, 255)
    if worn is not None:
        worn.laid_on_photo(out)
    return out


@dataclass(frozen=True, eq=False)
class _Warped:
    """The warped surroundings of the face in the photo.

    Attributes:
        rows, columns: where in the photo, h and w of them.
        colour: float32 (h, w, 3), the photo warped.
        on_drawing: float32 (h, w, 2), x, y on a drawing of 224 pixels; negative beyond the face.
        fade: float32 (h, w), how much of the drawing's shading to use, 0..1.
        opening: float32 (h, w), 1 in eyes and mouth that moved, falling to 0 on the skin around.
    """

    rows: slice
    columns: slice
    colour: FloatArray
    on_drawing: FloatArray
    fade: FloatArray
    opening: FloatArray

    def drawn(self, drawing: ImageArray | FloatArray) -> FloatArray:
        """float32 (h, w, 3): `drawing` (S, S, 3) looked up for every pixel; 0 beyond the face."""
        factor = drawing.shape[0] / FACE_SIZE
        at = ((self.on_drawing + 0.5) * factor - 0.5).astype(np.float32)
        picked = cv2.remap(drawing, at[..., 0], at[..., 1], cv2.INTER_LINEAR)
        return np.asarray(picked, np.float32)


def _warp(model: RigModel, face: RegisteredFace, dense: FloatArray, moved: FloatArray) -> _Warped:
    height, width = face.photo.shape[:2]
    rings = surround()
    before, after = face.photo_view.project(dense), face.photo_view.project(moved)
    placed = rings.place(before[rings.oval])
    ringed = rings.moved(placed, after[rings.oval] - before[rings.oval])
    points = np.concatenate([after, ringed])
    low = np.maximum(np.floor(points[:, :2].min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(points[:, :2].max(axis=0)).astype(int) + 1, (width, height))
    rows, columns = slice(low[1], max(high[1], low[1] + 1)), slice(low[0], max(high[0], low[0] + 1))
    triangles = np.concatenate([model.dense.triangles, rings.triangles + len(dense)])
    shown, barycentric = rasterise(
        points - np.array([low[0], low[1], 0], np.float32),
        triangles,
        rows.stop - rows.start,
        columns.stop - columns.start,
        model.skin_triangles,
    )
    on_drawing = face.view.project(moved)[:, :2]
    attributes = np.column_stack(
        [
            np.concatenate([before, placed])[:, :2],
            np.concatenate([on_drawing, np.zeros((len(placed), 2), np.float32)]),
            np.concatenate([np.clip(model.rim / _FEATHER, 0, 1), np.zeros(len(placed))]),
            np.concatenate([_moved_openings(model, dense, moved), np.zeros(len(placed))]),
        ]
    ).astype(np.float32)
    pixels = interpolate(shown, barycentric, triangles, attributes, empty=np.nan)
    at = np.where(np.isnan(pixels[..., :2]), _grid(rows, columns), pixels[..., :2])
    colour = cv2.remap(
        face.photo, at[..., 0], at[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)
    count = len(model.dense.triangles)
    on_face = (shown >= 0) & (shown < count)
    drawn = np.where(on_face[..., None], pixels[..., 2:4], np.float32(-9))
    opening = np.where(on_face, pixels[..., 5], np.float32(0))
    if opening.any():
        # Lids and lips lie before what they hide, so that looked up from the side a rim has steps.
        soft = cv2.blur(drawn, (_STEPS, _STEPS))
        inside = opening > 0
        drawn[inside] = soft[inside]
    return _Warped(
        rows=rows,
        columns=columns,
        colour=colour,
        on_drawing=drawn,
        fade=np.where(on_face, pixels[..., 4], np.float32(0)),
        opening=opening,
    )


def _moved_openings(model: RigModel, dense: FloatArray, moved: FloatArray) -> FloatArray:
    """float32 (V,): 1 in eyes and mouth whose rims moved, falling to 0 on the skin around."""
    out = np.zeros(len(dense), np.float32)
    for rims, beside in zip(model.openings, model.beside_openings, strict=True):
        ends = [*rims.upper, *rims.lower]
        travel = float(np.abs(moved[ends] - dense[ends]).max())
        out = np.maximum(out, np.clip(travel / _SLIGHT - 0.5, 0, 1) * beside)
    return np.asarray(out, np.float32)


def _grid(rows: slice, columns: slice) -> FloatArray:
    y, x = np.mgrid[rows, columns]
    return np.stack([x, y], axis=-1).astype(np.float32)


def _beyond_warp(
    model: RigModel, face: RegisteredFace, dense: FloatArray, moved: FloatArray, drawing: ImageArray
) -> FloatArray:
    """float32 (S, S, 3): what `drawing` shows beyond the warp; 0 where it is black."""
    size = drawing.shape[0]
    plain = _plain(model, face, dense, moved, face.view.resized(size / FACE_SIZE), size)
    difference = drawing.astype(np.float32) - plain
    difference[~drawing.any(axis=2)] = 0
    return difference


def _plain(
    model: RigModel, face: RegisteredFace, dense: FloatArray, moved: FloatArray,
    view: View, size: int,
) -> FloatArray:  # fmt: skip
    """float32 (size, size, 3): the photo's texture on the moved mesh, nothing else.

    `view` takes the canonical frame to pixels of the result. Sampled as drawings are, so that a
    drawing in which nothing moved differs from it in nothing.
    """
    texture, pyramid = face.photo_view.project(dense)[:, :2], Pyramid(face.photo)

    def plain(canvas: Canvas) -> FloatArray:
        at = canvas.interpolate(texture)
        ratio = face.photo_view.scale / canvas.scale
        picked = pyramid.sample(at, ratio).astype(np.float32)
        picked[canvas.index < 0] = 0
        return picked

    canvas = lay_out(model, moved, view, size)
    out = canvas.reduced(plain(canvas))
    for part in openings(model, dense, moved, view, size):
        out[part.rows, part.columns] = part.part(plain(part))
    return out
