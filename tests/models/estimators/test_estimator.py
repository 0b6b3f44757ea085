"""An estimator reads faces, compares them with a neutral one, and comes back from its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch

from models.checkpoints import (
    Checkpoint,
    CheckpointMismatchError,
    read_checkpoint,
    write_checkpoint,
)
from models.estimators.config import EstimatorConfig, Normalisation
from models.estimators.estimator import (
    CannotCompareError,
    Estimator,
    from_checkpoint,
    load_estimator,
)
from models.estimators.shipped import UnknownEstimatorError
from models.estimators.vgg16 import Vgg16, Vgg16Config
from tests.support.estimators import AUS, small_estimator
from tests.support.faces import astronaut, calm

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 255, (5, 224, 224, 3), np.uint8)


def small_vgg(normalisation: Normalisation = "none") -> Estimator:
    shape = {"au_count": 1, "hidden": 8, "width": 32}
    config = EstimatorConfig("vgg16", ("AU12",), normalisation=normalisation, network=shape)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Estimator(config, Vgg16(Vgg16Config(**shape)))


def test_faces_and_their_images_read_alike_whatever_the_batch() -> None:
    estimator = small_estimator()
    face = astronaut()
    one = estimator.estimate([face, face])
    other = estimator.estimate(np.stack([face.image] * 2), batch=1)
    assert one.aus == AUS
    assert one.probabilities.shape == (2, 2, 6)
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-6)
    np.testing.assert_allclose(one.probabilities.sum(-1), 1, atol=1e-5)
    assert len(estimator.estimate([])) == 0


def test_a_calibrated_estimator_compares_every_face_with_the_neutral() -> None:
    estimator = small_estimator()
    mine = estimator.calibrated(calm())
    direct = estimator.estimate(IMAGES, calm())
    np.testing.assert_allclose(mine.estimate(IMAGES).probabilities, direct.probabilities, atol=1e-6)
    alone = estimator.estimate(IMAGES)
    assert np.abs(alone.probabilities - direct.probabilities).max() > 1e-4
    assert (estimator.config.method, mine.config.method) == ("generic", "one-frame")


def test_each_face_can_have_a_reference_of_its_own() -> None:
    estimator = small_estimator()
    references = IMAGES[::-1].copy()
    together = estimator.estimate(IMAGES, references, batch=2).probabilities
    apart = [estimator.estimate(IMAGES[i : i + 1], references[i]).probabilities for i in range(5)]
    np.testing.assert_allclose(together, np.concatenate(apart), atol=1e-6)


def test_a_checkpoint_reads_the_same(tmp_path: Path) -> None:
    mine = small_estimator().calibrated(calm())
    write_checkpoint(tmp_path, mine.checkpoint())
    back = load_estimator(tmp_path)
    assert back.config.as_json() == mine.config.as_json()
    np.testing.assert_array_equal(
        back.estimate(IMAGES).probabilities, mine.estimate(IMAGES).probabilities
    )
    write_checkpoint(tmp_path / "half", mine.checkpoint(half=True))
    half = load_estimator(tmp_path / "half").estimate(IMAGES).intensities
    assert np.abs(half - mine.estimate(IMAGES).intensities).max() < 0.01
    stored = read_checkpoint(tmp_path / "half").tensors["absolute.weight"]
    assert stored.dtype == np.float16


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": None},
        {"aus": ["AU06", "AU99"]},
        {"aus": ["AU06", "AU06"]},
        {"aus": ["AU06"]},
        {"aus": "AU06"},
        {"architecture": "resnet"},
        {"registration": "4d"},
        {"network": {"au_count": 2, "stem": 9}},
        {"network": {"au_count": 2, "surprise": 1}},
        {"network": {"au_count": 2, "stem": "8"}},
        {"network": []},
        {"surprise": 1},
    ],
)
def test_configurations_that_do_not_fit_are_refused(change: dict[str, object]) -> None:
    good = small_estimator().checkpoint()
    with pytest.raises(CheckpointMismatchError):
        from_checkpoint(Checkpoint(good.tensors, {**good.config, **change}, ""))


def test_weights_that_do_not_fit_are_refused() -> None:
    good = small_estimator().checkpoint()
    for name, tensors in (
        ("missing", {key: value for key, value in good.tensors.items() if "absolute" not in key}),
        ("more", {**good.tensors, "more": np.zeros(1, np.float32)}),
        ("no number", {**good.tensors, "absolute.bias": np.full(10, np.nan, np.float32)}),
        ("reference", {**good.tensors, "reference.features": np.zeros((1, 3), np.float32)}),
    ):
        with pytest.raises(CheckpointMismatchError):
            from_checkpoint(Checkpoint(tensors, good.config, name))


def test_vgg16_cannot_compare_but_can_be_normalised() -> None:
    plain = small_vgg()
    with pytest.raises(CannotCompareError):
        plain.calibrated(calm())
    with pytest.raises(CannotCompareError):
        plain.estimate(IMAGES, calm())
    normalised = small_vgg(normalisation="au0")
    with pytest.raises(ValueError, match="au0"):
        normalised.estimate(IMAGES)
    same = normalised.estimate(np.stack([calm().image] * 2), calm())
    still = normalised.network(torch.zeros(1, 3, 224, 224))
    np.testing.assert_allclose(
        same.probabilities[0], Vgg16.probabilities(still)[0].numpy(), atol=1e-6
    )


def test_wrong_images_and_unknown_names() -> None:
    with pytest.raises(ValueError, match="224"):
        small_estimator().estimate(np.zeros((1, 128, 96, 3), np.uint8))
    with pytest.raises(ValueError, match="reference"):
        small_estimator().estimate(IMAGES, IMAGES[:3])
    with pytest.raises(UnknownEstimatorError, match="compact"):
        load_estimator("resnet")
