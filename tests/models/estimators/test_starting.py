"""Training on from an estimator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")
import torch

from models.estimators.config import EstimatorConfig
from models.estimators.dataset_faces import DatasetFaces, dataset_faces
from models.estimators.estimator import Estimator
from models.estimators.fit import COMPACT, FITS, fit
from models.estimators.starting import UnfitBaseError, started_from
from models.estimators.vgg16 import Vgg16, Vgg16Config
from tests.support.datasets import write_bright_faces
from tests.support.estimators import SMALL, small_estimator


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> DatasetFaces:
    folder = tmp_path_factory.mktemp("dataset")
    write_bright_faces(folder / "data.zip", each=6, neutral=False)
    return dataset_faces(folder / "data.zip", folder, "compact", aus=["AU12"], validation=0.25)


def small_vgg16() -> Estimator:
    shape = {"au_count": 2, "hidden": 24, "width": 16}
    config = EstimatorConfig("vgg16", ("AU06", "AU12"), network=shape)
    return Estimator(config, Vgg16(Vgg16Config(**shape)))


def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)


@pytest.mark.parametrize("base", [small_estimator(), small_vgg16()], ids=["compact", "vgg16"])
def test_the_copy_answers_for_the_aus_asked_for_as_the_base_does(base: Estimator) -> None:
    network = started_from(base, ["AU12", "AU06"])
    config = replace(base.config, aus=("AU12", "AU06"))
    turned = Estimator(config, network).estimate(pictures()).probabilities
    expected = base.estimate(pictures()).probabilities
    np.testing.assert_allclose(turned[:, ::-1], expected, atol=1e-6)
    one = started_from(base, ["AU12"])
    assert one.config.au_count == 1
    assert all(parameter.requires_grad for parameter in one.parameters())
    alone = Estimator(replace(base.config, aus=("AU12",)), one).estimate(pictures())
    np.testing.assert_allclose(alone.probabilities[:, 0], expected[:, 1], atol=1e-6)
    assert len(base.aus) == 2
    assert not any(parameter.requires_grad for parameter in base.network.parameters())


def test_one_neutral_frame_serves_the_copy_too() -> None:
    base, images = small_estimator(), pictures()
    mine = Estimator(replace(base.config, aus=("AU12",)), started_from(base, ["AU12"]))
    np.testing.assert_allclose(
        mine.calibrated(images[0]).estimate(images).probabilities[:, 0],
        base.calibrated(images[0]).estimate(images).probabilities[:, 1],
        atol=1e-6,
    )


def test_a_fit_from_a_base_starts_where_the_base_is(faces: DatasetFaces) -> None:
    training = replace(COMPACT.training, learning_rate=1e-2, warmup=0, average=0.5)
    config = replace(COMPACT, epochs=12, batch=16, varied=False, training=training, compact=SMALL)
    scratch = fit(faces, config)
    assert scratch is not None
    base, from_scratch = scratch
    again = fit(faces, replace(config, epochs=1), base=base)
    assert again is not None
    estimator, measured = again
    assert measured.icc > from_scratch.icc - 0.1  # one epoch from random weights reads nothing
    assert estimator.config.network == base.config.network
    assert estimator.config.lineage["base"] == base.config.lineage
    told = (
        f"The base it started from: mean ICC {from_scratch.icc:.3f} on the 6 drawings of 1 people"
    )
    assert told in estimator.card
    moved = torch.cat([value.flatten() for value in estimator.network.parameters()])
    assert not torch.equal(
        moved, torch.cat([value.flatten() for value in base.network.parameters()])
    )


def test_a_base_that_does_not_fit_is_refused(faces: DatasetFaces) -> None:
    with pytest.raises(UnfitBaseError, match="does not read AU04; it reads AU06, AU12"):
        started_from(small_estimator(), ["AU12", "AU04"])
    with pytest.raises(UnfitBaseError, match="is a compact"):
        fit(faces, FITS["vgg16"], base=small_estimator())
    with pytest.raises(UnfitBaseError, match="registered in 3d"):
        fit(replace(faces, registration="2d"), COMPACT, base=small_estimator())
