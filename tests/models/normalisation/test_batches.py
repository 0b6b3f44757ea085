"""Normalised batches are what the estimator sees at reading."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")
import torch

from models.estimators.faces import PeopleBatches, to_tensor
from models.normalisation.au0 import difference
from models.normalisation.batches import NormalisedBatches
from tests.support.estimators import bright_mouths

FACES = bright_mouths()
PLAIN = PeopleBatches(FACES, lambda images, rng: to_tensor(images), people=3, per_person=2)


def test_batches_hold_the_difference_that_au0_takes() -> None:
    plain, found = PLAIN.batch(4), NormalisedBatches(PLAIN).batch(4)

    def pixels(tensor: torch.Tensor) -> np.ndarray:
        return ((tensor.permute(0, 2, 3, 1).numpy() + 1) * 127.5).round().astype(np.uint8)

    expected = difference(pixels(plain.images), pixels(plain.neutrals)[plain.neutral_of.numpy()])
    np.testing.assert_allclose(found.images.permute(0, 2, 3, 1).numpy(), expected, atol=1e-6)
    assert not found.neutrals.any()


def test_people_without_a_reference_teach_nothing() -> None:
    has = np.array([True, False, True, True])
    source = replace(PLAIN, faces=replace(FACES, has_neutral=has))
    for step in range(3):
        plain, found = PLAIN.batch(step), NormalisedBatches(source).batch(step)
        assert found.has_neutral is not None
        kept = found.has_neutral[found.neutral_of]
        assert torch.equal(found.labels[kept], plain.labels[kept])
        assert bool(found.labels[~kept].isnan().all())
