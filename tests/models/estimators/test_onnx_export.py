"""The exported file answers what the estimator answers."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

from models.estimators.crop import crop_faces  # noqa: E402
from models.estimators.faces import to_tensor  # noqa: E402
from models.estimators.onnx_export import onnx_bytes  # noqa: E402
from tests.support.estimators import AUS, small_estimator  # noqa: E402
from tests.support.faces import calm  # noqa: E402

# of torch's own exporter
pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
IMAGES = np.random.default_rng(0).integers(0, 255, (3, 224, 224, 3), np.uint8)


def answers(content: bytes, **inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    facts = json.loads(session.get_modelmeta().custom_metadata_map["facsimile"])
    assert tuple(facts["aus"]) == AUS
    probabilities, intensity = session.run(["probabilities", "intensity"], inputs)
    return probabilities, intensity


def inputs(images: np.ndarray) -> np.ndarray:
    return np.asarray(to_tensor(crop_faces(images)).contiguous().numpy())


def test_a_calibrated_estimator_alone() -> None:
    mine = small_estimator().calibrated(calm())
    expected = mine.estimate(IMAGES)
    probabilities, intensity = answers(onnx_bytes(mine), face=inputs(IMAGES))
    np.testing.assert_allclose(probabilities, expected.probabilities, atol=1e-5)
    np.testing.assert_allclose(intensity, expected.intensities, atol=1e-4)


def test_faces_beside_their_neutrals_in_batches_of_any_size() -> None:
    estimator = small_estimator()
    content = onnx_bytes(estimator, compare=True)
    for count in (1, 3):
        images, neutrals = IMAGES[:count], IMAGES[::-1][:count].copy()
        expected = estimator.estimate(images, neutrals)
        found, _ = answers(content, face=inputs(images), neutral=inputs(neutrals))
        np.testing.assert_allclose(found, expected.probabilities, atol=1e-5)
