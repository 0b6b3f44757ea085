"""The triangle raster."""

from __future__ import annotations

import numpy as np
import pytest

from models.registration.face import FloatArray
from models.registration.raster import IndexArray, depth_map, interpolate, rasterise

SQUARE = np.array([[1, 1, 0], [5, 1, 0], [5, 5, 0], [1, 5, 0]], np.float32)
HALVES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def triangles(*rows: tuple[int, int, int]) -> IndexArray:
    return np.array(rows, np.int32)


def moved(x: float = 0, z: float = 0) -> FloatArray:
    """The square, elsewhere."""
    return SQUARE + np.array([x, 0, z], np.float32)


def test_pixel_centres_inside_are_drawn_and_no_others() -> None:
    vertices = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0]], np.float32)
    index, _ = rasterise(vertices, triangles((0, 1, 2)), 6, 6)
    # x + y <= 4, edges included
    expected = [[0 if x + y <= 4 else -1 for x in range(6)] for y in range(6)]
    assert index.tolist() == expected


def test_barycentric_coordinates() -> None:
    vertices = np.array([[0, 0, 0], [8, 0, 0], [0, 4, 0]], np.float32)
    _, barycentric = rasterise(vertices, triangles((0, 1, 2)), 5, 9)
    # At x = 2, y = 1: a quarter of the way to the second vertex, a quarter to the third.
    assert barycentric[1, 2] == pytest.approx([0.5, 0.25, 0.25])
    assert barycentric[4, 8].tolist() == [0, 0, 0]


def test_triangles_that_share_an_edge_leave_no_gap() -> None:
    chance = np.random.default_rng(0)
    for _ in range(20):
        turn = chance.uniform(0, np.pi)
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        corners = np.array([[-9, -9], [9, -9], [9, 9], [-9, 9]]) @ matrix.T + 16
        vertices = np.column_stack([corners, np.zeros(4)]).astype(np.float32)
        index, _ = rasterise(vertices, HALVES, 32, 32)
        for row in index >= 0:
            drawn = np.flatnonzero(row)
            assert len(drawn) == 0 or len(drawn) == drawn[-1] - drawn[0] + 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_nearest_wins_whatever_the_order(order: tuple[int, int]) -> None:
    vertices = np.concatenate([moved(z=-5), moved(z=5)])
    pair = triangles((0, 1, 2), (4, 5, 6))[list(order)]
    index, _ = rasterise(vertices, pair, 7, 7)
    assert index[1, 3] == order.index(0)


def test_crossing_triangles_split_where_they_cross() -> None:
    sloping = np.array([[0, 0, -4], [8, 0, 4], [0, 8, -4], [8, 8, 4]], np.float32)  # z = x - 4
    level = np.array([[0, 0, 0], [8, 0, 0], [0, 8, 0], [8, 8, 0]], np.float32)
    pairs = triangles((0, 1, 2), (1, 3, 2), (4, 5, 6), (5, 7, 6))
    index, _ = rasterise(np.concatenate([sloping, level]), pairs, 9, 9)
    assert (index[4, :4] < 2).all()
    assert (index[4, 5:] >= 2).all()


def test_where_depths_are_equal_the_earlier_stays() -> None:
    index, _ = rasterise(SQUARE, triangles((0, 1, 2), (0, 1, 2)), 7, 7)
    assert set(np.unique(index)) == {-1, 0}


def test_front_triangles_hide_the_others_at_any_depth() -> None:
    vertices = np.concatenate([moved(z=5), moved(z=-5)])
    pair = triangles((0, 1, 2), (4, 5, 6), (4, 6, 7))
    index, _ = rasterise(vertices, pair, 7, 7, front=1)
    assert index[1, 3] == 0
    alone, _ = rasterise(vertices, pair[1:], 7, 7)
    beside = index != 0
    assert (alone[beside] >= 0).any()  # what it does not cover stays theirs
    assert (index[beside] == np.where(alone < 0, -1, alone + 1)[beside]).all()


