"""What a camera makes of an expression: where it stands, how it is lit, what it loses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.simulated.lens import Lens
from benchmarks.simulated.own_face import OwnFace
from models.registration.canonical import canonical_face
from models.registration.face import FloatArray, ImageArray, Pose, RegisteredFace
from models.registration.headpose import rotation
from models.registration.pyramid import Pyramid
from models.rig.canvas import lay_out
from models.rig.draw import draw, express
from models.rig.light import vertex_normals
from models.rig.subject import measure

Vector = npt.NDArray[np.float64]
_RIM: Final = 2.0
"""Pixels over which a drawn face gives way to what is behind it."""
_LIT: Final = (0.5, 1.5)
"""Least and most brightness that the room's light gives skin, over skin that faces the camera."""


@dataclass(frozen=True)
class Camera:
    """A camera and the room it stands in.

    Attributes:
        size: side of the picture in pixels.
        face: pixels per canonical unit; a face is about 2.7 units high.
        distance: of the lens, in canonical units, which are about 6 cm.
        pitch: degrees by which heads seem to nod, since the camera stands lower (positive) or
            higher.
        turning: standard deviation in degrees of yaw; pitch and roll have 0.6 and 0.3 of it.
        light: direction x, y, z from which it comes, with its strength as length.
        light_varies: standard deviation of that from person to person, each axis.
        gain: log brightness of red, green and blue.
        gamma: exponent of brightness.
        exposure_varies: standard deviation of log brightness from person to person.
        blur: pixels, standard deviation.
        noise: standard deviation in [0, 1] units.
        quality: of the JPEG.
    """

    size: int
    face: float
    distance: float
    pitch: float
    turning: float
    light: tuple[float, float, float]
    light_varies: float
    gain: tuple[float, float, float]
    gamma: float
    exposure_varies: float
    blur: float
    noise: float
    quality: int


@dataclass(frozen=True, eq=False)
class Setting:
    """What stays the same while one person is filmed: light (3,) and log brightness."""

    light: Vector
    exposure: float


def setting(camera: Camera, rng: np.random.Generator) -> Setting:
    """The camera set up for one person."""
    return Setting(
        np.array(camera.light) + rng.normal(0, camera.light_varies, 3),
        float(rng.normal(0, camera.exposure_varies)),
    )


def head_poses(camera: Camera, frames: int, pace: float, rng: np.random.Generator) -> list[Pose]:
    """How a head turns over `frames`, smooth with a standard deviation of `pace` frames."""
    reach = int(np.ceil(4 * pace))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / pace) ** 2)
    kernel /= np.sqrt((kernel**2).sum())
    noise = rng.standard_normal((3, frames + 2 * reach))
    yaw, pitch, roll = (camera.turning * np.convolve(row, kernel, "valid") for row in noise)
    return [
        Pose(yaw=float(y), pitch=float(camera.pitch + 0.6 * p), roll=float(0.3 * r))
        for y, p, r in zip(yaw, pitch, roll, strict=True)
    ]


def photograph(
    camera: Camera,
    where: Setting,
    face: RegisteredFace,
    own: OwnFace,
    intensities: FloatArray,
    pose: Pose,
    rng: np.random.Generator,
) -> ImageArray:
    """One frame.

    Args:
        camera, where: see there.
        face: registered in 3D, of a neutral photo of the person.
        own: how the person moves.
        intensities: float32 (18,), 0..5, what a coder would see.
        pose: of the head in the picture.
        rng: for sensor noise and where in the picture the face is.

    Returns:
        uint8 (size, size, 3) RGB.
    """
    view = _view(camera, pose, rng)
    pyramid = Pyramid(face.photo)
    picture = _behind(face, pyramid, view, camera.size)
    drawn = _face(camera, where, face, own, own.drawn(intensities), view, pyramid)
    shown = np.asarray(drawn.any(axis=2), np.uint8)
    inner = cv2.erode(shown, np.ones((3, 3), np.uint8)).astype(np.float32)
    share = np.minimum(cv2.GaussianBlur(inner, (0, 0), _RIM / 2), shown)[..., None]
    return _exposed(camera, where, picture + share * (drawn - picture), rng)


def _view(camera: Camera, pose: Pose, rng: np.random.Generator) -> Lens:
    middle = (camera.size - 1) / 2 + rng.normal(0, 0.03 * camera.size, 2)
    matrix = camera.face * rotation(pose)
    offset = np.array([*middle, 0.0])
    return Lens(np.asarray(matrix, np.float32), np.asarray(offset, np.float32), camera.distance)


def _face(
    camera: Camera,
    where: Setting,
    face: RegisteredFace,
    own: OwnFace,
    target: FloatArray,
    view: Lens,
    pyramid: Pyramid,
) -> FloatArray:
    """float32 (size, size, 3): the expression in this light, black beyond the face."""
    subject = measure(own.rig, face)
    expression = express(own.rig, subject, target, None)
    turned = np.asarray(expression.moved @ (view.matrix / view.scale).T, np.float32)
    normals = vertex_normals(turned, own.rig.dense.triangles)
    # first-order harmonics, over skin that faces the camera; the photo's own light stays
    room = (1 + normals @ where.light) / max(1 - where.light[2], 0.3)
    lit = np.clip(room, *_LIT).astype(np.float32)
    expression = replace(expression, shading=expression.shading * lit)
    canvas = lay_out(own.rig, expression.moved, view, camera.size)
    return draw(own.rig, subject, pyramid, expression, canvas, 0).astype(np.float32)


def _behind(face: RegisteredFace, pyramid: Pyramid, view: Lens, size: int) -> FloatArray:
    """float32 (size, size, 3): hair, neck and wall, as a card that moves with the head.

    The card stands at the depth of the face's outline.
    """
    outline = face.mesh[list(canonical_face().oval)]
    depth = float(outline[:, 2].mean())
    corners = np.array([[-1, -1, depth], [1, -1, depth], [0, 1.5, depth]], np.float32)
    level = pyramid.level(face.photo_view.scale / view.scale)
    to_level = pyramid.level_affine(level)
    there = face.photo_view.project(corners)[:, :2] @ to_level[:, :2].T + to_level[:, 2]
    affine = cv2.getAffineTransform(
        there.astype(np.float32), np.ascontiguousarray(view.project(corners)[:, :2])
    )
    card = cv2.warpAffine(level, affine, (size, size), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(card, np.float32)


def _exposed(
    camera: Camera, where: Setting, picture: FloatArray, rng: np.random.Generator
) -> ImageArray:
    """What lens, sensor and file leave of a picture (size, size, 3) of 0..255."""
    blurred = cv2.GaussianBlur(picture, (0, 0), camera.blur) / 255
    gain = np.exp(np.array(camera.gain) + where.exposure).astype(np.float32)
    seen = np.clip(blurred, 0, 1) ** np.float32(camera.gamma) * gain
    seen += rng.standard_normal(seen.shape, dtype=np.float32) * np.float32(camera.noise)
    raw = np.clip(255 * seen + 0.5, 0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", raw[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, camera.quality])[1]
    decoded = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])
