"""A photo's face, seen through its mesh, drawn from another view."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from models.registration.canonical import canonical_face
from models.registration.face import FloatArray, ImageArray, View
from models.registration.pyramid import Pyramid
from models.registration.raster import depth_map, interpolate, rasterise

_FINER: Final = 2
"""Drawings are made this many times as large and averaged down: smooth rims, no aliasing."""
_DEPTH_CELLS: Final = 80.0
"""Cells of the photo's depth map per canonical unit, about 180 across the face."""
_HIDDEN_BEHIND: Final = 0.12
"""Depth, in canonical units, by which a nearer surface must lie in front to hide a point. Folds
of lips and nostrils are shallower, a nose in front of a cheek is not."""
_GRAZING: Final = 0.06
"""Cosine to the line of sight below which the photo shows a surface only as a smear."""
_GRAZING_AT_RIM: Final = 0.09
_GRAZING_TURNED: Final = 0.2
"""What is added to it at the face's sides, where meshes reach a little beyond the cheek's outline
and into what lies behind: always, and for each unit of the sine of the head's turn."""
_SIDES: Final = (0.55, 0.85)
"""Where the sides begin and where they count in full, in canonical units from the middle."""
_SPECK: Final = 9
"""Side, in finer pixels, of the neighbourhood that decides what counts as hidden."""
_ENLARGED: Final = 0.75
"""Photo pixels per drawn pixel below which cubic interpolation is worth its time."""


Box = tuple[slice, slice]
IndexArray = npt.NDArray[np.int32]
MaskArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Drawing:
    """A face drawn from a photo.

    Attributes:
        image: uint8 (S, S, 3) RGB; black where the photo does not show the face.
        sampling: float32 (S, S, 2), photo x, y of each pixel; NaN where `image` is black.
    """

    image: ImageArray
    sampling: FloatArray


