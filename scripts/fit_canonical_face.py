"""Make ``models/registration/canonical_face.npz``: the mean neutral face and the mesh's triangles.

    python scripts/fit_canonical_face.py DATA WHEEL

DATA holds ``london/neutral/*.jpg`` (DeBruine & Jones, Face Research Lab London Set, CC BY 4.0,
doi 10.6084/m9.figshare.5047666) and ``canada/*.jpg`` (DeBruine & Jones, CC BY 4.0,
doi 10.6084/m9.figshare.4220517). WHEEL is the MediaPipe wheel that ``models.assets`` names
(Apache-2.0), whose list of mesh edges gives the triangles. Only the averaged mesh and
the list of triangles are kept; no photo and no single person's mesh is.
"""

from __future__ import annotations

import argparse
import ast
import zipfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from models.registration import contours, detector, mesh
from models.registration.alignment import fit_similarity
from models.registration.contours import Opening
from models.registration.face import VERTEX_COUNT
from models.registration.network import Network
from models.registration.pyramid import Pyramid

DoubleArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.int32]

OUTPUT = Path(__file__).resolve().parents[1] / "models/registration/canonical_face.npz"
_EDGES = "mediapipe/python/solutions/face_mesh_connections.py"
_ROUNDS = 20


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    photos = sorted((options.data / "london/neutral").glob("*.jpg"))
    photos += sorted((options.data / "canada").glob("*.jpg"))
    meshes = measure(photos)
    mean = upright(procrustes_mean(meshes))
    mirror = mirror_permutation(mean)
    if not np.array_equal(mirror[mirror], np.arange(VERTEX_COUNT)):
        raise SystemExit("the mirror of the mirror is not the vertex itself")
    face = normalised(symmetrised(mean, mirror))
    triangles = skin_triangles(options.wheel)
    np.savez_compressed(
        options.output,
        mesh=face.astype(np.float32),
        triangles=triangles,
        eye_triangles=np.concatenate([filling(contours.RIGHT_EYE), filling(contours.LEFT_EYE)]),
        mouth_triangles=filling(contours.INNER_LIPS),
        mirror=mirror,
    )
    print(f"{len(meshes)} faces, {len(triangles)} triangles -> {options.output}")


def measure(photos: Sequence[Path]) -> DoubleArray:
    """The mesh of the one face in each photo, (N, 468, 3) in pixels."""
    find = detector.Detector(Network.load(detector.ASSET))
    finder = mesh.MeshFinder(Network.load(mesh.ASSET))
    found = []
    for path in photos:
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if bgr is None:
            raise SystemExit(f"{path} cannot be read")
        pyramid = Pyramid(np.asarray(bgr[..., ::-1], np.uint8))
        hits = next(find.passes(pyramid)).detections()
        if not hits:
            raise SystemExit(f"no face in {path}")
        found.append(finder.find(pyramid, max(hits, key=lambda hit: hit.side)).points)
    return np.array(found, np.float64)


def procrustes_mean(meshes: DoubleArray) -> DoubleArray:
    """Generalised Procrustes mean (Gower 1975): align all to the mean, average, repeat.

    Every mesh may turn, grow and move; none is deformed. The mean is left turned as the sitters
    are on average, who look straight at the camera: nothing else says which nod is zero.
    """
    centred = meshes - meshes.mean(1, keepdims=True)
    unturned = centred / np.sqrt((centred**2).sum(2).mean(1))[:, None, None]
    mean = np.asarray(unturned.mean(0), np.float64)
    for _ in range(_ROUNDS):
        mean = mean / np.sqrt((mean**2).sum(1).mean())
        aligned = [fit_similarity(one, mean).apply(one) for one in meshes]
        mean = np.asarray(np.mean(aligned, axis=0), np.float64)
    turned = np.asarray(unturned.mean(0), np.float64)
    return fit_similarity(mean, turned).apply(mean)


def upright(points: DoubleArray) -> DoubleArray:
    """The mesh turned so that left and right mirror each other across x = 0."""
    out = np.asarray(points - points.mean(0), np.float64)
    for _ in range(_ROUNDS):
        mirrored = (out * [-1.0, 1.0, 1.0])[mirror_permutation(out)]
        half_way = np.asarray((out + mirrored) / 2, np.float64)
        out = fit_similarity(out, half_way).apply(out)
    return out


def mirror_permutation(points: DoubleArray) -> IndexArray:
    """For each vertex the vertex nearest its mirror image."""
    mirrored = points * [-1.0, 1.0, 1.0]
    distances = np.linalg.norm(mirrored[:, None] - points[None], axis=2)
    return np.asarray(distances.argmin(1), np.int32)


def symmetrised(points: DoubleArray, mirror: IndexArray) -> DoubleArray:
    """The mean of the mesh and its mirror image."""
    return np.asarray((points + points[mirror] * [-1.0, 1.0, 1.0]) / 2, np.float64)


def normalised(points: DoubleArray) -> DoubleArray:
    """Origin at the middle of the bounding box, unit between the middles of the eyes."""
    outer_right, inner_right, inner_left, outer_left = points[list(contours.EYE_CORNERS)]
    unit = np.linalg.norm((outer_left + inner_left - outer_right - inner_right) / 2)
    middle = (points.min(0) + points.max(0)) / 2
    return np.asarray((points - middle) / unit, np.float64)


def skin_triangles(wheel: Path) -> IndexArray:
    """The triangles of the mesh, from the wheel's list of directed edges, three to a triangle."""
    with zipfile.ZipFile(wheel) as archive:
        source = archive.read(_EDGES).decode()
    edges = _listed_edges(source, "FACEMESH_TESSELATION")
    triangles = []
    for first, second, third in zip(edges[0::3], edges[1::3], edges[2::3], strict=True):
        if (first[1], second[1], third[1]) != (second[0], third[0], first[0]):
            raise SystemExit(f"{first}, {second}, {third} do not close a triangle")
        triangles.append((first[0], second[0], third[0]))
    directed = [pair for a, b, c in triangles for pair in ((a, b), (b, c), (c, a))]
    if len(set(directed)) != len(directed):
        raise SystemExit("two triangles run along one edge in the same direction")
    return np.array(triangles, np.int32)


def _listed_edges(source: str, name: str) -> list[tuple[int, int]]:
    """The pairs in ``NAME = frozenset([...])``, in the order of the source."""
    for node in ast.parse(source).body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == name
            and isinstance(node.value, ast.Call)
        ):
            return list(ast.literal_eval(node.value.args[0]))
    raise SystemExit(f"the wheel lists no {name}")


def filling(opening: Opening) -> IndexArray:
    """Triangles between the upper and the lower contour of an opening, wound like the skin's."""
    triangles: list[tuple[int, int, int]] = []
    upper, lower = opening.upper, opening.lower
    last = len(upper) - 2
    for index in range(last + 1):
        top, top_next = upper[index], upper[index + 1]
        low, low_next = lower[index], lower[index + 1]
        if index == 0:
            triangles.append((top, low_next, top_next))
        elif index == last:
            triangles.append((top, low, top_next))
        elif index < len(upper) // 2:
            # Diagonals mirror about the middle of the opening.
            triangles += [(top, low_next, top_next), (top, low, low_next)]
        else:
            triangles += [(top, low, top_next), (top_next, low, low_next)]
    return np.array(triangles, np.int32)


if __name__ == "__main__":
    main()
