"""The mean of a subject's frames, pixel by pixel over the frames that show it."""

from __future__ import annotations

import numpy as np
import pytest

from models.normalisation.mean_texture import MeanTexture, mean_texture


def test_the_mean_of_what_is_shown() -> None:
    frames = np.zeros((3, 2, 2, 3), np.uint8)
    frames[:, 0, 0] = [[10, 20, 30], [20, 20, 31], [30, 20, 32]]
    frames[1, 0, 1] = [7, 8, 9]  # hidden in the others
    found = mean_texture(frames)
    assert found[0, 0].tolist() == [20, 20, 31]
    assert found[0, 1].tolist() == [7, 8, 9]
    assert not found[1].any()


def test_it_rounds_and_does_not_overflow() -> None:
    mean = MeanTexture()
    for value in [255] * 300 + [254] * 300:
        mean.add(np.full((2, 2, 3), value, np.uint8))
    assert (mean.image() == 255).all()  # 254.5 rounds up
    mean.add(np.full((2, 2, 3), 1, np.uint8))
    assert (mean.image() == 254).all()


def test_what_cannot_be_averaged() -> None:
    with pytest.raises(ValueError, match="no frames"):
        mean_texture([])
    with pytest.raises(ValueError, match="among"):
        mean_texture([np.ones((2, 2, 3), np.uint8), np.ones((3, 2, 3), np.uint8)])
    with pytest.raises(ValueError, match="uint8"):
        mean_texture([np.ones((2, 2, 3), np.float32)])
