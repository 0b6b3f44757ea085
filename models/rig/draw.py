"""One registered face, re-drawn with other AUs, in any view of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.facs import SUPPORTED_AUS
from models.registration.face import FloatArray, ImageArray, View
from models.registration.pyramid import Pyramid
from models.rig import shut_lips
from models.rig.appearance import enlarged, enlarged_coordinates
from models.rig.canvas import Canvas, openings
from models.rig.cloth import kept_still
from models.rig.deform import at_rest, displaced, gains
from models.rig.eyeball import uncovered
from models.rig.eyes import lash_line, lid_shadow, uncovering
from models.rig.folds import folds
from models.rig.lids import carried
from models.rig.light import brightness_ratio, vertex_normals
from models.rig.model import RigModel
from models.rig.mouth import MouthState, draw_interior
from models.rig.subject import Subject

_TINT: Final = np.array([0.85, 1.05, 1.10], np.float32)
"""Log ratio per channel: shadows on skin are redder than the skin."""
CHIN: Final = 152
"""The mesh vertex at the lowest point of the chin."""
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Expression:
    """A subject's mesh with AUs on it.

    Attributes:
        rest, moved: float32 (V, 3), canonical, the face without any AU and with the drawn ones.
        shading: float32 (V,), brightness over the neutral face's.
        appearance: float32 (H, W), log ratio on the map of `appearance.map_grid`.
        closing: float32 (2,), how far the subject's left and right eye are closed, 0..1.
    """

    rest: FloatArray
    moved: FloatArray
    shading: FloatArray
    appearance: FloatArray
    closing: FloatArray


def express(
    model: RigModel, subject: Subject, target: FloatArray, source: FloatArray | None
) -> Expression:
    """Put AU intensities `target` (18, 2) on a subject who shows `source` (neutral when None)."""
    rest = at_rest(model, subject.dense, source)
    moved = kept_still(subject.held, subject.dense, displaced(model, rest, gains(target)))
    normals = vertex_normals(moved @ subject.turn.T, model.dense.triangles)
    shading = brightness_ratio(subject.light, subject.normals, normals)
    shown = gains(source) if source is not None else np.zeros_like(gains(target))
    appearance = folds(model, subject.skin, _light_on_map(subject), gains(target), shown)
    if subject.bare is not None:
        appearance = appearance * subject.bare
    closing = gains(target)[SUPPORTED_AUS.index("AU43")]
    return Expression(rest, moved, shading, appearance, closing)


def _light_on_map(subject: Subject) -> FloatArray:
    """(2,): by how much skin brightens per tilt to the right and downwards on the map, over what
    it has when it faces the camera."""
    light = subject.turn.T @ subject.light[1:]
    facing = max(float(subject.light[0] - light[2]), 0.25 * float(subject.light[0]), 0.1)
    return np.asarray(light[:2] / facing, np.float32)


@dataclass(frozen=True, eq=False)
class Paint:
    """What an expression is drawn with, on any canvas.

    Attributes:
        vertices: float32 (V, 9): photo x, y; log of the shading; whether the photo shows it;
            x, y on `folds`; the canonical position drawn.
        folds: float32, `Expression.appearance` enlarged.
        shut: float32 (K,), see `shut_lips.shut`.
    """

    vertices: FloatArray
    folds: FloatArray
    shut: FloatArray


def _paint(model: RigModel, subject: Subject, expression: Expression) -> Paint:
    shut = shut_lips.shut(model.lips, subject, expression.moved)
    vertices = np.column_stack(
        [
            _texture(model, subject, expression, shut),
            np.log(np.maximum(expression.shading, 0.1)),
            subject.seen,
            enlarged_coordinates(model.neutral),
            expression.moved,
        ]
    )
    return Paint(np.asarray(vertices, np.float32), enlarged(expression.appearance), shut)


def draw_face(
    model: RigModel, subject: Subject, pyramid: Pyramid, expression: Expression,
    view: View, canvas: Canvas, seed: int,
) -> ImageArray:  # fmt: skip
    """As `draw`; eyes and mouth of a large drawing are made finer than the rest of it.

    `view` is the one that `canvas` was laid out in.
    """
    paint = _paint(model, subject, expression)
    out = _levels(
        canvas.reduced(_coloured(model, subject, pyramid, expression, canvas, seed, paint))
    )
    for part in openings(model, subject.dense, expression.moved, view, canvas.size):
        finer = _coloured(model, subject, pyramid, expression, part, seed, paint)
        out[part.rows, part.columns] = _levels(part.part(finer))
    return out


def draw(
    model: RigModel, subject: Subject, pyramid: Pyramid, expression: Expression,
    canvas: Canvas, seed: int,
) -> ImageArray:  # fmt: skip
    """Draw an expression.

    Args:
        model, subject, expression: see `express`.
        pyramid: of the subject's photo.
        canvas: `expression.moved`, laid out in the view to draw.
        seed: picks the set of teeth.

    Returns:
        uint8 RGB of the canvas's size; black beyond the face and where the photo does not show it.
    """
    paint = _paint(model, subject, expression)
    return _levels(
        canvas.reduced(_coloured(model, subject, pyramid, expression, canvas, seed, paint))
    )


def _levels(colour: FloatArray) -> ImageArray:
    return np.asarray(np.clip(colour + 0.5, 0, 255), np.uint8)


def _coloured(
    model: RigModel, subject: Subject, pyramid: Pyramid, expression: Expression,
    canvas: Canvas, seed: int, paint: Paint,
) -> FloatArray:  # fmt: skip
    """RGB on the fine grid of `canvas`, float32 (h, w, 3) 0..255."""
    shown, shut = canvas.index, paint.shut
    pixels = canvas.interpolate(paint.vertices)
    at, shading, seen, on_map, canonical = np.split(pixels, [2, 3, 4, 6], axis=2)
    skin_end = model.skin_triangles
    eye_end = skin_end + model.eye_triangles
    is_eye = (shown >= skin_end) & (shown < eye_end)
    is_mouth = shown >= eye_end
    at = np.ascontiguousarray(at)
    at[is_eye] = subject.view.project(canonical[is_eye])[:, :2]
    colour = pyramid.sample(at, subject.view.scale / canvas.scale).astype(np.float32)
    colour *= _ratio(paint.folds, on_map, shading, is_eye | is_mouth)
    colour[is_eye] = _eyes(subject, pyramid, expression.moved, canonical[is_eye], colour[is_eye])
    if is_mouth.any():
        inside = _mouth(model, subject, expression, canonical[is_mouth], seed)
        own = np.float32(subject.open_mouth * like_photographed(model, subject, expression.moved))
        colour[is_mouth] = own * colour[is_mouth] + (1 - own) * inside
    _darken_lashes(colour, subject, expression, canonical)
    if shut.any():
        line = shut_lips.line(model.lips, expression.moved, shut, canonical)
        colour *= np.exp(line[..., None] * _TINT)
    colour[(shown < 0) | (seen[..., 0] < 0.5)] = 0
    return colour


def _texture(
    model: RigModel, subject: Subject, expression: Expression, shut: FloatArray
) -> FloatArray:
    """Photo pixels (V, 2) to look each vertex up at."""
    out = shut_lips.texture(model.lips, subject, shut)
    for rims in (model.left_eye, model.right_eye):
        onto = carried(rims, subject.dense, expression.moved)
        if onto is not None:
            out = out.copy()
            out[rims.near] = out[rims.near] + onto @ subject.view.matrix[:2].T
    return out


def _ratio(
    folds: FloatArray, on_map: FloatArray, shading: FloatArray, bare: BoolArray
) -> FloatArray:
    """(H, W, 3) factor on the photo's colour; 1 where there is no skin."""
    looked_up = cv2.remap(folds, on_map[..., 0], on_map[..., 1], cv2.INTER_LINEAR)
    log = np.asarray(looked_up + shading[..., 0], np.float32)
    log[bare] = 0
    return np.asarray(cv2.exp(log[..., None] * _TINT), np.float32)


