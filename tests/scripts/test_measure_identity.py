"""Choosing the distance at which two faces count as two people's; unpacking published weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from scripts.fetch_identity import unpacked
from scripts.measure_identity import Seen, chosen_limit, distances, rates


def people(spread: float) -> Seen:
    """Four people on the corners of a square of side 1, seen by two cameras a `spread` apart."""
    places = np.zeros((4, 2, 128), np.float32)
    places[:, :, :2] = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])[:, None]
    others = places[:, None].copy()
    others[:, :, 1, 2] = spread
    return Seen(places, {"smile": others})


def test_distances_are_own_and_strangers() -> None:
    own, strangers = distances(people(0.3))
    assert np.unique(own["smile"]) == pytest.approx([0.0, 0.3])
    assert own["smile"].size == 4 * 2 * 2
    assert strangers.size == 12 * 2 * 2
    assert strangers.min() == pytest.approx(1.0)


def test_the_limit_lies_between_own_and_strangers() -> None:
    seen = people(0.4)
    limit = chosen_limit(seen, np.eye(128, dtype=np.float32)[:3])
    assert 0.4 <= limit < 1.0
    found = rates(seen, limit)
    assert found["own smile refused"] == found["strangers let through"] == 0
    assert rates(seen, 0.35)["own smile refused"] == 0.5
    assert rates(seen, 1.1)["strangers let through"] > 0.3


def test_published_weights_are_read_by_their_manifest() -> None:
    manifest: Any = [
        {
            "weights": [
                {
                    "name": "a",
                    "shape": [2],
                    "dtype": "float32",
                    "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0},
                },
                {"name": "b", "shape": [1], "dtype": "float32"},
            ]
        }
    ]
    content = bytes([0, 4]) + np.array([2.5], np.float32).tobytes()
    read = unpacked(manifest, content)
    stored, low, step = read["a"]
    assert (stored * step + low).tolist() == [-1.0, 1.0]
    assert read["b"][0].tolist() == [2.5]
    with pytest.raises(SystemExit, match="bytes of weights"):
        unpacked(manifest, content + b"?")
