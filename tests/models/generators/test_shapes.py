"""The shapes that are told without PyTorch are those of the network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.checkpoints import Checkpoint, CheckpointMismatchError
from models.generators.config import GeneratorConfig
from models.generators.shapes import check_tensors, shapes

SMALL = GeneratorConfig(aus=("AU06", "AU12L"), size=32, channels=16, blocks=2)


def checkpoint(config: GeneratorConfig = SMALL) -> Checkpoint:
    tensors = {name: np.ones(shape, np.float16) for name, shape in shapes(config).items()}
    return Checkpoint(tensors, config.as_json(), "# ones\n")


@pytest.mark.parametrize(
    "config",
    [SMALL, replace(SMALL, kind="stargan", stem_norm=True), GeneratorConfig()],
    ids=["small", "stargan", "standard"],
)
def test_shapes_are_those_of_the_network(config: GeneratorConfig) -> None:
    networks = pytest.importorskip("models.generators.networks", reason="PyTorch is not installed")
    network = networks.blank(config)
    assert shapes(config) == {
        name: tuple(value.shape) for name, value in network.state_dict().items()
    }


def test_a_whole_checkpoint_passes() -> None:
    assert check_tensors(checkpoint()) == SMALL


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("colour.weight", None, "colour.weight has the shape None"),
        ("extra", np.ones(3, np.float32), "extra has the shape"),
        ("stem.bias", np.ones(15, np.float32), "stem.bias has the shape"),
        ("stem.bias", np.full(16, np.nan, np.float32), "not all finite"),
        ("stem.bias", np.ones(16, np.int64), "not all finite numbers"),
    ],
    ids=["missing", "too-many", "shape", "nan", "integers"],
)
def test_weights_that_do_not_fit_are_named(name: str, value: np.ndarray | None, told: str) -> None:
    whole = checkpoint()
    tensors = {**whole.tensors, name: value}
    wrong = {key: tensor for key, tensor in tensors.items() if tensor is not None}
    with pytest.raises(CheckpointMismatchError, match=told):
        check_tensors(replace(whole, tensors=wrong))