@dataclass(frozen=True, eq=False)
class _Canvas:
    """The part of the finer drawing that the face can reach, and what each pixel shows.

    Attributes:
        box: the same part of the drawing itself.
        index, barycentric: as `rasterise` returns them, for the finer drawing.
    """

    box: Box
    index: IndexArray
    barycentric: FloatArray

    def interpolate(self, attributes: FloatArray) -> FloatArray:
        """Vertex attributes (468, C) at every finer pixel; 0 where there is no face."""
        triangles = canonical_face().all_triangles
        return interpolate(self.index, self.barycentric, triangles, attributes)


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
    canvas = _canvas(fine_view.project(mesh), size)
    ratio = photo_view.scale / fine_view.scale
    # Bilinear taps on a level less than twice as fine as the drawing, averaged two by two
    # afterwards, leave no photo pixel between them.
    level = pyramid.level(ratio)
    to_level = pyramid.level_affine(level)
    at = canvas.interpolate(
        np.asarray(in_photo[:, :2] @ to_level[:, :2].T + to_level[:, 2], np.float32)
    )
    height, width = level.shape[:2]
    inside = cv2.inRange(at, np.array([-0.5, -0.5]), np.array([width - 0.5, height - 0.5])) > 0
    covered = canvas.index >= 0
    seen = _majority(inside & _turned_to_camera(canvas, in_photo, photo_view), covered)
    kind = cv2.INTER_CUBIC if ratio < _ENLARGED else cv2.INTER_LINEAR
    colour = cv2.remap(level, at, None, kind, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    return _reduce(colour, at, seen, canvas.box, size, to_level)


def _canvas(drawn: FloatArray, size: int) -> _Canvas:
    """Raster a mesh, in pixels of the finer drawing, over the part of it that it can reach."""
    low = np.clip(np.floor(drawn[:, :2].min(0) / _FINER), 0, size - 1).astype(int)
    high = np.clip(np.ceil(drawn[:, :2].max(0) / _FINER) + 1, low + 1, size).astype(int)
    corner = np.array([*low, 0], np.float32) * _FINER
    width, height = (high - low) * _FINER
    triangles = canonical_face().all_triangles
    index, barycentric = rasterise(drawn - corner, triangles, int(height), int(width))
    return _Canvas((slice(low[1], high[1]), slice(low[0], high[0])), index, barycentric)


def _turned_to_camera(canvas: _Canvas, in_photo: FloatArray, photo_view: View) -> MaskArray:
    """Which finer pixels show skin that faces the photo's camera and has nothing in front."""
    scale = photo_view.scale
    margin = _facing(in_photo) - _least_facing(photo_view)
    depth, clear = np.moveaxis(canvas.interpolate(np.column_stack([in_photo[:, 2], margin])), -1, 0)
    cells = _DEPTH_CELLS / scale
    corner = in_photo[:, :2].min(0) - 1 / cells
    in_cells = np.column_stack([(in_photo[:, :2] - corner) * cells, in_photo[:, 2]])
    width, height = np.ceil(in_cells[:, :2].max(0)).astype(int) + 2
    triangles = canonical_face().all_triangles
    # A cell's neighbours may be in front of it by mere rounding; only what is in front in all of
    # them hides a point. Beside the head's outline nothing is, and facing alone decides.
    front = cv2.dilate(
        depth_map(np.asarray(in_cells, np.float32), triangles, int(height), int(width)),
        np.ones((3, 3), np.uint8),
    )
    in_front = cv2.remap(  # type: ignore[call-overload]
        front,
        canvas.interpolate(np.asarray(in_cells[:, :2], np.float32)),
        None,
        cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray((clear > 0) & (depth <= in_front + _HIDDEN_BEHIND * scale), np.bool_)


def _least_facing(photo_view: View) -> FloatArray:
    """float32 (468,): the least cosine to the line of sight at which each vertex counts as seen."""
    first, full = _SIDES
    aside = np.clip((np.abs(canonical_face().mesh[:, 0]) - first) / (full - first), 0, 1)
    ahead = min(1.0, float(photo_view.matrix[2, 2]) / photo_view.scale)  # cosine of the turn
    at_rim = _GRAZING_AT_RIM + _GRAZING_TURNED * math.sqrt(1 - ahead**2)
    return np.asarray(_GRAZING + aside * at_rim, np.float32)


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


def _majority(seen: MaskArray, covered: MaskArray) -> MaskArray:
    """Each covered pixel follows the majority of the covered pixels around it.

    A sliver of hidden skin, as behind a nose tip seen from a little above, differs hardly from
    the skin beside it; black there would be a blemish, not information. Rims become smooth.
    """
    around = (_SPECK, _SPECK)
    votes = cv2.boxFilter((seen & covered).astype(np.float32), -1, around, normalize=False)
    voters = cv2.boxFilter(covered.astype(np.float32), -1, around, normalize=False)
    return np.asarray(covered & (2 * votes >= voters), np.bool_)


def _reduce(
    colour: npt.NDArray[Any],
    at: FloatArray,
    seen: MaskArray,
    box: Box,
    size: int,
    to_level: npt.NDArray[np.float64],
) -> Drawing:
    """Average the finer drawing over what is seen of each pixel; the rest of it is black."""
    image = np.zeros((size, size, 3), np.uint8)
    sampling = np.full((size, size, 2), np.nan, np.float32)
    mask = seen.astype(np.uint8)
    coverage = _halve(mask.astype(np.float32))
    with np.errstate(invalid="ignore"):
        in_level = _halve(cv2.copyTo(at, mask)) / coverage[..., None]
    sampling[box] = (in_level - to_level[:, 2]) / np.diag(to_level[:, :2])
    image[box] = _halve(cv2.copyTo(colour, mask))
    return Drawing(image, sampling)


def _halve(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    height, width = values.shape[:2]
    return cv2.resize(values, (width // _FINER, height // _FINER), interpolation=cv2.INTER_AREA)
