"""A face as what sets it apart from the same face at rest."""

from __future__ import annotations

import numpy as np
import pytest

from models.normalisation.au0 import difference


def test_difference_by_hand() -> None:
    faces = np.zeros((1, 1, 3, 3), np.uint8)
    faces[0, 0] = [[255, 100, 1], [10, 10, 10], [0, 0, 0]]
    neutral = np.array([[[0, 100, 52], [0, 0, 0], [9, 9, 9]]], np.uint8)
    found = difference(faces, neutral)
    np.testing.assert_allclose(found[0, 0, 0], [1, 0, -0.2])
    assert not found[0, 0, 1:].any()  # hidden in the one, hidden in the other


def test_a_face_is_not_different_from_itself() -> None:
    faces = np.random.default_rng(0).integers(0, 255, (3, 8, 6, 3), np.uint8)
    assert not difference(faces, faces).any()
    one = difference(faces, faces[0])
    assert not one[0].any()
    assert one[1].any()


def test_shapes_must_fit() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        difference(np.zeros((2, 4, 4, 3), np.uint8), np.zeros((3, 4, 4, 3), np.uint8))
