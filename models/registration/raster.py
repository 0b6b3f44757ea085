"""A z-buffered triangle raster, and the interpolation of vertex attributes over it.

Compiled by numba, because nothing simpler fits: a face is some 900 to 4,000 small triangles, each
covering some tens of pixels, so NumPy would spend its time between the calls, OpenCV draws
triangles without a depth test, and an OpenGL context is neither on every server nor the same to
the bit on two of them. The loops below run on one core, take the triangles in their order and
give the same bytes every time. The machine code is cached beside this file (or under
``NUMBA_CACHE_DIR``), so that only the first process on a machine compiles; the lock on the
interpreter is let go while they run.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from models.registration.face import FloatArray

IndexArray = npt.NDArray[np.int32]

_SLACK = 1e-9
"""Barycentric slack that gives a pixel centre on a shared edge to both triangles, not to none."""


def rasterise(
    vertices: FloatArray, triangles: IndexArray, height: int, width: int, front: int = 0
) -> tuple[IndexArray, FloatArray]:
    """Which triangle each pixel centre shows, the nearest (least z) winning.

    Pixel centres are at integers. Both windings are drawn; where depths are equal the earlier
    triangle stays. Triangles without area, or with a vertex that is not finite, are skipped.

    Args:
        vertices: float32 (V, 3), x and y in pixels and depth, towards the camera negative.
        triangles: int32 (T, 3).
        height, width: of the image.
        front: how many triangles, the first ones, hide the others at any depth.

    Returns:
        int32 (height, width), the triangle's row or -1 for none, and float32 (height, width, 3),
        the barycentric coordinates in it, 0 for none.

    Raises:
        ValueError: a shape is wrong or a triangle names a vertex that does not exist.
    """
    index, barycentric, _ = _drawn(vertices, triangles, height, width, front)
    return index, barycentric


def depth_map(vertices: FloatArray, triangles: IndexArray, height: int, width: int) -> FloatArray:
    """The least depth at each pixel centre: float32 (height, width), infinite for none.

    Arguments and errors are those of `rasterise`; no triangle goes before others.
    """
    return _drawn(vertices, triangles, height, width, 0)[2]


def _drawn(
    vertices: FloatArray, triangles: IndexArray, height: int, width: int, front: int
) -> tuple[IndexArray, FloatArray, FloatArray]:
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ValueError(f"vertices must be (V, 3), not {vertices.shape}")
    _check_triangles(triangles, len(vertices))
    index = np.full((height, width), -1, np.int32)
    barycentric = np.zeros((height, width, 3), np.float32)
    depth = np.full((height, width), np.inf, np.float32)
    _fill(
        np.ascontiguousarray(vertices, np.float64),
        np.ascontiguousarray(triangles, np.int32),
        front,
        index,
        barycentric,
        depth,
    )
    return index, barycentric, depth


def interpolate(
    triangle_index: IndexArray,
    barycentric: FloatArray,
    triangles: IndexArray,
    attributes: FloatArray,
    empty: float = 0.0,
) -> FloatArray:
    """Vertex attributes (V, C) at every pixel of a raster: float32 (H, W, C), `empty` for none.

    Raises:
        ValueError: a shape is wrong or a triangle names a vertex that does not exist.
    """
    if attributes.ndim != 2:
        raise ValueError(f"attributes must be (V, C), not {attributes.shape}")
    _check_triangles(triangles, len(attributes))
    if triangle_index.max(initial=-1) >= len(triangles):
        raise ValueError("the raster was made of other triangles")
    out = np.empty((*triangle_index.shape, attributes.shape[1]), np.float32)
    _blend(
        np.ascontiguousarray(triangle_index, np.int32),
        np.ascontiguousarray(barycentric, np.float32),
        np.ascontiguousarray(triangles, np.int32),
        np.ascontiguousarray(attributes, np.float32),
        np.float32(empty),
        out,
    )
    return out


def _check_triangles(triangles: IndexArray, vertex_count: int) -> None:
    if triangles.ndim != 2 or triangles.shape[1] != 3:
        raise ValueError(f"triangles must be (T, 3), not {triangles.shape}")
    if len(triangles) and not 0 <= triangles.min() <= triangles.max() < vertex_count:
        raise ValueError(f"triangles name vertices beyond the {vertex_count} given")


@njit(cache=True, nogil=True)
def _fill(
    vertices: npt.NDArray[np.float64],
    triangles: IndexArray,
    front: int,
    index: IndexArray,
    barycentric: FloatArray,
    depth: FloatArray,
) -> None:
    height, width = index.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, az = vertices[a, 0], vertices[a, 1], vertices[a, 2]
        bx, by, bz = vertices[b, 0], vertices[b, 1], vertices[b, 2]
        cx, cy, cz = vertices[c, 0], vertices[c, 1], vertices[c, 2]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if not abs(area) > 1e-12 or not math.isfinite(area + az + bz + cz):
            continue
        left = max(0, math.ceil(max(-1.0, min(ax, bx, cx))))
        right = min(width - 1, math.floor(min(float(width), max(ax, bx, cx))))
        top = max(0, math.ceil(max(-1.0, min(ay, by, cy))))
        bottom = min(height - 1, math.floor(min(float(height), max(ay, by, cy))))
        v_right, v_down = (cy - ay) / area, (ax - cx) / area
        w_right, w_down = (ay - by) / area, (bx - ax) / area
        for y in range(top, bottom + 1):
            v = (left - ax) * v_right + (y - ay) * v_down - v_right
            w = (left - ax) * w_right + (y - ay) * w_down - w_right
            for x in range(left, right + 1):
                v += v_right
                w += w_right
                u = 1.0 - v - w
                if u < -_SLACK or v < -_SLACK or w < -_SLACK:
                    continue
                if 0 <= index[y, x] < front <= t:
                    continue
                z = np.float32(u * az + v * bz + w * cz)
                if z < depth[y, x]:
                    depth[y, x] = z
                    index[y, x] = t
                    barycentric[y, x, 0] = u
                    barycentric[y, x, 1] = v
                    barycentric[y, x, 2] = w


@njit(cache=True, nogil=True)
def _blend(
    index: IndexArray,
    barycentric: FloatArray,
    triangles: IndexArray,
    attributes: FloatArray,
    empty: np.float32,
    out: FloatArray,
) -> None:
    height, width, channels = out.shape
    for y in range(height):
        for x in range(width):
            t = index[y, x]
            if t < 0:
                for k in range(channels):
                    out[y, x, k] = empty
                continue
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            u, v, w = barycentric[y, x, 0], barycentric[y, x, 1], barycentric[y, x, 2]
            for k in range(channels):
                out[y, x, k] = u * attributes[a, k] + v * attributes[b, k] + w * attributes[c, k]
