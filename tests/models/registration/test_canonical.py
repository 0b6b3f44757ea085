"""The canonical face and the mesh's triangles."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from models.registration import contours
from models.registration.canonical import IndexArray, canonical_face
from models.registration.face import VERTEX_COUNT

FACE = canonical_face()


def outwards(triangles: IndexArray) -> np.ndarray:
    """z of each triangle's normal by its winding; negative is towards the camera."""
    a, b, c = (FACE.mesh[triangles[:, corner]] for corner in range(3))
    return np.cross(b - a, c - a)[:, 2]


def test_frame() -> None:
    assert FACE.mesh.shape == (VERTEX_COUNT, 3)
    assert FACE.mesh.dtype == np.float32
    assert (FACE.mesh.min(0) + FACE.mesh.max(0)) == pytest.approx([0, 0, 0], abs=1e-5)
    right_outer, right_inner, left_inner, left_outer = FACE.mesh[list(contours.EYE_CORNERS)]
    span = (left_outer + left_inner - right_outer - right_inner) / 2
    assert np.linalg.norm(span) == pytest.approx(1, abs=1e-5)


def test_axes() -> None:
    """x right in the image, y down, z towards the camera negative; the subject faces it."""
    forehead, chin, tip = FACE.mesh[10], FACE.mesh[152], FACE.mesh[4]
    right_ear, left_ear = FACE.mesh[234], FACE.mesh[454]
    assert right_ear[0] < -0.9 < 0.9 < left_ear[0]
    assert forehead[1] < -1.2 < 1.2 < chin[1]
    assert tip[2] == FACE.mesh[:, 2].min() or tip[2] < -0.7
    assert min(right_ear[2], left_ear[2]) > 0.5


def test_proportions_are_a_face_s() -> None:
    """Farkas, Anthropometry of the Head and Face (1994), young adults, as parts of the distance
    between the middles of the eyes (about 62 mm): mouth 52/62, nose 36/62, eye 31/62."""
    mouth = FACE.mesh[291] - FACE.mesh[61]
    nose = FACE.mesh[358] - FACE.mesh[129]
    eye = FACE.mesh[133] - FACE.mesh[33]
    assert np.linalg.norm(mouth) == pytest.approx(52 / 62, abs=0.1)
    assert np.linalg.norm(nose) == pytest.approx(36 / 62, abs=0.1)
    assert np.linalg.norm(eye) == pytest.approx(31 / 62, abs=0.08)


def test_mirror() -> None:
    assert np.array_equal(FACE.mirror[FACE.mirror], np.arange(VERTEX_COUNT))
    reflected = FACE.mesh[FACE.mirror] * np.array([-1, 1, 1], np.float32)
    assert np.array_equal(reflected, FACE.mesh)
    assert FACE.mirror[33] == 263
    assert FACE.mirror[61] == 291
    middle = np.flatnonzero(FACE.mirror == np.arange(VERTEX_COUNT))
    assert {10, 168, 4, 0, 13, 14, 17, 152} <= set(middle.tolist())


def test_triangles_make_one_closed_sheet() -> None:
    triangles = FACE.all_triangles
    assert (len(FACE.triangles), len(FACE.eye_triangles), len(FACE.mouth_triangles)) == (
        852,
        28,
        18,
    )
    directed = Counter(
        (int(row[corner]), int(row[(corner + 1) % 3])) for row in triangles for corner in range(3)
    )
    assert max(directed.values()) == 1  # wound alike: no edge twice in one direction
    rim = [edge for edge in directed if edge[::-1] not in directed]
    assert {vertex for edge in rim for vertex in edge} == set(FACE.oval)
    edges = {frozenset(edge) for edge in directed}
    # Euler: a disc without holes has V - E + F = 1.
    assert VERTEX_COUNT - len(edges) + len(triangles) == 1


def test_triangles_face_the_camera() -> None:
    assert (outwards(FACE.eye_triangles) < 0).all()
    assert (outwards(FACE.mouth_triangles) < 0).all()
    # Only folds of the lips and nostrils turn away.
    assert (outwards(FACE.triangles) > 0).mean() < 0.03


def test_contours_mirror_each_other() -> None:
    def mirrored(contour: contours.Contour) -> list[int]:
        return [int(FACE.mirror[vertex]) for vertex in reversed(contour)]

    for lips in (FACE.outer_lips, FACE.inner_lips):
        assert mirrored(lips.upper) == list(lips.upper)
        assert mirrored(lips.lower) == list(lips.lower)
    for right, left in ((FACE.right_eye, FACE.left_eye), (FACE.right_brow, FACE.left_brow)):
        assert mirrored(right.upper) == list(left.upper)
        assert mirrored(right.lower) == list(left.lower)


@pytest.mark.parametrize(
    "opening", [FACE.outer_lips, FACE.inner_lips, FACE.right_eye, FACE.left_eye]
)
def test_openings_run_from_right_to_left_and_share_their_corners(
    opening: contours.Opening,
) -> None:
    assert opening.upper[0] == opening.lower[0]
    assert opening.upper[-1] == opening.lower[-1]
    for contour in (opening.upper, opening.lower):
        assert (np.diff(FACE.mesh[list(contour), 0]) > 0).all()
    upper, lower = FACE.mesh[list(opening.upper), 1], FACE.mesh[list(opening.lower), 1]
    assert upper[1:-1].mean() < lower[1:-1].mean()


def test_the_oval_goes_clockwise_from_the_forehead() -> None:
    ring = FACE.mesh[list(FACE.oval), :2]
    following = np.roll(ring, -1, axis=0)
    area = (ring[:, 0] * following[:, 1] - ring[:, 1] * following[:, 0]).sum() / 2
    assert area > 3  # positive is clockwise where y points down
    assert FACE.oval[0] == 10


def test_arrays_are_read_only() -> None:
    for array in (FACE.mesh, FACE.triangles, FACE.mirror):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
