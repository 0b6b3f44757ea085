"""The ICT Face Model Light, turned to the axes of the canonical frame."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
FACE_VERTICES = 9409
"""The skin of the face comes first in the model's vertex order."""

LANDMARKS = (
    268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857,
    1140, 2075, 1147, 4269, 3360, 1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756,
    3721, 3725, 3732, 5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957,
    5841, 5702, 5711, 5533, 6216, 6207, 6470, 5517, 5966,
)  # fmt: skip
"""Vertices of the 51 inner landmarks, in the usual order from the subject's right brow."""

Waypoints = tuple[int, ...]
"""Vertices that a contour passes, corner to corner."""
INNER_LIP: Mapping[str, Waypoints] = {
    "upper": (5702, 5711, 5533, 6216, 6207),
    "lower": (5702, 5966, 5517, 6470, 6207),
}
OUTER_LIP: Mapping[str, Waypoints] = {
    "upper": (5708, 5695, 2081, 0, 4275, 6200, 6213),
    "lower": (5708, 5841, 5957, 5518, 6461, 6346, 6213),
}
LIDS: Mapping[str, Waypoints] = {
    "right_upper": (1507, 1542, 1537, 1528),
    "right_lower": (1507, 1511, 1518, 1528),
    "left_upper": (3742, 3751, 3756, 3721),
    "left_lower": (3742, 3732, 3725, 3721),
}


@dataclass(frozen=True)
class IctModel:
    """Skin of the face: neutral (V, 3), triangles (T, 3), expressions by name, identity modes."""

    neutral: Array
    triangles: npt.NDArray[np.int64]
    expressions: dict[str, Array]
    identities: Array

    def contour(self, waypoints: Waypoints) -> list[int]:
        """Vertices along the shortest edge path through `waypoints`."""
        edges: dict[int, set[int]] = defaultdict(set)
        for a, b, c in self.triangles.tolist():
            for u, v in ((a, b), (b, c), (c, a)):
                edges[u].add(v)
                edges[v].add(u)
        path = [waypoints[0]]
        for start, end in pairwise(waypoints):
            path += self._shortest(edges, start, end)[1:]
        return path

    def _shortest(self, edges: dict[int, set[int]], start: int, end: int) -> list[int]:
        best = {start: (0.0, start)}
        heap = [(0.0, start)]
        while heap:
            cost, vertex = heapq.heappop(heap)
            if vertex == end:
                break
            for other in edges[vertex]:
                step = cost + float(np.linalg.norm(self.neutral[vertex] - self.neutral[other]))
                if other not in best or step < best[other][0]:
                    best[other] = (step, vertex)
                    heapq.heappush(heap, (step, other))
        path = [end]
        while path[-1] != start:
            path.append(best[path[-1]][1])
        return path[::-1]


def load_ict(path: Path) -> IctModel:
    """Read ``ict_face.npz``; y and z are flipped to point down and away from the camera."""
    flip = np.array([1.0, -1.0, -1.0])
    with np.load(path, allow_pickle=False) as file:
        quads = file["faces"].astype(np.int64)
        quads = quads[(quads < FACE_VERTICES).all(axis=1)]
        names = [str(name) for name in file["expression_names"]]
        shapes = file["expressions"][:, :FACE_VERTICES].astype(np.float64) * flip
        neutral = file["neutral"][:FACE_VERTICES].astype(np.float64) * flip
        identities = file["identities"][:, :FACE_VERTICES].astype(np.float64) * flip
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return IctModel(neutral, triangles, dict(zip(names, shapes, strict=True)), identities)
