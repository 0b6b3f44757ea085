"""Measure how far the mesh's turn falls short of the head's: the gains in ``headpose.py``.

    python scripts/measure_head_pose.py DATA

DATA holds ``london/``, ``canada/`` (people, CC BY 4.0, see ``fit_canonical_face.py``) and
``ict/ict_face.npz`` (ICT Face Model Light, University of Southern California, MIT licence). Known
poses come from three sides that err differently: people's photos re-rendered through their own
meshes have real skin but no ears, hair or neck, and a shape that the network itself has read; the
canonical mesh in those people's skins has a shape that nobody read; the modelled heads have true
geometry, ears and all, but no texture. All three count equally, and each head counts from its own
frontal reading, because what a head's zero is differs between them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from models.images import decode_image
from models.registration.canonical import canonical_face
from models.registration.face import FloatArray, ImageArray, Pose
from models.registration.headpose import pose_of_rotation, rotation
from models.registration.poses import render_pose
from models.registration.raster import interpolate, rasterise
from models.registration.registrar import NoFaceError, Registrar, load_registrar

DoubleArray = npt.NDArray[np.float64]
Renderer = Callable[[Pose], ImageArray]

POSES = (
    *(Pose(yaw, 0.0, 0.0) for yaw in (-40, -30, -20, -10, 10, 20, 30, 40)),
    *(Pose(0.0, pitch, 0.0) for pitch in (-40, -30, -20, -10, 10, 20, 30)),
    *(Pose(yaw, pitch, 0.0) for yaw in (-30, -15, 15, 30) for pitch in (-25, -12, 15)),
)
FRONTAL = Pose(0.0, 0.0, 0.0)
_MODELLED_HEADS = 8
_GREY = 150


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    options = parser.parse_args(arguments)
    registrar = load_registrar()
    photos = people(options.data)
    families = {
        "people": readings(registrar, person_renderers(registrar, photos)),
        "canonical heads": readings(registrar, canonical_renderers(registrar, photos)),
        "modelled heads": readings(registrar, head_renderers(options.data / "ict/ict_face.npz")),
    }
    report(families)


def report(families: Mapping[str, DoubleArray]) -> None:
    """Print the least-squares gains, all families weighing the same, and what they leave."""
    every = np.concatenate(list(families.values()))
    sizes = [len(rows) for rows in families.values()]
    weights = np.repeat([1 / size for size in sizes], sizes)
    truth, read = every[:, 0], every[:, 1]
    for name, wanted, given in (
        ("yaw gain", truth[:, 0], read[:, 0]),
        ("pitch gain", truth[:, 1], read[:, 1]),
        ("roll for each degree of yaw", truth[:, 2] - read[:, 2], read[:, 0]),
    ):
        gain = float(weights @ (given * wanted) / (weights @ given**2))
        squares = (gain * given - wanted) ** 2
        parts = np.split(squares, np.cumsum(sizes)[:-1])
        left = (
            f"{np.sqrt(part.mean()):.1f} ({family})"
            for family, part in zip(families, parts, strict=True)
        )
        print(f"{name}: {gain:.3f}; leaves {', '.join(left)}")


def readings(registrar: Registrar, renderers: Iterator[Renderer]) -> DoubleArray:
    """True and read yaw, pitch, roll in degrees, (N, 2, 3), both counted from frontal."""
    rows = []
    for render in renderers:
        frontal = read_pose(registrar, render(FRONTAL))
        for pose in POSES:
            try:
                read = read_pose(registrar, render(pose))
            except NoFaceError:
                continue
            rows.append(([pose.yaw, pose.pitch, pose.roll], read - frontal))
    return np.array(rows, np.float64)


def read_pose(registrar: Registrar, photo: ImageArray) -> DoubleArray:
    """Yaw, pitch and roll of the view that the mesh was aligned by, without any gain."""
    view = registrar.register(photo).photo_view
    pose = pose_of_rotation(view.matrix.astype(np.float64) / view.scale)
    return np.array([pose.yaw, pose.pitch, pose.roll])


def people(data: Path) -> list[ImageArray]:
    """Photos of some people of both collections, most of them neutral."""
    photos = sorted((data / "london/neutral").glob("*.jpg"))[::6]
    photos += sorted((data / "london/smiling").glob("*.jpg"))[3::12]
    photos += sorted((data / "canada").glob("*.jpg"))[::8]
    return [decode_image(path.read_bytes()).rgb for path in photos]


def person_renderers(registrar: Registrar, photos: Sequence[ImageArray]) -> Iterator[Renderer]:
    """Renderers of people before a plain wall."""
    for photo in photos:
        face = registrar.register(photo)

        def render(pose: Pose) -> ImageArray:
            drawn = render_pose(face, pose.pitch, pose.yaw, 448)  # noqa: B023 (used at once)
            return np.where(drawn.max(2, keepdims=True) > 0, drawn, np.uint8(_GREY))

        yield render


def canonical_renderers(registrar: Registrar, photos: Sequence[ImageArray]) -> Iterator[Renderer]:
    """Renderers of the canonical mesh in people's skins, before a plain wall."""
    for photo in photos:
        face = registrar.register(photo)
        skin = face.photo_view.project(face.mesh)[:, :2]

        def render(pose: Pose) -> ImageArray:
            return canonical_head(photo, skin, pose)  # noqa: B023 (used at once)

        yield render


