"""From a dataset to an estimator with a card."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

from models.estimators.card import figures
from models.estimators.dataset_faces import DatasetFaces, dataset_faces
from models.estimators.estimates import Estimates
from models.estimators.fit import COMPACT, VGG16_PAPER, fit
from models.estimators.training import TrainingState
from tests.support.datasets import write_bright_faces
from tests.support.estimators import SMALL

QUICK = replace(
    COMPACT,
    epochs=6,
    batch=16,
    varied=False,
    training=replace(COMPACT.training, learning_rate=1e-2, warmup=0, average=0.5),
    compact=SMALL,
)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> DatasetFaces:
    folder = tmp_path_factory.mktemp("dataset")
    write_bright_faces(folder / "data.zip", each=6, neutral=False)
    return dataset_faces(folder / "data.zip", folder, "compact", aus=["AU12"], validation=0.25)


def test_an_estimator_is_fitted_and_says_how_well_it_reads(faces: DatasetFaces) -> None:
    seen: list[tuple[int, int]] = []
    found = fit(
        faces,
        QUICK,
        name="bright",
        lineage={"dataset": "d1", "licences": ["CC BY 4.0"]},
        progress=lambda done, total: seen.append((done, total)),
    )
    assert found is not None
    estimator, measured = found
    assert estimator.aus == ("AU12",)
    assert seen[-1] == (12, 12)  # 18 faces in batches of 16, six times
    assert (measured.faces, measured.people) == (6, 1)
    assert measured.icc > 0.5
    assert estimator.card.startswith("# bright\n")
    assert "CC BY 4.0" in estimator.card
    assert f"| AU12 | {measured.by_au[0].icc:.3f} |" in estimator.card
    assert estimator.config.lineage["dataset"] == "d1"
    assert estimator.config.lineage["training"]["epochs"] == 6


def test_a_stopped_fit_gives_nothing_and_can_go_on(faces: DatasetFaces) -> None:
    kept: list[TrainingState] = []
    asked = iter(range(100))
    config = replace(QUICK, epochs=2)
    assert fit(faces, config, should_stop=lambda: next(asked) == 3, save=kept.append) is None
    assert kept[-1].step == 3
    resumed, whole = fit(faces, config, state=kept[-1]), fit(faces, config)
    assert resumed is not None
    assert whole is not None
    for name, value in whole[0].checkpoint().tensors.items():
        np.testing.assert_array_equal(value, resumed[0].checkpoint().tensors[name], name)


def test_differences_are_learnt_where_faces_are_normalised(faces: DatasetFaces) -> None:
    config = replace(QUICK, epochs=8, normalisation="au0")
    found = fit(faces, config)
    assert found is not None
    estimator, measured = found
    assert estimator.config.normalisation == "au0"
    assert measured.icc > 0.3
    still = np.full((1, 224, 224, 3), 60, np.uint8)
    bright = np.full((1, 224, 224, 3), 235, np.uint8)
    read = [float(estimator.estimate(one, still[0]).column("AU12")[0]) for one in (still, bright)]
    assert read[1] > read[0]
    with pytest.raises(ValueError, match="varied"):
        replace(QUICK, varied=True, normalisation="au0")


def test_the_papers_recipe() -> None:
    assert (VGG16_PAPER.epochs, VGG16_PAPER.training.learning_rate) == (10, 5e-5)
    assert VGG16_PAPER.training.decoupled_decay == 0  # plain Adam
    assert not VGG16_PAPER.training.keep_last


def test_aus_that_do_not_vary_are_counted_not_averaged() -> None:
    probabilities = np.zeros((4, 2, 6), np.float32)
    probabilities[:, 0, 0] = 1
    probabilities[[0, 1, 2, 3], 1, [0, 1, 2, 3]] = 1
    labels = np.array([[0, 0], [0, 1], [0, 2], [0, 3]], np.float32)
    found = figures(Estimates(("AU01", "AU02"), probabilities), labels, 1)
    assert found.undefined == 1
    assert found.icc == pytest.approx(1)
    assert np.isnan(found.by_au[0].icc)
