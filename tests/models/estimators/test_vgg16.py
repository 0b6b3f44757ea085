"""VGG16 has torchvision's names and shapes, and published weights load from a file."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch
from safetensors.torch import save_file

from models.checkpoints import CheckpointMismatchError, CorruptCheckpointError
from models.estimators.faces import Batch
from models.estimators.objective import level_classes
from models.estimators.vgg16 import Vgg16, Vgg16Config, load_imagenet

PUBLISHED = {
    "features.0": (64, 3, 3, 3),
    "features.2": (64, 64, 3, 3),
    "features.5": (128, 64, 3, 3),
    "features.7": (128, 128, 3, 3),
    "features.10": (256, 128, 3, 3),
    "features.12": (256, 256, 3, 3),
    "features.14": (256, 256, 3, 3),
    "features.17": (512, 256, 3, 3),
    "features.19": (512, 512, 3, 3),
    "features.21": (512, 512, 3, 3),
    "features.24": (512, 512, 3, 3),
    "features.26": (512, 512, 3, 3),
    "features.28": (512, 512, 3, 3),
    "classifier.0": (4096, 25088),
    "classifier.3": (4096, 4096),
    "classifier.6": (1000, 4096),
}
"""Weights of torchvision's VGG16 for ImageNet; each has a bias as long as its first axis."""
SMALL = Vgg16Config(hidden=16, width=16)


def published(width: int = 16, hidden: int = 16) -> dict[str, torch.Tensor]:
    """A checkpoint with the published names, narrower, with other numbers everywhere."""
    generator = torch.Generator().manual_seed(0)
    out = {}
    for name, shape in PUBLISHED.items():
        narrow = list(shape)
        if name.startswith("features"):
            narrow[:2] = [shape[0] // width, 3 if shape[1] == 3 else shape[1] // width]
        else:
            narrow = [shape[0] if shape[0] == 1000 else hidden, hidden]
            narrow[1] = 49 * 512 // width if name == "classifier.0" else hidden
        out[f"{name}.weight"] = torch.rand(*narrow, generator=generator)
        out[f"{name}.bias"] = torch.rand(narrow[0], generator=generator)
    return out


def test_full_size_has_the_published_names_and_shapes() -> None:
    with torch.device("meta"):
        network = Vgg16()
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    expected = {f"{name}.weight": shape for name, shape in PUBLISHED.items()}
    expected |= {f"{name}.bias": shape[:1] for name, shape in PUBLISHED.items()}
    # six levels of one AU instead of ImageNet's classes
    expected |= {"classifier.6.weight": (6, 4096), "classifier.6.bias": (6,)}
    assert shapes == expected


@pytest.mark.parametrize("kind", ["pth", "safetensors"])
def test_published_weights_load_but_for_the_head(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"vgg16.{kind}"
    weights = published()
    if kind == "pth":
        torch.save(weights, path)
    else:
        save_file(weights, path)
    network = Vgg16(SMALL)
    head = network.state_dict()["classifier.6.weight"].clone()
    load_imagenet(network, path)
    for name, value in network.state_dict().items():
        if "classifier.6" not in name:
            assert torch.equal(value, weights[name]), name
    assert torch.equal(network.state_dict()["classifier.6.weight"], head)


def test_other_networks_are_refused(tmp_path: Path) -> None:
    weights = published()
    del weights["features.28.bias"]
    save_file(weights, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointMismatchError, match=r"features\.28\.bias"):
        load_imagenet(Vgg16(SMALL), tmp_path / "other.safetensors")


class Trap:
    """Would leave a file behind if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.path,)  # type: ignore[return-value]


def test_a_pickle_that_does_more_than_tensors_is_not_run(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    torch.save({"features.0.weight": Trap(sprung)}, tmp_path / "trap.pth")
    with pytest.raises(CorruptCheckpointError):
        load_imagenet(Vgg16(SMALL), tmp_path / "trap.pth")
    assert not sprung.exists()
    (tmp_path / "plain.pth").write_bytes(pickle.dumps({"a": 1}, protocol=2))
    with pytest.raises(CorruptCheckpointError):
        load_imagenet(Vgg16(SMALL), tmp_path / "plain.pth")


def test_the_first_two_convolutions_stay_as_they_are() -> None:
    network = Vgg16(SMALL)
    trained = {id(parameter) for parameter in network.trained_parameters()}
    still = {name for name, value in network.named_parameters() if id(value) not in trained}
    assert still == {
        "features.0.weight",
        "features.0.bias",
        "features.2.weight",
        "features.2.bias",
    }


def test_grey_images_are_standardised_as_for_imagenet() -> None:
    network = Vgg16(SMALL).eval()
    seen: list[torch.Tensor] = []
    network.features.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    network(torch.zeros(1, 3, 224, 224))
    # mid grey is .5: (.5 - .485) / .229 and so on
    expected = torch.tensor([0.015 / 0.229, 0.044 / 0.224, 0.094 / 0.225])
    torch.testing.assert_close(seen[0][0, :, 0, 0], expected)


def test_levels_are_learnt_by_cross_entropy() -> None:
    class Fixed(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.tensor([[[0.0, 0, 2, 0, 0, 0]], [[0.0, 0, 0, 0, 0, 0]]])

    nothing = torch.zeros(2, 3, 8, 8)
    labels = torch.tensor([[2.4], [torch.nan]])
    loss, _ = level_classes(Fixed(), Batch(nothing, labels, nothing, torch.zeros(2).long()))
    # level B of logits with 2 there and 0 elsewhere: -2 + log(e^2 + 5)
    assert float(loss) == pytest.approx(-2 + torch.log(torch.tensor(2.0).exp() + 5).item())
