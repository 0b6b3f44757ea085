"""A photo's face, seen through its mesh, drawn from another view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from models.registration.canonical import canonical_face
from models.registration.face import FloatArray, ImageArray, View
from models.registration.pyramid import Pyramid
from models.registration.raster import interpolate, rasterise

_FINER: Final = 2
"""Drawings are made this many times as large and averaged down: smooth rims, no aliasing."""
_DEPTH_CELLS: Final = 40.0
"""Cells of the photo's depth map per canonical unit, about 90 across the face."""
_HIDDEN_BEHIND: Final = 0.12
"""Depth, in canonical units, by which a nearer surface must lie in front to hide a point. Folds
of lips and nostrils are shallower, a nose in front of a cheek is not."""
_GRAZING: Final = 0.06
"""Cosine to the line of sight below which the photo shows a surface only as a smear."""
_SPECK: Final = 7
"""Finer pixels; what is hidden or seen in a patch narrower than this follows its surroundings."""
_ENLARGED: Final = 0.75
"""Photo pixels per drawn pixel below which cubic interpolation is worth its time."""


Box = tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class Drawing:
    """A face drawn from a photo.

    Attributes:
        image: uint8 (S, S, 3) RGB; black where the photo does not show the face.
        sampling: float32 (S, S, 2), photo x, y of each pixel; NaN where `image` is black.
    """

    image: ImageArray
    sampling: FloatArray


def draw(pyramid: Pyramid, mesh: FloatArray, photo_view: View, view: View, size: int) -> Drawing:
    """Draw the face of a photo as `view` shows it.

    Args:
        pyramid: of the photo.
        mesh: (468, 3), the person's mesh in the canonical frame.
        photo_view: canonical frame -> photo pixels.
        view: canonical frame -> pixels of the drawing.
        size: side of the drawing in pixels.
    """
    in_photo = photo_view.project(mesh)
    fine_view = view.resized(_FINER)
    drawn = fine_view.project(mesh)
    box = _box(drawn, size)
    source, covered = _trace(drawn, in_photo, box)
    hidden = ~(covered & _seen(source, in_photo, photo_view.scale, pyramid))
    seen = covered & ~_without_specks(hidden)
    colour = _sample(pyramid, source[..., :2], photo_view.scale / fine_view.scale)
    return _reduce(colour, source[..., :2], seen, box, size)