def test_both_windings_are_drawn() -> None:
    one, _ = rasterise(SQUARE, triangles((0, 1, 2)), 7, 7)
    other, _ = rasterise(SQUARE, triangles((0, 2, 1)), 7, 7)
    assert np.array_equal(one, other)


def test_what_lies_beyond_the_image_is_cut_off() -> None:
    vertices = np.array([[-1e6, -1e6, 0], [1e6, -1e6, 0], [0, 2e6, 0]], np.float32)
    index, barycentric = rasterise(vertices, triangles((0, 1, 2)), 4, 5)
    assert (index == 0).all()
    assert barycentric.sum(-1) == pytest.approx(np.ones((4, 5)), abs=1e-6)
    index, _ = rasterise(moved(x=100), HALVES, 7, 7)
    assert (index == -1).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_vertices_that_are_not_finite_are_skipped(bad: float) -> None:
    vertices = SQUARE.copy()
    vertices[3, 0] = bad
    index, _ = rasterise(vertices, HALVES, 7, 7)
    assert set(np.unique(index)) == {-1, 0}


def test_triangles_without_area_are_skipped() -> None:
    index, _ = rasterise(SQUARE, triangles((0, 0, 1), (0, 1, 1)), 7, 7)
    assert (index == -1).all()


def test_interpolation_is_exact_for_what_is_linear() -> None:
    vertices = np.array([[0, 0, 0], [20, 3, 0], [5, 17, 0]], np.float32)
    pair = triangles((0, 1, 2))
    index, barycentric = rasterise(vertices, pair, 18, 21)
    values = np.column_stack([2 * vertices[:, 0] - vertices[:, 1] + 7, vertices[:, 1]])
    drawn = interpolate(index, barycentric, pair, values.astype(np.float32), empty=-1)
    rows, columns = np.nonzero(index >= 0)
    assert drawn[rows, columns, 0] == pytest.approx(2 * columns - rows + 7, abs=1e-4)
    assert drawn[rows, columns, 1] == pytest.approx(rows, abs=1e-4)
    assert (drawn[index < 0] == -1).all()
    assert drawn.dtype == np.float32


def test_depth_map() -> None:
    vertices = np.concatenate([moved(z=2), moved(z=-3)])
    depth = depth_map(vertices, triangles((0, 1, 2), (4, 5, 6)), 7, 7)
    assert depth[1, 3] == -3
    assert depth[0, 0] == np.inf


def test_same_input_same_bytes() -> None:
    chance = np.random.default_rng(3)
    vertices = chance.uniform(0, 60, (200, 3)).astype(np.float32)
    many = chance.integers(0, 200, (500, 3), np.int32)
    one, other = (rasterise(vertices, many, 64, 64) for _ in range(2))
    assert one[0].tobytes() == other[0].tobytes()
    assert one[1].tobytes() == other[1].tobytes()


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"vertices must be \(V, 3\)"):
        rasterise(SQUARE[:, :2], HALVES, 4, 4)
    with pytest.raises(ValueError, match=r"triangles must be \(T, 3\)"):
        rasterise(SQUARE, HALVES[:, :2], 4, 4)
    with pytest.raises(ValueError, match="beyond the 4"):
        rasterise(SQUARE, triangles((0, 1, 4)), 4, 4)
    with pytest.raises(ValueError, match="beyond the 4"):
        rasterise(SQUARE, triangles((0, 1, -1)), 4, 4)
    index, barycentric = rasterise(SQUARE, HALVES, 7, 7)
    with pytest.raises(ValueError, match=r"attributes must be \(V, C\)"):
        interpolate(index, barycentric, HALVES, SQUARE[:, 0])
    with pytest.raises(ValueError, match="other triangles"):
        interpolate(index, barycentric, HALVES[:1], SQUARE)
