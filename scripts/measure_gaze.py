"""Fits where the middle of an eye lies, and measures the gaze that is read.

Run as ``python -m scripts.measure_gaze --photos FOLDER [FOLDER ...] --moved FOLDER``. People in
``--photos`` look into the camera: every other one fits the middle, the others are measured on. Of
24 people in ``--moved`` irises are moved by known lengths: the first 12 give the gain, the others
are measured on. Prints what `models.registration.gaze` holds and docs/registration.md says.
"""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.images import decode_image
from models.registration.alignment import align_to_canonical
from models.registration.contours import LEFT_EYE, RIGHT_EYE
from models.registration.face import FloatArray, ImageArray
from models.registration.gaze import gaze_of
from models.registration.headpose import head_pose, rotation
from models.registration.refined import (
    LEFT_IRIS,
    RIGHT_IRIS,
    RefinedFinder,
    RefinedMesh,
    load_refined_finder,
)
from models.registration.registrar import Registrar, load_registrar

DoubleArray = npt.NDArray[np.float64]
_ODD: Final = 0.25
"""Iris diameters off the fit past which a face is not taken for one that looks into the camera."""
_EYES: Final = ((RIGHT_EYE, RIGHT_IRIS, 1.0), (LEFT_EYE, LEFT_IRIS, -1.0))
MOVES: Final = ((0.2, 0.0), (-0.2, 0.0), (0.4, 0.0), (-0.4, 0.0), (0.0, 0.15), (0.0, -0.15))
"""Iris diameters to the image's right and down."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, nargs="+", required=True)
    parser.add_argument("--moved", type=Path, required=True)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    found = [
        mesh for folder in args.photos for path in sorted(folder.glob("*.jpg"))
        if (mesh := _refined(_photo(path))) is not None
    ]  # fmt: skip
    nose, down, back = fitted_middle(found[::2])
    print(f"{len(found)} faces; middle of the eye: {nose:.3f} {down:.3f} {back:.3f}")
    gazes = [gaze for mesh in found[1::2] if (gaze := gaze_of(mesh)) is not None]
    off = np.abs([[gaze.yaw, gaze.pitch] for gaze in gazes])
    print(f"others, off the camera: median {np.median(off, 0)}, 95% {np.quantile(off, 0.95, 0)}")
    paths = sorted(args.moved.glob("*.jpg"))
    for name, some in (("gain", paths[:12]), ("measured", paths[12:24])):
        for move, read in moved_gazes(some).items():
            told = [np.degrees(np.arcsin(length / 0.9)) for length in (move[0], -move[1])]
            print(name, move, f"turned {told[0]:.1f} {told[1]:.1f}",
                  f"read {read.mean(0).round(1)} sd {read.std(0, ddof=1).round(1)}")  # fmt: skip


def _photo(path: Path) -> ImageArray:
    return decode_image(path.read_bytes()).rgb


@cache
def _networks() -> tuple[Registrar, RefinedFinder]:
    return load_registrar(), load_refined_finder()


def _refined(photo: ImageArray) -> RefinedMesh | None:
    registrar, finder = _networks()
    located = registrar.locate(photo)
    return finder.refine(photo, located[0].mesh) if located else None


def fitted_middle(faces: list[RefinedMesh]) -> DoubleArray:
    """float64 (3,): towards the nose, down and back, in iris diameters, by least squares."""
    rows, seen = [], []
    for mesh in faces:
        points = mesh.points.astype(np.float64)
        turn = rotation(head_pose(align_to_canonical(mesh.mesh)[1]))
        for eye, iris, nose in _EYES:
            centre, right, top, left, bottom = points[list(iris), :2]
            diameter = (np.linalg.norm(right - left) + np.linalg.norm(top - bottom)) / 2
            corners = points[[eye.upper[0], eye.upper[-1]], :2].mean(axis=0)
            rows.append(turn[:2] * np.array([nose, 1.0, 1.0]))
            seen.append((centre - corners) / diameter)
    terms, wanted = np.stack(rows), np.stack(seen)  # 2N, 2, 3 and 2N, 2
    kept = np.ones(len(terms), bool)
    out = np.zeros(3)
    for _ in range(10):
        out = np.linalg.lstsq(terms[kept].reshape(-1, 3), wanted[kept].ravel(), rcond=None)[0]
        worst = np.abs(wanted - terms @ out).max(axis=1).reshape(-1, 2).max(axis=1)
        kept = np.repeat(worst < _ODD, 2)
    return np.asarray(out, np.float64)


def moved_gazes(paths: list[Path]) -> dict[tuple[float, float], DoubleArray]:
    """By move, how far yaw and pitch moved with the irises, (N, 2) degrees."""
    out: dict[tuple[float, float], list[tuple[float, float]]] = {move: [] for move in MOVES}
    for path in paths:
        photo = _photo(path)
        mesh = _refined(photo)
        ahead = None if mesh is None else gaze_of(mesh)
        if mesh is None or ahead is None:
            continue
        for move, kept in out.items():
            again = _refined(irises_moved(photo, mesh.points, move))
            gaze = None if again is None else gaze_of(again)
            if gaze is not None:
                kept.append((gaze.yaw - ahead.yaw, gaze.pitch - ahead.pitch))
    return {move: np.array(kept) for move, kept in out.items()}


def irises_moved(photo: ImageArray, points: FloatArray, move: tuple[float, float]) -> ImageArray:
    """The photo with its irises moved by `move` of their diameter, lids in place.

    Args:
        photo: uint8 (H, W, 3).
        points: (478, 3) of its refined mesh.
        move: to the image's right, and down.
    """
    height, width = photo.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    from_x, from_y = x.copy(), y.copy()
    for eye, iris, _ in _EYES:
        centre, right, _, left, _ = points[list(iris), :2]
        diameter = float(np.linalg.norm(right - left))
        across, down = (diameter * length for length in move)
        reach = np.hypot(x - centre[0] - across, y - centre[1] - down) / diameter
        rim = points[[*eye.upper, *eye.lower[::-1]], :2].astype(np.int32)
        within = cv2.fillPoly(np.zeros((height, width), np.float32), [rim], (1.0,))
        share = np.clip((1 - reach) / 0.45, 0, 1)
        share *= cv2.GaussianBlur(within, (0, 0), 0.03 * diameter)
        from_x -= across * share
        from_y -= down * share
    return np.asarray(cv2.remap(photo, from_x, from_y, cv2.INTER_LINEAR), np.uint8)


if __name__ == "__main__":
    main()
