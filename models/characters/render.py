"""Pictures of characters: z-buffered, shaded, smoothed at their edges, from any side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.characters import paint
from models.characters.features import scaled
from models.characters.hair import HairMesh, grown
from models.characters.head import Part, Size, load_head
from models.characters.looks import Character
from models.facs import SUPPORTED_AUS
from models.registration.raster import interpolate, rasterise

FloatArray = npt.NDArray[np.float32]
ImageArray = npt.NDArray[np.uint8]
IndexArray = npt.NDArray[np.int32]

MIN_SIDE: Final = 64
MAX_SIDE: Final = 1024
MAX_TURN: Final = 90.0
"""Degrees of yaw and pitch a head may be turned by."""
MAX_GAZE: Final = 30.0

_DISTANCE: Final = 14.0
"""From the camera to the head's middle, in canonical units: as through a short telephoto lens."""
_HEIGHT: Final = 4.9
"""Canonical units from the picture's upper edge to its lower one."""
_MIDDLE: Final = np.array([0.0, -0.40, 0.9], np.float32)
"""Around which the head turns, in the middle of the picture."""
_KEY: Final = np.array([-0.45, -0.55, -0.70], np.float32)
_FILL: Final = np.array([0.75, -0.05, -0.65], np.float32)
"""Directions to the lights: from above at the left, and a weak one from the right."""
_SMALL_TO: Final = 160
_MEDIUM_TO: Final = 200
"""Largest sides in pixels that the smaller meshes are fine enough for."""
_FRONT_TEETH: Final = -0.32
"""Depth of the front teeth in the canonical frame."""
_AU05: Final = SUPPORTED_AUS.index("AU05")
_HAIR: Final = 100
"""Stands for hair where triangles say which part they belong to."""


class RenderError(ValueError):
    """A picture that cannot be made; the message says what is out of range."""


