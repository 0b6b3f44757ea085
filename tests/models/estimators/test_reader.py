"""Reading by onnxruntime is reading by torch, from the same checkpoints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: make torch")

import onnx  # noqa: E402

from models.checkpoints import (  # noqa: E402
    Checkpoint,
    CheckpointMismatchError,
    decode,
    encoded,
)
from models.estimators.config import EstimatorConfig, Normalisation  # noqa: E402
from models.estimators.crop import crop_faces  # noqa: E402
from models.estimators.estimates import median_intensities  # noqa: E402
from models.estimators.estimator import Estimator, from_checkpoint  # noqa: E402
from models.estimators.onnx_graph import onnx_model  # noqa: E402
from models.estimators.reader import NoComparisonError, NoReferenceError, Reader  # noqa: E402
from models.estimators.shipped import shipped_checkpoint  # noqa: E402
from models.estimators.vgg16 import Vgg16, Vgg16Config  # noqa: E402
from models.onnx_session import open_session  # noqa: E402
from tests.support.estimators import small_estimator  # noqa: E402

CLOSE = 2e-6
"""Of probabilities: sums in another order, float32."""


def faces(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, 224, 224, 3), dtype=np.uint8)


def trained(seed: int = 0) -> Estimator:
    """A small estimator whose batch normalisation has seen something."""
    estimator = small_estimator(seed)
    generator = torch.Generator().manual_seed(seed)
    for module in estimator.network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2, generator=generator)
            module.running_var.uniform_(0.5, 2.0, generator=generator)
    return estimator


@pytest.mark.parametrize("normalisation", ["au0", "mean-texture"])
def test_normalised_faces_are_read_as_differences(normalisation: Normalisation) -> None:
    plain = trained(2)
    estimator = Estimator(replace(plain.config, normalisation=normalisation), plain.network)
    reference = faces(3)[2]
    expected = estimator.estimate(faces(4), reference).probabilities
    with pytest.raises(NoReferenceError, match=normalisation):
        Reader(estimator.checkpoint()).estimate(faces(4))
    by_reader = Reader(estimator.checkpoint()).calibrated(reference)
    assert by_reader.compares
    by_torch = estimator.calibrated(reference)
    assert by_torch.config.method == by_reader.config.method == "one-frame"
    for read in (
        by_reader.estimate(faces(4)),
        by_torch.estimate(faces(4)),
        Reader(decode(encoded(by_torch.checkpoint()))).estimate(faces(4)),
        from_checkpoint(decode(encoded(by_reader.checkpoint))).estimate(faces(4)),
    ):
        np.testing.assert_allclose(read.probabilities, expected, atol=CLOSE)
    same = by_reader.estimate(np.stack([reference] * 2)).probabilities
    dark = Reader(plain.checkpoint()).estimate(np.full((2, 224, 224, 3), 127, np.uint8))
    np.testing.assert_allclose(same, dark.probabilities, atol=0.02)  # no change is grey
    with pytest.raises(ValueError, match="reference"):
        by_reader.calibrated(reference[:100])
    wrong = replace(by_reader.checkpoint, config=plain.config.as_json())
    with pytest.raises(CheckpointMismatchError, match="reference"):
        from_checkpoint(wrong)


def test_compact_reads_the_same() -> None:
    estimator = trained()
    expected = estimator.estimate(faces(35)).probabilities
    assert expected.std() > 0.01
    read = Reader(estimator.checkpoint()).estimate(faces(35))
    assert read.aus == estimator.aus
    np.testing.assert_allclose(read.probabilities, expected, atol=CLOSE)


def test_a_calibrated_one_reads_the_same_and_either_reads_the_other_s_checkpoint() -> None:
    estimator, neutral = trained(1), faces(3)[2]
    by_torch = estimator.calibrated(neutral)
    by_reader = Reader(estimator.checkpoint()).calibrated(neutral)
    expected = by_torch.estimate(faces(4)).probabilities
    assert np.abs(expected - estimator.estimate(faces(4)).probabilities).max() > 0.01
    for read in (
        by_reader.estimate(faces(4)),
        Reader(by_torch.checkpoint()).estimate(faces(4)),
        from_checkpoint(by_reader.checkpoint).estimate(faces(4)),
    ):
        np.testing.assert_allclose(read.probabilities, expected, atol=CLOSE)
    assert by_reader.config.method == "one-frame"
    assert by_reader.compares


def test_vgg16_reads_the_same_and_cannot_be_calibrated() -> None:
    shape = {"au_count": 2, "hidden": 24, "width": 16}
    torch.manual_seed(3)
    estimator = Estimator(
        EstimatorConfig("vgg16", ("AU06", "AU12"), network=shape), Vgg16(Vgg16Config(**shape))
    )
    reader = Reader(estimator.checkpoint())
    np.testing.assert_allclose(
        reader.estimate(faces(2)).probabilities,
        estimator.estimate(faces(2)).probabilities,
        atol=CLOSE,
    )
    with pytest.raises(NoComparisonError):
        reader.calibrated(faces(1)[0])


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 26])
def test_faces_are_read_the_same_by_any_number_of_threads(count: int) -> None:
    checkpoint = trained().checkpoint()
    alone = Reader(checkpoint, 1).estimate(faces(count)).probabilities
    assert len(alone) == count
    together = Reader(checkpoint, 3).estimate(faces(count)).probabilities
    np.testing.assert_allclose(together, alone, atol=CLOSE)


def test_no_faces_are_no_estimates() -> None:
    assert Reader(trained().checkpoint()).estimate(faces(0)).probabilities.shape == (0, 2, 6)


def test_the_file_says_what_it_answers_for() -> None:
    model = onnx.load_from_string(onnx_model(trained().checkpoint()))
    assert [value.name for value in model.graph.output] == ["probabilities", "intensity"]
    assert '"aus": ["AU06", "AU12"]' in model.metadata_props[0].value


def test_the_file_reads_intensities_as_the_service_does() -> None:
    checkpoint = shipped_checkpoint("compact")
    shown = crop_faces(faces(6)).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
    session = open_session(onnx_model(checkpoint))
    probabilities, intensity = session.run(["probabilities", "intensity"], {"face": shown})
    np.testing.assert_allclose(intensity, median_intensities(probabilities), atol=1e-3)
    assert intensity.max() > 0.5, "something is read"


def without(name: str) -> Checkpoint:
    checkpoint = trained().checkpoint()
    kept = {key: value for key, value in checkpoint.tensors.items() if key != name}
    return replace(checkpoint, tensors=kept)


def changed(name: str, value: np.ndarray) -> Checkpoint:
    checkpoint = trained().checkpoint()
    return replace(checkpoint, tensors={**checkpoint.tensors, name: value})


@pytest.mark.parametrize(
    "checkpoint",
    [
        without("absolute.bias"),
        without("trunk.3.conv2.weight"),
        changed("trunk.9.conv1.weight", np.zeros((8, 16, 3, 3), np.float32)),
        changed("absolute.weight", np.zeros((12, 16), np.float32)),
        changed("absolute.weight", np.full((10, 16), np.nan, np.float32)),
        changed("trunk.1.running_var", np.zeros((3,), np.float32)),
        changed("trunk.3.conv2.weight", np.zeros((8, 9, 3, 3), np.float32)),
        changed("reference.features", np.zeros((2, 16), np.float32)),
    ],
    ids=["no-bias", "no-layer", "another-layer", "more-aus", "nan", "norm", "channels", "two"],
)
def test_weights_that_do_not_fit_are_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(CheckpointMismatchError):
        Reader(checkpoint)
