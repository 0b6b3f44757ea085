"""From a dataset to an estimator with a card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch
from safetensors.torch import load_file, save_file

from models.estimators.card import figures
from models.estimators.dataset_faces import DatasetFaces, dataset_faces
from models.estimators.estimates import Estimates
from models.estimators.faces import LabelledFaces
from models.estimators.fit import COMPACT, VGG16_PAPER, fit, normalised
from models.estimators.training import TrainingState
from models.estimators.vgg16 import Vgg16, Vgg16Config
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
    config = normalised(replace(QUICK, epochs=8), "au0")
    with pytest.raises(ValueError, match="references for none"):
        fit(faces, config)
    found = fit(replace(faces, normalisation="au0"), config)
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


def test_the_card_says_whom_and_what_every_figure_is_of(faces: DatasetFaces) -> None:
    config = replace(QUICK, epochs=1)
    found = fit(faces, config)
    assert found is not None
    estimator, measured = found
    assert (measured.drawn, measured.chose) == (True, True)
    assert "On 6 drawings of 1 people" in estimator.card
    assert "the stopping point was chosen on the same people" in estimator.card
    assert "Chosen by the mean ICC on 6 drawings of 1 people to choose by" in estimator.card

    tested = replace(faces, test=faces.train, test_drawn=False, registration="2d")
    found = fit(tested, config)
    assert found is not None
    estimator, measured = found
    assert (measured.drawn, measured.chose, measured.faces) == (False, False, 18)
    assert "On 18 real frames of 3 people" in estimator.card
    assert "nor was the stopping point chosen on them" in estimator.card
    assert estimator.config.registration == "2d"


SMALL_VGG = Vgg16Config(au_count=1, hidden=16, width=32, dropout=0.0)


@pytest.fixture
def wide_faces(faces: DatasetFaces) -> DatasetFaces:
    """A few faces as vgg16 sees them."""

    def larger(part: LabelledFaces) -> LabelledFaces:
        rows = slice(0, 4)
        images, neutrals = (
            np.repeat(np.repeat(array, 2, axis=1), 2, axis=2)[:, :224, :192]
            for array in (part.images[rows], part.neutrals)
        )
        return replace(
            part, images=images, labels=part.labels[rows], person=part.person[rows],
            neutrals=neutrals,
        )  # fmt: skip

    return replace(faces, train=larger(faces.train), validation=larger(faces.validation))


def test_without_imagenet_no_layer_of_vgg16_stays_at_random(
    wide_faces: DatasetFaces, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Frozen at random, the first two convolutions would throw away what is to be read."""
    monkeypatch.setattr("models.estimators.fit.Vgg16Config", lambda au_count: SMALL_VGG)
    config = replace(VGG16_PAPER, epochs=1, batch=4)

    def moved(imagenet: Path | None) -> tuple[dict[str, bool], str]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            start = Vgg16(SMALL_VGG).state_dict()
        if imagenet is not None:
            start |= {k: v for k, v in load_file(imagenet).items() if "classifier.6" not in k}
        found = fit(wide_faces, config, imagenet=imagenet)
        assert found is not None
        ended = found[0].network.state_dict()
        return {name: not torch.equal(start[name], ended[name]) for name in start}, found[0].card

    anew, card = moved(None)
    assert all(anew.values()), anew
    assert "No ImageNet weights were given: all layers were trained" in card
    with torch.random.fork_rng(devices=[]):
        save_file(Vgg16(SMALL_VGG).state_dict(), tmp_path / "vgg16.safetensors")
    on, card = moved(tmp_path / "vgg16.safetensors")
    still = {name for name, changed in on.items() if not changed}
    assert still == {f"features.{layer}.{part}" for layer in (0, 2) for part in ("weight", "bias")}
    assert "No ImageNet" not in card


def test_the_papers_recipe() -> None:
    assert (VGG16_PAPER.epochs, VGG16_PAPER.training.learning_rate) == (10, 5e-5)
    assert VGG16_PAPER.training.decoupled_decay == 0  # plain Adam
    assert not VGG16_PAPER.training.keep_last


def test_aus_that_do_not_vary_are_counted_not_averaged() -> None:
    probabilities = np.zeros((4, 2, 6), np.float32)
    probabilities[:, 0, 0] = 1
    probabilities[[0, 1, 2, 3], 1, [0, 1, 2, 3]] = 1
    labels = np.array([[0, 0], [0, 1], [0, 2], [0, 3]], np.float32)
    found = figures(Estimates(("AU01", "AU02"), probabilities), labels, 1, drawn=True, chose=True)
    assert found.undefined == 1
    assert found.icc == pytest.approx(1)
    assert np.isnan(found.by_au[0].icc)
