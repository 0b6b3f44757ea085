"""Augmentation varies what it says, by the generator it is handed, and keeps the range."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch

from models.estimators.augment import Augment, AugmentConfig
from models.estimators.crop import crop_faces
from models.estimators.faces import to_tensor
from tests.support.faces import astronaut

NOTHING = AugmentConfig(**{entry.name: 0.0 for entry in fields(AugmentConfig)})
FACE = np.repeat(crop_faces(astronaut().image[None]), 8, axis=0)


def varied(config: AugmentConfig, seed: int = 0) -> torch.Tensor:
    return Augment(config)(FACE, np.random.default_rng(seed))


def test_nothing_asked_nothing_done() -> None:
    still = varied(NOTHING)
    # colours are washed out a little at random whatever the chance of grey: compare brightness
    before = to_tensor(FACE).mean(1)
    assert float((still.mean(1) - before).abs().mean()) < 0.02


@pytest.mark.parametrize("name", [entry.name for entry in fields(AugmentConfig)])
def test_each_setting_does_something(name: str) -> None:
    strong = replace(NOTHING, **{name: 1.0 if name not in ("turn",) else 20.0})
    change = (varied(strong) - varied(NOTHING)).abs().mean()
    assert float(change) > 0.003


def test_the_same_generator_gives_the_same_images() -> None:
    assert torch.equal(varied(AugmentConfig(), 3), varied(AugmentConfig(), 3))
    assert not torch.equal(varied(AugmentConfig(), 3), varied(AugmentConfig(), 4))


def test_shape_and_range() -> None:
    out = varied(AugmentConfig())
    assert out.shape == (8, 3, 128, 96)
    assert out.dtype == torch.float32
    assert -1 <= float(out.min()) <= float(out.max()) <= 1


def test_mirroring_is_about_the_middle_column() -> None:
    mirrored = varied(replace(NOTHING, mirror=1.0))
    torch.testing.assert_close(mirrored.flip(3), varied(NOTHING), atol=0.02, rtol=0)