def _eyes(
    subject: Subject, pyramid: Pyramid, moved: FloatArray, at: FloatArray, own: FloatArray
) -> FloatArray:
    """Colours (P, 3) of eye points `at` (P, 3), which the photo shows as `own` (P, 3)."""
    out = own.copy()
    left = at[:, 0] > subject.middle
    for eye, here in zip(subject.eyes, (left, ~left), strict=True):
        points = at[here]
        share = uncovering(eye, subject.dense, moved, points)[:, None]
        if share.any():
            hidden = uncovered(eye, subject.dense, subject.view, pyramid).at(points)
            out[here] += (hidden - out[here]) * share
        out[here] *= lid_shadow(eye, moved, subject.dense, points)[:, None]
    return out


def _darken_lashes(
    colour: FloatArray, subject: Subject, expression: Expression, canonical: FloatArray
) -> None:
    """Draw the lash line of closing eyes into `colour`."""
    for side, eye in enumerate(subject.eyes):
        closing = float(expression.closing[side])
        if closing > 0.5:
            log = lash_line(eye, expression.moved, closing, canonical)
            colour *= np.exp(log)[..., None]


def like_photographed(model: RigModel, subject: Subject, moved: FloatArray) -> float:
    """1 while the mouth is open about as in the photo, 0 where that would tear its teeth apart."""
    was, now = (float(model.lips.gaps(mesh).max()) for mesh in (subject.dense, moved))
    jaw = float(moved[CHIN, 1] - subject.dense[CHIN, 1])
    wider = np.clip((1.7 - now / max(was, 1e-3)) / 0.4, 0, 1)
    return float(wider * np.clip(1 - (jaw - 0.04) / 0.06, 0, 1))


def _mouth(
    model: RigModel, subject: Subject, expression: Expression, at: FloatArray, seed: int
) -> FloatArray:
    """Colour (P, 3) 0..255 behind the lips at canonical points `at` (P, 3)."""
    upper, lower = list(model.lips.upper), list(model.lips.lower)
    moved, rest = expression.moved, expression.rest
    roof = np.interp(at[:, 0], moved[upper, 0], moved[upper, 1]).astype(np.float32)
    floor = np.interp(at[:, 0], moved[lower, 0], moved[lower, 1]).astype(np.float32)
    # The chin has no muscle of its own that lowers it: how far it is down is the jaw's doing.
    jaw = float(moved[CHIN, 1] - rest[CHIN, 1])
    middle = len(upper) // 2
    line = float(rest[upper[middle], 1] + rest[lower[middle], 1]) / 2
    state = MouthState((subject.mouth_x, line), subject.mouth_width, jaw, subject.teeth)
    teeth = model.teeth[seed % len(model.teeth)]
    return draw_interior(state, teeth, at[:, :2], roof, floor)