@dataclass(frozen=True)
class View:
    """How a character is seen, in degrees with the signs of `models.registration`.

    Attributes:
        yaw, pitch, roll: of the head: to the subject's left, up, and clockwise in the picture.
        gaze: yaw and pitch of the eyes against the head.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    gaze: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Shot:
    """One picture to be made: who, doing what, seen how."""

    character: Character
    intensities: FloatArray
    view: View = field(default_factory=View)


def render(shot: Shot, side: int = 320, mesh: Size | None = None) -> ImageArray:
    """One picture, uint8 (side, side, 3) RGB; the same shot makes the same bytes.

    Args:
        shot: what is to be seen; intensities float32 (18, 2), 0..5.
        side: of the picture in pixels, 64 to 1,024.
        mesh: how many vertices; by default what `side` needs.

    Raises:
        RenderError: a number is out of range.
    """
    _check(shot, side)
    chosen = mesh or _mesh_for(side)
    head, body = load_head(chosen), _body(shot.character, chosen)
    fine = 2 * side
    posed = head.posed(body.shape, shot.intensities, shot.view.gaze)
    skin = scaled(posed, head.rest, shot.character.scalings)
    hair = scaled(body.hair.on(posed), body.hair.on(head.rest), shot.character.scalings)
    vertices = np.concatenate([skin, hair])
    turned = (vertices - _MIDDLE) @ _rotation(shot.view).T
    near = _DISTANCE / (_DISTANCE + turned[:, 2:])
    screen = np.concatenate([turned[:, :2] * near * (fine / _HEIGHT), turned[:, 2:]], axis=1)
    screen[:, :2] += (fine - 1) / 2
    index, weights = rasterise(screen.astype(np.float32), body.triangles, fine, fine)
    normals = _normals(turned, body.triangles)
    attributes = np.concatenate([normals, body.attributes], axis=1)
    seen = index >= 0
    values = interpolate(index, weights, body.triangles, attributes)[seen]
    part = body.part[index[seen]]
    colour = _lit(shot.character, part, values)
    out = np.empty((fine, fine, 3), np.float32)
    out[:] = np.asarray(shot.character.background, np.float32) / 255
    out[seen] = colour
    small = cv2.resize(out, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(np.round(small * 255), 0, 255), np.uint8)


def render_all(shots: Sequence[Shot], side: int = 320) -> ImageArray:
    """Several pictures, uint8 (N, side, side, 3).

    Raises:
        RenderError: see `render`.
    """
    if not shots:
        return np.zeros((0, side, side, 3), np.uint8)
    return np.stack([render(shot, side) for shot in shots])


@dataclass(frozen=True, eq=False)
class _Body:
    """What of a character does not change: shape, hair, and what is painted where.

    `attributes` is float32 (V + H, 9): place at rest, lips, lashes, openness, place on the eyeball.
    """

    shape: FloatArray
    hair: HairMesh
    triangles: IndexArray
    part: npt.NDArray[np.uint8]
    attributes: FloatArray


@lru_cache(maxsize=24)
def _body(character: Character, mesh: Size) -> _Body:
    head = load_head(mesh)
    hair = grown(head, character.hair)
    hair_rest = hair.on(head.rest)
    on_eye = np.zeros_like(head.rest)
    for side in (Part.LEFT_EYE, Part.RIGHT_EYE):
        ball = head.eye(side)
        around = head.rest[ball] - head.rest[ball].mean(axis=0)
        on_eye[ball] = around / np.percentile(np.linalg.norm(around, axis=1), 60)
    count, more = len(head.rest), len(hair_rest)
    attributes = np.zeros((count + more, 9), np.float32)
    attributes[:count, :3], attributes[count:, :3] = head.rest, hair_rest
    attributes[:count, 3], attributes[:count, 4] = head.lip, head.lash
    attributes[:count, 5], attributes[count:, 5] = head.open, 1.0
    attributes[:count, 6:] = on_eye
    return _Body(
        shape=head.shaped(character.modes) + np.float32(character.awake) * head.au[_AU05],
        hair=hair,
        triangles=np.concatenate([head.triangles, hair.triangles + count]).astype(np.int32),
        part=np.concatenate(
            [head.part[head.triangles[:, 0]], np.full(len(hair.triangles), _HAIR, np.uint8)]
        ),
        attributes=attributes,
    )


def _lit(character: Character, part: npt.NDArray[np.uint8], values: FloatArray) -> FloatArray:
    """float32 (N, 3), 0..1: the colours of N visible points in the light of the studio."""
    normal = values[:, :3] / np.maximum(np.linalg.norm(values[:, :3], axis=1, keepdims=True), 1e-6)
    # The side towards the camera is seen, whichever way a triangle is wound.
    normal = np.where(normal[:, 2:] > 0, -normal, normal)
    rest, lip, lash, openness, on_eye = (
        values[:, 3:6], values[:, 6], values[:, 7], values[:, 8], values[:, 9:12],
    )  # fmt: skip
    colour = np.empty((len(values), 3), np.float32)
    is_skin, is_hair = part <= Part.HEAD, part == _HAIR
    colour[is_skin] = paint.skin(character, rest[is_skin], lip[is_skin], lash[is_skin])
    colour[is_hair] = paint.hair(character.hair.colour, rest[is_hair])
    is_eye = (part == Part.LEFT_EYE) | (part == Part.RIGHT_EYE)
    colour[is_eye] = paint.eye(character.eyes, on_eye[is_eye])
    for kind, painted in (
        (Part.GUMS, paint.gums), (Part.TEETH, paint.teeth),
        (Part.MOUTH, paint.mouth), (Part.SOCKET, paint.mouth),
    ):  # fmt: skip
        chosen = part == kind
        colour[chosen] = painted(int(chosen.sum()))
    is_inner = (part >= Part.MOUTH) & (part <= Part.TEETH)
    # Teeth and tongue are shut in at rest; in an open mouth they get what light falls in.
    # The further back in the mouth, the less light comes in.
    deep = np.clip(1.0 - (rest[:, 2] - _FRONT_TEETH) / 0.40, 0.0, 1.0)
    open_to_light = np.where(is_inner, deep, np.where(is_eye, 0.95, openness))
    key = _wrapped(normal @ _unit(_KEY), 0.35)
    fill = _wrapped(normal @ _unit(_FILL), 0.5)
    light = 0.34 + 0.66 * key + 0.16 * fill
    if character.steps:
        light = _stepped(light, character.steps)
    least = np.where(is_inner, 0.10, 0.45)
    shade = (least + (1 - least) * open_to_light)[:, None]
    # Shadows in skin are warm, as light comes back out of it red.
    tint = np.where(is_skin[:, None], np.array([1.0, 0.93, 0.90], np.float32), 1.0)
    lit = colour * light[:, None] * shade * (tint + (1 - tint) * np.clip(light, 0, 1)[:, None])
    shine = np.clip(normal @ _unit(_KEY + np.array([0, 0, -1.0])), 0, 1)
    gloss = np.where(is_eye, 0.95 * shine**90, np.where(is_hair, 0.14 * shine**14,
                     (0.07 + 0.12 * lip) * shine**22))  # fmt: skip
    gloss = np.where(is_inner, 0.10 * shine**30, gloss)
    return np.asarray(np.clip(lit + gloss[:, None], 0, 1), np.float32)


def _wrapped(cosine: FloatArray, wrap: float) -> FloatArray:
    return np.asarray(np.clip((cosine + wrap) / (1 + wrap), 0, 1), np.float32)


def _stepped(light: FloatArray, steps: int) -> FloatArray:
    """Light in so many levels, with short ramps between them."""
    scaled_light = light * steps
    whole = np.floor(scaled_light)
    ramp = np.clip((scaled_light - whole - 0.6) / 0.4, 0, 1)
    return np.asarray((whole + ramp + 0.5) / steps, np.float32)


def _normals(vertices: FloatArray, triangles: IndexArray) -> FloatArray:
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    flat = np.cross(b - a, c - a)
    out = np.empty_like(vertices)
    corners = triangles.T.ravel()
    for axis in range(3):
        out[:, axis] = np.bincount(
            corners, weights=np.tile(flat[:, axis], 3), minlength=len(vertices)
        )
    return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9))


def _rotation(view: View) -> FloatArray:
    """Canonical frame -> camera; signs as in `models.registration.headpose`."""
    yaw, pitch, roll = np.radians([-view.yaw, -view.pitch, view.roll])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )
    about_z = np.array(
        [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    )
    return np.asarray(about_z @ about_x @ about_y, np.float32)


def _unit(direction: FloatArray) -> FloatArray:
    return np.asarray(direction / np.linalg.norm(direction), np.float32)


def _mesh_for(side: int) -> Size:
    return "small" if side <= _SMALL_TO else "medium" if side <= _MEDIUM_TO else "full"


def _check(shot: Shot, side: int) -> None:
    if not MIN_SIDE <= side <= MAX_SIDE:
        raise RenderError(f"A picture has {MIN_SIDE} to {MAX_SIDE:,} pixels a side, not {side:,}.")
    view = shot.view
    if max(abs(view.yaw), abs(view.pitch)) > MAX_TURN or abs(view.roll) > 180:
        raise RenderError(f"A head turns by up to {MAX_TURN:g} degrees, and rolls by up to 180.")
    if max(map(abs, view.gaze)) > MAX_GAZE:
        raise RenderError(f"Eyes look up to {MAX_GAZE:g} degrees aside.")
