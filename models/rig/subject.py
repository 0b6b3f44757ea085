"""What is measured once of a registered face, whatever is then drawn on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import cv2
import numpy as np

from models.registration.canonical import canonical_face
from models.registration.face import FloatArray, ImageArray, RegisteredFace, View
from models.registration.pyramid import Pyramid
from models.registration.tone import face_tone
from models.rig.cloth import bare_on_map, held_vertices
from models.rig.contact import Rims
from models.rig.corners import to_the_corners
from models.rig.eyes import Eye, find_irises
from models.rig.lids import fitted_lids
from models.rig.light import LUMINANCE, fit_light, vertex_normals
from models.rig.lips import Lips, look_at_lips
from models.rig.model import RigModel
from models.rig.mouth import teeth_colour, white_beside
from models.rig.skin import Skin, look_at_skin

_CHEEKS: Final = (50, 280, 205, 425, 101, 330, 9, 151)
"""Vertices of bare skin: cheeks and the middle of the forehead."""
_COLOURED: Final = 0.5
"""How colourful a face must be for its lips to be told from teeth by their red."""
_LIT: Final = 45.0
"""Grey levels of the cheeks below which the camera's noise is more than the lips' red."""
_GRAIN: Final = 40
"""Places per canonical unit told apart in the photo when light is measured: no pores."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A person in a photo, measured.

    Attributes:
        view: canonical frame -> photo pixels.
        turn: float32 (3, 3), the rotation in `view`.
        dense: float32 (V, 3), dense canonical mesh as photographed.
        texture: float32 (V, 2), photo pixels of each vertex.
        normals: float32 (V, 3), in the photo's orientation.
        light: float32 (4,), see `light.fit_light`.
        seen: float32 (V,), 1 where the photo shows the skin, 0 where the head hides it.
        middle: canonical x between the eyes.
        mouth_x: canonical x of the middle of the mouth.
        mouth_width: mouth width over the canonical face's.
        teeth: float32 (3,), RGB of teeth in this light.
        eyes: the subject's left and right.
        skin: its creases, see `skin.look_at_skin`.
        held: float32 (V,), 1 where cloth keeps the mesh still, see `cloth`.
        bare: float32 (H, W), where folds may be drawn on the map of `appearance`; None: anywhere.
        open_mouth: 0 if the mouth is shut in the photo, 1 if it is open.
    """

    view: View
    turn: FloatArray
    dense: FloatArray
    texture: FloatArray
    normals: FloatArray
    light: FloatArray
    seen: FloatArray
    middle: float
    mouth_x: float
    mouth_width: float
    teeth: FloatArray
    held: FloatArray
    bare: FloatArray | None
    open_mouth: float
    skin: Skin
    eyes: tuple[Eye, Eye]


_measured: WeakKeyDictionary[RegisteredFace, tuple[RigModel, Subject]] = WeakKeyDictionary()
"""What was measured, for as long as the face itself is kept: it costs as much as one drawing."""


def measure(model: RigModel, face: RegisteredFace) -> Subject:
    """Measure `face`; a second call with the same face and model returns what the first found."""
    found = _measured.get(face)
    if found is None or found[0] is not model:
        found = model, _measure(model, face, Pyramid(face.photo))
        _measured[face] = found
    return found[1]


def _measure(model: RigModel, face: RegisteredFace, pyramid: Pyramid) -> Subject:
    view = face.photo_view
    dense = to_the_corners(model.dense.refine(face.mesh))
    grain = max(1.0, view.scale / _GRAIN)
    cheeks = view.project(face.mesh[list(_CHEEKS)])[:, :2]
    skin = float(np.median(pyramid.sample(cheeks, grain) @ LUMINANCE))
    colours = skin >= _LIT and face_tone(face).colourful >= _COLOURED
    lips = look_at_lips(model.lips, dense, _lip_middles(dense), view, pyramid, colours=colours)
    dense = _fitted(model.lips, dense, lips)
    eyes = find_irises((model.left_eye, model.right_eye), dense, view, pyramid)
    for eye in eyes:
        dense = fitted_lids(eye.rims, dense, eye.iris[0], view, pyramid)
    texture = view.project(dense)[:, :2]
    turn = np.asarray(view.matrix / view.scale, np.float32)
    normals = vertex_normals(dense @ turn.T, model.dense.triangles)
    luminance = np.asarray(pyramid.sample(texture, grain) @ LUMINANCE, np.float32)
    openings = np.concatenate([_inside(eye.rims, dense) for eye in eyes])
    whites = _whitest(pyramid.sample(view.project(openings)[:, :2], grain))
    hidden = face.visibility.warnings
    if "eyes-hidden" in hidden:
        whites = white_beside(pyramid.sample(texture[list(_CHEEKS)], grain))
    upper = list(model.lips.upper)
    width = float(np.ptp(dense[upper, 0]) / np.ptp(model.neutral[upper, 0]))
    return Subject(
        view=view,
        turn=turn,
        dense=dense,
        texture=texture,
        normals=normals,
        light=fit_light(luminance, normals, _skin_weights(luminance, skin)),
        seen=_seen(face, dense),
        middle=float((dense[133, 0] + dense[362, 0]) / 2),
        mouth_x=float((dense[upper[0], 0] + dense[upper[-1], 0]) / 2),
        mouth_width=width,
        teeth=teeth_colour(skin, whites),
        held=held_vertices(face, dense),
        bare=bare_on_map(face, model.neutral),
        open_mouth=0.0 if "lower-face-hidden" in hidden else lips.openness,
        skin=look_at_skin(model, texture, skin, view, pyramid),
        eyes=eyes,
    )


def _seen(face: RegisteredFace, dense: FloatArray) -> FloatArray:
    """From the black that registration left; the outline itself, a few pixels wide, is no black."""
    shown = np.isfinite(face.sampling[..., 0]).astype(np.uint8)
    near = cv2.dilate(shown, np.ones((5, 5), np.uint8)).astype(np.float32)
    # Vertices lie as close as pixels: without a soft edge they would cut teeth into it.
    soft = cv2.GaussianBlur(near, (0, 0), 1.5)
    at = face.view.project(dense)
    picked = cv2.remap(
        soft, at[None, :, 0], at[None, :, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(picked[0], np.float32)


def _lip_middles(mesh: FloatArray) -> FloatArray:
    """(2, 11, 3): points on the red of the upper and lower lip, between outer and inner contour."""
    face = canonical_face()
    upper = (mesh[list(face.outer_lips.upper)] + mesh[list(face.inner_lips.upper)]) / 2
    lower = (mesh[list(face.outer_lips.lower)] + mesh[list(face.inner_lips.lower)]) / 2
    return np.stack([upper, lower])


def _fitted(rims: Rims, dense: FloatArray, lips: Lips) -> FloatArray:
    """The mesh with the inner contours where the lips end in the photo."""
    upper = np.zeros((len(lips.upper), 3), np.float32)
    lower = upper.copy()
    upper[:, 1] = lips.upper - dense[list(rims.upper), 1]
    lower[:, 1] = lips.lower - dense[list(rims.lower), 1]
    upper[[0, -1]] = lower[[0, -1]] = 0
    return rims.curved(rims.move(dense, upper, lower))


def _whitest(colours: ImageArray) -> FloatArray:
    """Mean colour (3,) of the brightest tenth: the whites of the eyes."""
    luminance = colours @ LUMINANCE
    return np.asarray(colours[luminance >= np.percentile(luminance, 90)].mean(axis=0), np.float32)


def _skin_weights(luminance: FloatArray, skin: float) -> FloatArray:
    """1 where the photo is about as bright as the cheeks: no brow, beard, lip or hair."""
    return np.asarray(np.abs(np.log(np.maximum(luminance, 1) / max(skin, 1))) < 0.45, np.float32)


def _inside(eye: Rims, dense: FloatArray) -> FloatArray:
    upper, lower = dense[list(eye.upper)], dense[list(eye.lower)]
    return np.concatenate([upper + (lower - upper) * share for share in (0.35, 0.5, 0.65)])
