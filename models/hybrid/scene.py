"""What the network sees of a drawing, and how much of its answer counts where.

Everything is in one square window on the lower face, from the eyes to a dropped chin, seen from
the front whatever view is drawn: the network never meets another frame, and one answer serves
every size and view of the same drawing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.facs import SUPPORTED_AUS
from models.registration.face import View
from models.registration.pyramid import Pyramid
from models.rig.canvas import Canvas, lay_out
from models.rig.draw import CHIN, Expression, draw, like_photographed
from models.rig.model import RigModel
from models.rig.subject import Subject

FloatArray = npt.NDArray[np.float32]
ImageArray = npt.NDArray[np.uint8]

SIDE: Final = 128
"""Pixels of the window: 60 per canonical unit, where a registered image has 63."""
_SCALE: Final = 60.0
_TOP: Final = -0.52
PLANES: Final = 14
"""Channels the network sees: colour 3, place 2, movement 2, shading, gates 2, and those below."""
MOUTH: Final = 10
EYE: Final = 11
FINE: Final = 12
"""Lips and the inside of the mouth, where answers may be as fine as the window; elsewhere soft."""
FULL_SMILE: Final = 3.5
"""Intensity of AU12 at which an answer counts in full: that of the smiles it was learnt from."""
_MOST: Final = 1.3
"""Largest gate: an E is 5 / 3.5 of those smiles, but no more than this is believed."""
_STILL: Final = 0.01
_MOVING: Final = 0.05
"""Canonical units that AU12 at E moves skin by, below and above which nothing and all counts."""
_RIM: Final = 0.12
"""Canonical units from the outline within which answers fade."""
_LINE: Final = 0.012
_OPENED: Final = 0.04
"""Heights of the mouth's opening at which its inside begins to count, and counts in full."""
_JAW: Final = (0.07, 0.13)
"""Canonical units the jaw is down: photographed smiles go to 0.08; past the second the dark behind
the teeth is the rig's alone."""
_AU12: Final = SUPPORTED_AUS.index("AU12")


@dataclass(frozen=True, eq=False)
class Scene:
    """One drawing before its correction.

    Attributes:
        planes: float32 (14, 128, 128), what the network sees, about -1..1.
        gates: float32 (2, 128, 128), by how much the network's two answers count at each pixel:
            what an added smile brings and what a removed one leaves. 0 where nothing may change.
    """

    planes: FloatArray
    gates: FloatArray


def window() -> View:
    """The canonical frame -> pixels of the window."""
    offset = np.array([(SIDE - 1) / 2, -0.5 - _SCALE * _TOP, 0], np.float32)
    return View(np.asarray(_SCALE * np.eye(3), np.float32), offset)


def moving(model: RigModel) -> FloatArray:
    """float32 (V,) 0..1: the skin that a smile moves, fading towards the outline of the face."""
    field = np.linalg.norm(model.basis[_AU12], axis=1)
    share = np.clip((field - _STILL) / (_MOVING - _STILL), 0, 1)
    return np.asarray(share * np.clip(model.rim / _RIM, 0, 1), np.float32)


def smile_change(target: FloatArray, source: FloatArray | None) -> FloatArray:
    """float32 (2,): AU12 added on the subject's left and right, of a full smile; less: removed."""
    change = target[_AU12] - (0 if source is None else source[_AU12])
    return np.asarray(np.clip(change / FULL_SMILE, -_MOST, _MOST), np.float32)


def opened(model: RigModel, subject: Subject, expression: Expression) -> float:
    """0..1: how far the drawn mouth shows an inside such as smiles show, and the photo does not."""
    moved = expression.moved
    gap = float(model.lips.gaps(moved).max())
    own = subject.open_mouth * like_photographed(model, subject, moved)
    jaw = float(moved[CHIN, 1] - expression.rest[CHIN, 1])
    known = np.clip((_JAW[1] - jaw) / (_JAW[1] - _JAW[0]), 0, 1)
    return float(known * np.clip((gap - _LINE) / (_OPENED - _LINE), 0, 1)) * (1 - own)


