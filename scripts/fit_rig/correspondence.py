"""Where each vertex of the dense face mesh lies on the ICT face.

Identity fit on 51 landmarks, lip and lid contours matched by arc length, a thin-plate spline that
takes the ICT face onto the canonical one, then the closest surface point; vertices of the upper and
lower lip only ever meet their own lip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from scripts.fit_rig.ict import INNER_LIP, LANDMARKS, LIDS, OUTER_LIP, IctModel, Waypoints

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

MESH_LANDMARKS = (
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 168, 197, 5, 4, 98, 97, 2, 326, 327,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380, 61, 39, 37, 0, 267, 269, 291,
    405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87,
)  # fmt: skip
"""Face-mesh vertices of the 51 landmarks, in the order of `ict.LANDMARKS`."""

MESH_CONTOURS = {
    "inner_upper": (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
    "inner_lower": (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
    "outer_upper": (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
    "outer_lower": (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
    "right_upper": (33, 246, 161, 160, 159, 158, 157, 173, 133),
    "right_lower": (33, 7, 163, 144, 145, 153, 154, 155, 133),
    "left_upper": (362, 398, 384, 385, 386, 387, 388, 466, 263),
    "left_lower": (362, 382, 381, 380, 374, 373, 390, 249, 263),
}


@dataclass(frozen=True)
class Correspondence:
    """Each dense vertex as a point in an ICT triangle.

    corners (V, 3) ICT vertices, weights (V, 3), scale: canonical units per ICT centimetre.
    """

    corners: Indices
    weights: Array
    scale: float

    def transfer(self, displacement: Array) -> Array:
        """ICT displacement (9409, 3) in cm -> dense displacement (V, 3) in canonical units."""
        mixed = np.einsum("vc,vck->vk", self.weights, displacement[self.corners])
        return np.asarray(mixed * self.scale, np.float64)


def correspond(
    ict: IctModel,
    coarse: Array,
    dense: Array,
    upper: npt.NDArray[np.bool_],
    lower: npt.NDArray[np.bool_],
) -> Correspondence:
    """Match `dense` (V, 3) of the canonical face with vertices `coarse` (468, 3).

    `upper` and `lower` mark dense vertices that belong to the upper and the lower lip.
    """
    fitted, scale = _fit_identity(ict, coarse)
    source, target = _contour_pairs(ict, fitted, coarse)
    source = np.concatenate([fitted[list(LANDMARKS)], source])
    target = np.concatenate([coarse[list(MESH_LANDMARKS)], target])
    source, unique = np.unique(source.round(6), axis=0, return_index=True)
    warp = RBFInterpolator(source, target[unique], kernel="thin_plate_spline", smoothing=1e-4)
    warped = warp(fitted)
    jaw = ict.expressions["jawOpen"][:, 1]
    is_lower = jaw > 0.5 * jaw.max()
    corners, weights = _closest(warped, ict.triangles, dense, upper, lower, is_lower)
    return Correspondence(corners, weights, scale)


def _fit_identity(ict: IctModel, coarse: Array) -> tuple[Array, float]:
    """ICT face with this identity, aligned to `coarse`; and the scale of the alignment."""
    goal = coarse[list(MESH_LANDMARKS)]
    marks = list(LANDMARKS)
    coefficients: Array = np.zeros(len(ict.identities))
    for _ in range(6):
        shape = ict.neutral + np.tensordot(coefficients, ict.identities, 1)
        scale, rotation, shift = _similarity(shape[marks], goal)
        back = (goal - shift) @ rotation / scale
        residual = (back - ict.neutral[marks]).ravel()
        modes = ict.identities[:, marks].reshape(len(ict.identities), -1).T
        ridge = 0.5 * np.eye(modes.shape[1])
        coefficients[:] = np.linalg.solve(modes.T @ modes + ridge, modes.T @ residual)
    shape = ict.neutral + np.tensordot(coefficients, ict.identities, 1)
    return scale * shape @ rotation.T + shift, scale


def _similarity(source: Array, target: Array) -> tuple[float, Array, Array]:
    """Umeyama 1991: scale, rotation, shift with target ~ scale * source @ rotation.T + shift."""
    a, b = source - source.mean(0), target - target.mean(0)
    u, s, vt = np.linalg.svd(b.T @ a)
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = u @ sign @ vt
    scale = float((s * sign.diagonal()).sum() / (a**2).sum())
    return scale, rotation, target.mean(0) - scale * source.mean(0) @ rotation.T


def _contour_pairs(ict: IctModel, fitted: Array, coarse: Array) -> tuple[Array, Array]:
    ways: dict[str, Waypoints] = {f"inner_{k}": v for k, v in INNER_LIP.items()}
    ways.update({f"outer_{k}": v for k, v in OUTER_LIP.items()})
    ways.update(LIDS)
    source, target = [], []
    for name, waypoints in ways.items():
        ours = coarse[list(MESH_CONTOURS[name])]
        theirs = fitted[ict.contour(waypoints)]
        source.append(_at_arc_length(theirs, _arc_length(ours)))
        target.append(ours)
    return np.concatenate(source), np.concatenate(target)


def _arc_length(points: Array) -> Array:
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    return np.asarray(length / length[-1], np.float64)


def _at_arc_length(points: Array, positions: Array) -> Array:
    length = _arc_length(points)
    return np.stack([np.interp(positions, length, points[:, k]) for k in range(3)], axis=1)


def _closest(
    surface: Array,
    triangles: Indices,
    points: Array,
    upper: npt.NDArray[np.bool_],
    lower: npt.NDArray[np.bool_],
    is_lower: npt.NDArray[np.bool_],
) -> tuple[Indices, Array]:
    """Closest point on the surface for each point, as triangle corners and weights."""
    corners = surface[triangles]
    centres = corners.mean(axis=1)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facing = normals[:, 2] * np.sign(np.median(normals[:, 2])) > 0
    face_lower = is_lower[triangles].mean(axis=1) > 0.5
    choices = {"upper": facing & ~face_lower, "lower": facing & face_lower, "any": facing}
    label = np.where(upper, "upper", np.where(lower, "lower", "any"))
    found = np.zeros((len(points), 3), np.int64)
    weights = np.zeros((len(points), 3))
    for name, allowed in choices.items():
        wanted = np.flatnonzero(label == name)
        if not len(wanted):
            continue
        index = np.flatnonzero(allowed)
        tree = cKDTree(centres[index])
        _, near = tree.query(points[wanted], k=24)
        for row, vertex in enumerate(wanted):
            candidates = index[near[row]]
            bary, distance = _project(points[vertex], corners[candidates])
            best = int(distance.argmin())
            found[vertex], weights[vertex] = triangles[candidates[best]], bary[best]
    return found, weights


def _project(point: Array, corners: Array) -> tuple[Array, Array]:
    """Barycentric weights of the point of each triangle (K, 3, 3) closest to `point`, distances."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    u, v, w = b - a, c - a, point - a
    uu, uv, vv = (u * u).sum(1), (u * v).sum(1), (v * v).sum(1)
    wu, wv = (w * u).sum(1), (w * v).sum(1)
    area = np.maximum(uu * vv - uv * uv, 1e-18)
    s = (vv * wu - uv * wv) / area
    t = (uu * wv - uv * wu) / area
    bary = np.clip(np.stack([1 - s - t, s, t], axis=1), 0, None)
    bary /= bary.sum(axis=1, keepdims=True)
    nearest = np.einsum("kc,kcd->kd", bary, corners)
    return bary, np.linalg.norm(nearest - point, axis=1)