def canonical_head(photo: ImageArray, skin: FloatArray, pose: Pose) -> ImageArray:
    """The canonical mesh whose vertices are coloured from `skin`, photo x, y (468, 2): 512x512."""
    points = canonical_face().mesh @ (120 * rotation(pose)).T + [256, 256, 0]
    triangles = canonical_face().all_triangles
    index, barycentric = rasterise(points.astype(np.float32), triangles, 512, 512)
    at = interpolate(index, barycentric, triangles, np.ascontiguousarray(skin))
    drawn = cv2.remap(photo, at[..., 0], at[..., 1], cv2.INTER_CUBIC)
    drawn[index < 0] = _GREY
    return np.asarray(drawn, np.uint8)


def head_renderers(path: Path) -> Iterator[Renderer]:
    """Renderers of the model's mean head and of random ones."""
    with np.load(path) as arrays:
        mean = arrays["neutral"].astype(np.float64)
        quads = arrays["faces"]
        identities = arrays["identities"][:40].astype(np.float64)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    shown = triangles[(triangles <= _EYEBALLS.stop - 1).all(1)]
    for seed in range(_MODELLED_HEADS):
        strength = 0.8 * np.random.default_rng(seed).normal(size=len(identities)) * (seed > 0)
        head = mean + np.tensordot(strength, identities, 1)

        def render(pose: Pose) -> ImageArray:
            return shaded_head(head, shown, pose)  # noqa: B023 (used at once)

        yield render


_FACE = slice(0, 9409)
_MOUTH = slice(11248, 17039)
_TEETH = slice(17039, 21451)
_EYEBALLS = slice(21451, 24591)
_LIGHT = np.array([0.3, -0.5, -0.8]) / np.linalg.norm([0.3, -0.5, -0.8])


def shaded_head(head: DoubleArray, triangles: npt.NDArray[np.int32], pose: Pose) -> ImageArray:
    """A modelled head, centimetres with y up, in skin colour and lit from above: 600x600."""
    colours = np.tile([200.0, 150.0, 125.0], (len(head), 1))
    colours[_MOUTH] = (120, 50, 50)
    colours[_TEETH] = (230, 225, 210)
    colours[_EYEBALLS] = (235, 235, 235)
    eyeballs = np.arange(_EYEBALLS.start, _EYEBALLS.stop)
    for side in (head[eyeballs, 0] > 0, head[eyeballs, 0] < 0):
        eye = eyeballs[side]
        middle = head[eye].mean(0)
        from_axis = np.linalg.norm((head[eye] - middle)[:, :2], axis=1)
        front = head[eye, 2] > middle[2]
        colours[eye[front & (from_axis < 0.62)]] = (90, 60, 40)
        colours[eye[front & (from_axis < 0.25)]] = (15, 15, 15)
    centred = (head - head[_FACE].mean(0)) * [1, -1, -1]
    points = centred @ rotation(pose).T * 15 + [300, 300, 0]
    corners = points[triangles]
    normals = np.zeros_like(points)
    flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], flat)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    shade = 0.35 + 0.65 * np.clip(normals @ _LIGHT, 0, 1)
    index, barycentric = rasterise(points.astype(np.float32), triangles, 600, 600)
    lit = (colours * shade[:, None]).astype(np.float32)
    drawn = interpolate(index, barycentric, triangles, lit)
    drawn[index < 0] = _GREY
    return np.asarray(cv2.GaussianBlur(drawn.astype(np.uint8), (0, 0), 0.8), np.uint8)


if __name__ == "__main__":
    main()