def _box(drawn: FloatArray, size: int) -> Box:
    """The rows and columns of the drawing that the face can reach."""
    low = np.clip(np.floor(drawn[:, :2].min(0) / _FINER), 0, size - 1)
    high = np.clip(np.ceil(drawn[:, :2].max(0) / _FINER) + 1, low + 1, size)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _trace(
    drawn: FloatArray, in_photo: FloatArray, box: Box
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """What each finer pixel of `box` shows: photo x, y, depth and facing, and whether anything."""
    triangles = canonical_face().all_triangles
    rows, columns = box
    corner = np.array([columns.start, rows.start, 0], np.float32) * _FINER
    height, width = (_FINER * (side.stop - side.start) for side in box)
    index, barycentric = rasterise(drawn - corner, triangles, height, width)
    attributes = np.column_stack([in_photo, _facing(in_photo)])
    return interpolate(index, barycentric, triangles, attributes), index >= 0


def _without_specks(hidden: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """`hidden` without slivers, and without specks of the seen in it.

    A sliver of hidden skin, as behind a nose tip seen from a little above, differs hardly from
    the skin beside it; black there would be a blemish, not information.
    """
    framed = cv2.copyMakeBorder(
        hidden.astype(np.uint8), _SPECK, _SPECK, _SPECK, _SPECK, cv2.BORDER_CONSTANT, value=[1]
    )
    brush = np.ones((_SPECK, _SPECK), np.uint8)
    opened = cv2.morphologyEx(framed, cv2.MORPH_OPEN, brush)
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, brush)
    return np.asarray(closed[_SPECK:-_SPECK, _SPECK:-_SPECK] > 0, np.bool_)


def _facing(in_photo: FloatArray) -> FloatArray:
    """float32 (468,): cosine between each vertex's smoothed normal and the line of sight."""
    triangles = canonical_face().all_triangles
    a, b, c = (in_photo[triangles[:, corner]].astype(np.float64) for corner in range(3))
    normals = np.cross(b - a, c - a)
    summed = np.zeros((len(in_photo), 3))
    for corner in range(3):
        np.add.at(summed, triangles[:, corner], normals)
    length = np.maximum(np.linalg.norm(summed, axis=1), 1e-12)
    return np.asarray(-summed[:, 2] / length, np.float32)


def _seen(
    source: FloatArray, in_photo: FloatArray, scale: float, pyramid: Pyramid
) -> npt.NDArray[np.bool_]:
    """Which points the photo shows: inside it, turned to the camera, and nothing in front.

    `source` is (H, W, 4): photo x, y, depth and facing.
    """
    x, y, depth, facing = np.moveaxis(source, -1, 0)
    front = _front_depth(in_photo, scale, source)
    inside = (x >= -0.5) & (x <= pyramid.width - 0.5) & (y >= -0.5) & (y <= pyramid.height - 0.5)
    return np.asarray(
        inside & (facing > _GRAZING) & (depth <= front + _HIDDEN_BEHIND * scale), np.bool_
    )


def _front_depth(in_photo: FloatArray, scale: float, source: FloatArray) -> FloatArray:
    """float32 (H, W): depth of the nearest surface at the photo position of each point."""
    cells = _DEPTH_CELLS / scale
    corner = in_photo[:, :2].min(0) - 1 / cells
    height, width = (
        int(extent) for extent in np.ceil((np.ptp(in_photo[:, 1::-1], axis=0)) * cells) + 3
    )
    in_cells = in_photo.copy()
    in_cells[:, :2] = (in_photo[:, :2] - corner) * cells
    triangles = canonical_face().all_triangles
    index, barycentric = rasterise(in_cells, triangles, height, width)
    depth = interpolate(index, barycentric, triangles, in_photo[:, 2:], empty=np.inf)[..., 0]
    at = (source[..., :2] - corner) * np.float32(cells)
    return np.asarray(
        cv2.remap(
            depth,
            at[..., 0],
            at[..., 1],
            cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=[np.inf],
        ),
        np.float32,
    )


def _sample(pyramid: Pyramid, at: FloatArray, ratio: float) -> ImageArray:
    """uint8 (H, W, 3): the photo at x, y `at`, with `ratio` photo pixels to a drawn pixel.

    Bilinear taps on a level less than twice as fine as the drawing, averaged two by two
    afterwards, leave no photo pixel between them.
    """
    level = pyramid.level(ratio)
    to_level = pyramid.level_affine(level)
    scale, offset = np.diag(to_level[:, :2]).astype(np.float32), to_level[:, 2].astype(np.float32)
    x, y = (at[..., axis] * scale[axis] + offset[axis] for axis in (0, 1))
    kind = cv2.INTER_CUBIC if ratio < _ENLARGED else cv2.INTER_LINEAR
    return np.asarray(cv2.remap(level, x, y, kind, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _reduce(
    colour: ImageArray, at: FloatArray, seen: npt.NDArray[np.bool_], box: Box, size: int
) -> Drawing:
    """Average the finer drawing over what is seen of each pixel; the rest of it is black."""
    image = np.zeros((size, size, 3), np.uint8)
    sampling = np.full((size, size, 2), np.nan, np.float32)
    colour[~seen] = 0
    at = np.ascontiguousarray(at)
    at[~seen] = 0
    coverage = _halve(seen.astype(np.float32))
    with np.errstate(invalid="ignore"):
        sampling[box] = _halve(at) / coverage[..., None]
    image[box] = _halve(colour)
    return Drawing(image, sampling)


def _halve(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    height, width = values.shape[:2]
    return cv2.resize(values, (width // _FINER, height // _FINER), interpolation=cv2.INTER_AREA)
