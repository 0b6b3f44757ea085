"""Glasses: lifted off the photo before a face is drawn, and laid back on where they were.

Rims and dark lenses are rigid; a texture that moves with the skin would bend them. They are found
in the photo: around each eye, the closed line that stands out most sharply, and what is as dark (or
as bright) beside it, across the nose and towards the ears. What lay below is filled from around.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakKeyDictionary

import cv2
import numpy as np
import numpy.typing as npt

from models.registration.canonical import canonical_face
from models.registration.contours import Opening
from models.registration.face import FACE_SIZE, FloatArray, ImageArray, RegisteredFace
from models.registration.pyramid import Pyramid
from models.registration.tone import LUMINANCE

_CHEEKS: Final = (50, 280, 101, 330, 118, 347)
_PER_UNIT: Final = 90
"""Pixels per canonical unit at which glasses are looked for and skin is filled in: a thin rim is
two of them."""
_X: Final = (-1.25, 1.25)
_Y: Final = (-0.55, 0.75)
"""Where glasses may lie, canonical units about the middle between the eyes."""
_TURNS: Final = 72
_RADII: Final = np.linspace(0.20, 0.62, 43)
"""Distances from an eye's middle between which its rim is looked for."""
_STEP: Final = 0.02
"""What a step of one radius costs, in contrast (log)."""
_BROW: Final = 0.04
"""How far above a brow's lower line a rim may run: brows themselves stand out."""
_BAND: Final = 0.062
"""How far from the line the rim's own pixels may lie."""
_THICKEST: Final = 0.16
_CONTRAST: Final = 0.13
"""Log contrast against what is around from which a pixel is the rim's."""
_OF_RIM: Final = 0.45
"""The same as a share of the rim's usual contrast: a brow beside a dark rim is paler."""
_MARGIN: Final = 0.015
_LENS: Final = (0.02, 0.14)
"""How far beyond the line a lens reaches in any case, and where it is dark, at most."""
_DARK: Final = 0.6
"""Log brightness below the skin's from which a pixel is a dark lens's."""
_LEVELS: Final = 45
"""Steps of one unit of log brightness in pictures of 8 bits."""
BoolIndex = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Glasses:
    """Glasses on a face.

    Attributes:
        bare: the same face, its photo without them.
        rows, columns: where in the photo they are.
        share: float32 (h, w) there, 1 on rims and dark lenses, 0 beside and through clear ones.
        own: uint8 (H, W, 3), the photo with them.
    """

    bare: RegisteredFace
    rows: slice
    columns: slice
    share: FloatArray
    own: ImageArray

    def laid_on_photo(self, out: ImageArray) -> None:
        """Lay them back on a photo (H, W, 3) that was drawn without."""
        here = out[self.rows, self.columns].astype(np.float32)
        own = self.own[self.rows, self.columns]
        here += self.share[..., None] * (own - here)
        out[self.rows, self.columns] = (here + np.float32(0.5)).astype(np.uint8)

    def laid_on_drawing(self, drawing: ImageArray) -> ImageArray:
        """A drawing (S, S, 3) in the frame of the face's view, with them laid on."""
        size = drawing.shape[0]
        at = cv2.resize(self.bare.sampling, (size, size), interpolation=cv2.INTER_LINEAR)
        there = np.isfinite(at[..., 0]) & drawing.any(axis=2)
        at = np.where(there[..., None], at, np.float32(-9)).astype(np.float32)
        reduction = self.bare.photo_view.scale / self.bare.view.scale * FACE_SIZE / size
        own = Pyramid(self.own).sample(np.asarray(at, np.float32), reduction).astype(np.float32)
        share = cv2.remap(
            self.share, at[..., 0] - self.columns.start, at[..., 1] - self.rows.start,
            cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT,
        )  # fmt: skip
        share = np.where(there, share, 0)[..., None]
        out = drawing + share * (own - drawing)
        return np.asarray(np.clip(out + np.float32(0.5), 0, 255), np.uint8)


_lifted: WeakKeyDictionary[RegisteredFace, Glasses] = WeakKeyDictionary()
"""What was found, for as long as the face itself is kept."""


