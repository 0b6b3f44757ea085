"""Smaller meshes of the head, made of some of its vertices, so that every field fits them too."""

from __future__ import annotations

import fast_simplification  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt

from models.characters.head import Part
from scripts.pack_characters.model import WholeHead

INNER = 0.6
"""Share of the budget's density that parts inside the mouth get: little is seen of them."""


def reduced(whole: WholeHead, size: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Vertices to keep, int32 (K,), and triangles of their places, int32 (T, 3).

    Each part is reduced by itself, by quadric error (Garland & Heckbert 1997), and each vertex that
    is left stands for the nearest of those that were merged into it.
    """
    share = size / len(whole.vertices)
    kept: list[npt.NDArray[np.int64]] = []
    triangles: list[npt.NDArray[np.int64]] = []
    groups = ((Part.FACE, Part.HEAD), *((part,) for part in Part if part > Part.HEAD))
    for group in groups:
        members = np.flatnonzero(np.isin(whole.part, group))
        place = np.full(len(whole.vertices), -1)
        place[members] = np.arange(len(members))
        own = place[whole.triangles]
        own = own[(own >= 0).all(axis=1)]
        density = share * (INNER if group[0] > Part.SOCKET else 1.25)
        target = max(60, round(density * len(own)))
        picks, faces = _simplified(whole.vertices[members], own, target)
        triangles.append(faces + sum(len(each) for each in kept))
        kept.append(members[picks])
    return np.concatenate(kept).astype(np.int32), np.concatenate(triangles).astype(np.int32)


def _simplified(
    points: npt.NDArray[np.float64], faces: npt.NDArray[np.int64], target: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    _, _, collapses = fast_simplification.simplify(
        points, faces.astype(np.int32), target_count=target, return_collapses=True
    )
    left, left_faces, mapping = fast_simplification.replay_simplification(
        points, faces.astype(np.int32), collapses
    )
    distance = np.linalg.norm(points - left[mapping], axis=1)
    order = np.lexsort((distance, mapping))
    firsts = order[np.searchsorted(mapping[order], np.arange(len(left)))]
    return firsts, np.asarray(left_faces, np.int64)
