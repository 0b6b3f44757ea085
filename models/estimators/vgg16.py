"""`vgg16`: the estimator of Niinuma et al. (2022, 4.2.2), VGG16 with a six-class head per AU.

Configuration D of Simonyan & Zisserman (2015). Parameters have the names that torchvision gives
them, so that its published ImageNet weights load from a file the user has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Final

import torch
from safetensors.torch import load
from torch import nn

from models.checkpoints import CheckpointMismatchError, CorruptCheckpointError, check_safetensors
from models.facs import LEVELS

_LAYERS: Final = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)
"""Channels of each 3x3 convolution; 0 is 2x2 max pooling."""
_FROZEN: Final = ("features.0.", "features.2.")
"""The first two convolutions; the paper fine-tunes from the third."""
_HEAD: Final = "classifier.6."
_MEAN: Final = (0.485, 0.456, 0.406)
_DEVIATION: Final = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Vgg16Config:
    """Shape of the network.

    Attributes:
        au_count: AUs it answers for; 1 in the paper, which trains one network for each AU.
        hidden: width of the two hidden fully connected layers.
        dropout: after each of them, in training.
        width: divides every number of channels; 1 is VGG16 (others are for tests).
    """

    au_count: int = 1
    hidden: int = 4096
    dropout: float = 0.5
    width: int = 1


class Vgg16(nn.Module):
    """VGG16 whose last layer answers six levels for each AU."""

    def __init__(self, config: Vgg16Config | None = None) -> None:
        super().__init__()
        self.config = config = config or Vgg16Config()
        layers: list[nn.Module] = []
        channels = 3
        for wanted in _LAYERS:
            if not wanted:
                layers.append(nn.MaxPool2d(2, 2))
                continue
            width = wanted // config.width
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = width
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(channels * 49, config.hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(config.dropout),
            nn.Linear(config.hidden, config.hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(config.dropout),
            nn.Linear(config.hidden, config.au_count * len(LEVELS)),
        )

    def forward(self, images: torch.Tensor, reference: torch.Tensor | None = None) -> torch.Tensor:
        """(N, 3, 224, 224) in [-1, 1] -> (N, A, 6) logits of the levels.

        Raises:
            ValueError: a reference is given; this network cannot compare.
        """
        if reference is not None:
            raise ValueError("vgg16 reads a face alone; normalise by the neutral face instead")
        mean = images.new_tensor(_MEAN).reshape(1, 3, 1, 1)
        standard = ((images + 1) / 2 - mean) / images.new_tensor(_DEVIATION).reshape(1, 3, 1, 1)
        pooled: torch.Tensor = self.avgpool(self.features(standard))
        out: torch.Tensor = self.classifier(pooled.flatten(1))
        return out.reshape(-1, self.config.au_count, len(LEVELS))

    @staticmethod
    def probabilities(logits: torch.Tensor) -> torch.Tensor:
        """(N, A, 6) logits -> (N, A, 6) probabilities of the levels."""
        return torch.softmax(logits.float(), dim=-1)

    def trained_parameters(self) -> list[nn.Parameter]:
        """All but those of the first two convolutions."""
        return [
            parameter for name, parameter in self.named_parameters() if not name.startswith(_FROZEN)
        ]


def load_imagenet(network: Vgg16, path: Path) -> None:
    """Put published ImageNet weights into `network`, all but the last layer, which is its own.

    Takes safetensors, or the published ``vgg16-….pth``. The latter is a zip of pickled tensors:
    it is read with ``weights_only=True``, whose unpickler makes tensors and plain containers and
    nothing else, and only here, where the user names a file of their own machine; checkpoints
    that are uploaded are never read so.

    Raises:
        CorruptCheckpointError: the file is neither.
        CheckpointMismatchError: it holds other parameters than VGG16's.
    """
    weights = _read_weights(path)
    own = {name: value for name, value in network.state_dict().items() if _HEAD not in name}
    given = {name: value for name, value in weights.items() if _HEAD not in name}
    wrong = sorted(
        name
        for name in own.keys() | given.keys()
        if name not in own or name not in given or own[name].shape != given[name].shape
    )
    if wrong:
        raise CheckpointMismatchError(f"{path.name} is not a VGG16: it differs in {wrong[:4]}.")
    if not all(bool(torch.isfinite(value).all()) for value in given.values()):
        raise CheckpointMismatchError(f"{path.name} holds numbers that are not finite.")
    network.load_state_dict(given, strict=False)


def _read_weights(path: Path) -> Mapping[str, torch.Tensor]:
    if path.suffix == ".safetensors":
        content = path.read_bytes()
        check_safetensors(content)
        return load(content)
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, UnpicklingError) as error:
        raise CorruptCheckpointError(f"{path.name} holds no tensors alone: {error}") from error
    if not isinstance(weights, dict) or not all(
        isinstance(value, torch.Tensor) for value in weights.values()
    ):
        raise CorruptCheckpointError(f"{path.name} holds no mapping of tensors.")
    return weights