def lifted(face: RegisteredFace) -> Glasses | None:
    """The glasses of a face that wears any; a second call returns what the first found."""
    warnings = face.visibility.warnings
    if "glasses" not in warnings and "eyes-hidden" not in warnings:
        return None
    if face not in _lifted:
        _lifted[face] = _lift(face, dark="eyes-hidden" in warnings)
    return _lifted[face]


def _lift(face: RegisteredFace, *, dark: bool) -> Glasses:
    """Look for them in an upright patch around the eyes, as the head is turned in the photo."""
    points = face.photo_view.project(face.mesh)[:, :2]
    topology = canonical_face()
    corners = [points[[eye.upper[0], eye.upper[-1]]] for eye in _eyes()]
    right, left = (pair.mean(axis=0) for pair in corners)
    apart = max(float(np.linalg.norm(left - right)), 1.0)
    along = (left - right) / apart
    axes = np.stack([along, [-along[1], along[0]]]) * apart / _PER_UNIT  # rows: right, down
    shape = (round((_Y[1] - _Y[0]) * _PER_UNIT), round((_X[1] - _X[0]) * _PER_UNIT))
    corner = (right + left) / 2 + np.array([_X[0], _Y[0]]) * _PER_UNIT @ axes
    to_photo = np.column_stack([axes.T, corner])
    warped = cv2.warpAffine(
        face.photo, to_photo, shape[::-1], flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    patch = np.asarray(warped, np.uint8)
    on_patch = ((points - corner) @ np.linalg.inv(axes)).astype(np.float32)
    brows = (topology.right_brow, topology.left_brow)
    lines = [
        _rim(patch, on_patch, eye, None if dark else brow)
        for eye, brow in zip(_eyes(), brows, strict=True)
    ]
    mask = _rims(patch, lines)
    if dark:
        mask |= _lenses(patch, on_patch, lines)
    wide = cv2.dilate(mask, _disc(2 * _MARGIN))
    filled = cv2.inpaint(patch, wide, 4, cv2.INPAINT_TELEA)
    soft = cv2.GaussianBlur(wide, (0, 0), 0.7).astype(np.float32) / 255
    rows, columns = _bounds(to_photo, shape, face.photo.shape)
    back = to_photo - [[0, 0, columns.start], [0, 0, rows.start]]
    size = (columns.stop - columns.start, rows.stop - rows.start)
    share = cv2.warpAffine(soft, back, size, flags=cv2.INTER_LINEAR)
    skin = cv2.warpAffine(filled, back, size, flags=cv2.INTER_CUBIC).astype(np.float32)
    bare = face.photo.copy()
    here = bare[rows, columns].astype(np.float32)
    bare[rows, columns] = (here + share[..., None] * (skin - here) + np.float32(0.5)).astype(
        np.uint8
    )
    return Glasses(
        replace(face, photo=bare), rows, columns, np.asarray(share, np.float32), face.photo
    )


def _eyes() -> tuple[Opening, Opening]:
    return canonical_face().right_eye, canonical_face().left_eye


def _disc(diameter: float) -> ImageArray:
    """A round structuring element, `diameter` in canonical units."""
    side = max(1, round(diameter * _PER_UNIT)) | 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _log(patch: ImageArray) -> FloatArray:
    return np.asarray(np.log(np.maximum(patch @ LUMINANCE, 6)), np.float32)


def _rim(patch: ImageArray, points: FloatArray, eye: Opening, brow: Opening | None) -> FloatArray:
    """Pixels x, y (T, 2) of the sharpest closed line around an eye, which is below its brow."""
    middle = points[[eye.upper[0], eye.upper[-1]]].mean(axis=0)
    turns = np.linspace(0, 2 * np.pi, _TURNS, endpoint=False)
    away = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    at = (middle + _PER_UNIT * _RADII[None, :, None] * away[:, None]).astype(np.float32)
    log = cv2.remap(
        _log(patch), at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    log = cv2.blur(log, (1, 3))
    stands = np.abs(cv2.blur(log, (3, 1)) - cv2.blur(log, (13, 1)))
    if brow is not None:
        lower = points[list(brow.lower)]
        order = np.argsort(lower[:, 0])
        limit = np.interp(at[..., 0], lower[order, 0], lower[order, 1]) - _BROW * _PER_UNIT
        below_brow = (at[..., 0] > lower[:, 0].min()) & (at[..., 0] < lower[:, 0].max())
        stands[below_brow & (at[..., 1] < limit)] = 0
    path = _closed(stands.astype(np.float64))
    return np.asarray(at[np.arange(_TURNS), path], np.float32)


def _closed(score: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """For each row (T, R) a column: large scores in sum, small steps between neighbours.

    The path goes around three times and the middle one is kept, so that its ends meet.
    """
    count, columns = score.shape
    price = _STEP * np.abs(np.arange(columns)[:, None] - np.arange(columns)[None])
    total, back = score[0].copy(), []
    for row in np.concatenate([score[1:], score, score]):
        routes = total[None] - price  # to, from
        back.append(routes.argmax(axis=1))
        total = routes.max(axis=1) + row
    column = int(total.argmax())
    path = [column]
    for choice in reversed(back):
        column = int(choice[column])
        path.append(column)
    return np.array(path[::-1][count : 2 * count], np.intp)


def _rims(patch: ImageArray, lines: list[FloatArray]) -> ImageArray:
    """255 on the rims' own pixels, the bar's and the sides'."""
    grey = np.clip(_log(patch) * _LEVELS, 0, 255).astype(np.uint8)
    disc = _disc(_THICKEST)
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, disc)
    bright = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, disc)
    near = np.zeros(grey.shape, np.uint8)
    for line in lines:
        cv2.polylines(
            near, [np.round(line).astype(np.int32)], True, 255, round(2 * _BAND * _PER_UNIT)
        )
    on_lines = near > 0
    metal = float(bright[on_lines].mean()) > float(dark[on_lines].mean())
    right, left = lines
    height = (float(right[:, 1].mean()) + float(left[:, 1].mean())) / 2
    reach = round(0.17 * _PER_UNIT)
    level = slice(max(0, round(height) - reach), round(height) + round(0.08 * _PER_UNIT))
    near[level, round(float(right[:, 0].max())) : round(float(left[:, 0].min()))] = 255
    near[level, : max(0, round(float(right[:, 0].min())))] = 255
    near[level, round(float(left[:, 0].max())) :] = 255
    contrast = bright if metal else dark
    widest = cv2.dilate(contrast, _disc(_BAND))
    usual = [float(np.median(widest[_inside(line, grey.shape)])) for line in lines]
    least = max(_LEVELS * _CONTRAST, _OF_RIM * min(usual))
    return np.asarray(((near > 0) & (contrast > least)) * 255, np.uint8)


def _inside(line: FloatArray, shape: tuple[int, ...]) -> tuple[BoolIndex, BoolIndex]:
    """Rows and columns of the pixels of a line, for indexing."""
    at = np.round(line).astype(np.intp)
    return np.clip(at[:, 1], 0, shape[0] - 1), np.clip(at[:, 0], 0, shape[1] - 1)


def _lenses(patch: ImageArray, points: FloatArray, lines: list[FloatArray]) -> ImageArray:
    """255 on dark lenses."""
    out = np.zeros(patch.shape[:2], np.uint8)
    for line in lines:
        cv2.fillPoly(out, [np.round(line).astype(np.int32)], 255)
    log = _log(patch)
    skin = float(np.median(log[_inside(points[list(_CHEEKS)], log.shape)]))
    around = cv2.dilate(out, _disc(2 * _LENS[1])) > 0
    lens = np.asarray(cv2.dilate(out, _disc(2 * _LENS[0])), np.uint8)
    lens[(log < skin - _DARK) & around] = 255
    return lens


def _bounds(
    to_photo: npt.NDArray[np.float64], shape: tuple[int, int], photo: tuple[int, ...]
) -> tuple[slice, slice]:
    """Rows and columns of the photo that the patch covers."""
    height, width = shape
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]])
    at = corners @ to_photo[:, :2].T + to_photo[:, 2]
    low = np.clip(np.floor(at.min(axis=0)).astype(int), 0, np.array(photo[1::-1]) - 1)
    high = np.clip(np.ceil(at.max(axis=0)).astype(int) + 1, low + 1, photo[1::-1])
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