def changes(
    model: RigModel, subject: Subject, expression: Expression, target: FloatArray,
    source: FloatArray | None,
) -> bool:  # fmt: skip
    """Whether the network has any say in this drawing."""
    return bool(smile_change(target, source).any()) or opened(model, subject, expression) > 0


def see(
    model: RigModel, subject: Subject, pyramid: Pyramid, expression: Expression,
    target: FloatArray, source: FloatArray | None, seed: int,
) -> Scene:  # fmt: skip
    """The scene of an expression about to be drawn.

    Args:
        model, subject, pyramid, expression, seed: as `models.rig.draw.draw` takes them.
        target, source: (18, 2) intensities, of the drawing and of the photo (neutral when None).
    """
    canvas = lay_out(model, expression.moved, window(), SIDE)
    colour = draw(model, subject, pyramid, expression, canvas, seed)
    change = smile_change(target, source)
    sided = change[1] + (change[0] - change[1]) * model.left_share
    skin = moving(model) * subject.seen
    pixels = canvas.interpolate(
        np.column_stack(
            [
                model.neutral[:, :2] - np.array([0, 0.5], np.float32),
                4 * (expression.moved - subject.dense)[:, :2],
                3 * np.log(np.maximum(expression.shading, 0.1)),
                np.maximum(sided, 0) * skin,
                np.maximum(-sided, 0) * skin,
                _on_lips(model),
            ]
        ).astype(np.float32)
    )
    skin_end = model.skin_triangles
    eye_end = skin_end + model.eye_triangles
    is_eye = (canvas.index >= skin_end) & (canvas.index < eye_end)
    is_mouth = canvas.index >= eye_end
    open_now = np.float32(opened(model, subject, expression))
    pixels[is_eye, 5:] = 0
    pixels[is_mouth, 5], pixels[is_mouth, 6] = open_now, 0
    pixels[is_mouth, 7], pixels[is_eye, 7] = 1, 0
    marks = np.stack([is_mouth, is_eye], axis=-1).astype(np.float32)
    whole = canvas.reduced(np.concatenate([pixels[..., :7], marks, pixels[..., 7:]], axis=-1))
    planes = np.concatenate(
        [
            colour.astype(np.float32) / np.float32(127.5) - 1,
            whole,
            np.full((SIDE, SIDE, 1), subject.open_mouth, np.float32),
        ],
        axis=-1,
    )
    return Scene(
        planes=np.ascontiguousarray(planes.transpose(2, 0, 1)),
        gates=np.ascontiguousarray(_faded(whole[..., 5:7]).transpose(2, 0, 1)),
    )


def place(correction: FloatArray, expression: Expression, canvas: Canvas) -> FloatArray:
    """A correction (128, 128, 3) of the window, moved to where a drawing shows the same skin.

    Returns:
        float32 (size, size, 3), to be added to what is drawn on `canvas`; 0 beyond the mesh.
    """
    at = canvas.interpolate(window().project(expression.moved)[:, :2])
    x, y = at[..., 0], at[..., 1]
    picked = np.asarray(cv2.remap(correction, x, y, cv2.INTER_CUBIC), np.float32)
    picked[canvas.index < 0] = 0
    return canvas.reduced(picked)


def _on_lips(model: RigModel) -> FloatArray:
    """float32 (V,): 1 on the red of the lips, by how skin there follows the lips' rims."""
    follows = model.lips.follow_upper.sum(axis=1) + model.lips.follow_lower.sum(axis=1)
    return np.asarray(np.clip((follows - 0.6) / 0.15, 0, 1), np.float32)


def _faded(gates: FloatArray) -> FloatArray:
    """Gates with the window's own edge faded, so that a correction ends nowhere in a line."""
    edge = np.minimum(np.arange(SIDE), np.arange(SIDE)[::-1]) / 6
    edge = np.clip(edge, 0, 1).astype(np.float32)
    return np.asarray(gates * np.minimum(edge[:, None], edge)[..., None], np.float32)
