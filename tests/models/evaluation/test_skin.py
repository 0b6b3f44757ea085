"""How light skin is, measured from registered faces."""

from __future__ import annotations

import numpy as np
import pytest

from models.evaluation.skin import skin_group, typology_angle


def _face(colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((224, 224, 3), colour, np.uint8)


def test_the_angle_is_that_of_the_colour() -> None:
    """sRGB (200, 150, 120): L* 66.1, b* 23.1 by CIE 1976 at D65, so atan(16.1 / 23.1) = 34.8."""
    assert typology_angle(_face((200, 150, 120))) == pytest.approx(34.8, abs=0.4)


def test_darker_skin_has_a_smaller_angle() -> None:
    angles = [typology_angle(_face(c)) for c in ((235, 205, 185), (170, 120, 90), (80, 50, 40))]
    assert angles == sorted(angles, reverse=True)
    assert [skin_group([angle]) for angle in angles] == ["light", "medium", "dark"]


def test_grey_photos_are_sorted_too() -> None:
    assert skin_group([typology_angle(_face((210, 210, 210)))]) == "light"
    assert skin_group([typology_angle(_face((50, 50, 50)))]) == "dark"


def test_what_the_photo_does_not_show_is_not_measured() -> None:
    face = _face((200, 150, 120))
    face[100:160, 112:] = 0
    assert typology_angle(face) == pytest.approx(34.8, abs=0.4)
    assert np.isnan(typology_angle(_face((0, 0, 0))))
    assert skin_group([float("nan")]) is None
    assert skin_group([float("nan"), 50.0, 40.0]) == "light"


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a face"):
        typology_angle(np.zeros((96, 128, 3), np.uint8))
