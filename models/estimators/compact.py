"""`compact`: one small network for all AUs, with and without a look at the neutral face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from models.estimators.ordinal import THRESHOLDS, class_probabilities
from models.facs import SUPPORTED_AUS


@dataclass(frozen=True)
class CompactConfig:
    """Shape of the network.

    Attributes:
        au_count: AUs it answers for.
        stem: channels after the first convolution.
        widths: channels of each stage; every stage halves the resolution.
        blocks: residual blocks of each stage.
        compare: width of the hidden layer that compares a face with its reference.
        dropout: share of features dropped before both heads, in training.
    """

    au_count: int = len(SUPPORTED_AUS)
    stem: int = 16
    widths: tuple[int, ...] = (32, 80, 160, 256)
    blocks: tuple[int, ...] = (1, 2, 2, 1)
    compare: int = 256
    dropout: float = 0.2


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) -> (N, C', H/stride, W/stride)."""
        hidden = functional.relu(self.norm1(self.conv1(inputs)), inplace=True)
        return functional.relu(self.norm2(self.conv2(hidden)) + self.shortcut(inputs), inplace=True)


class Compact(nn.Module):
    """A residual trunk and two heads.

    The absolute head reads a face alone. The comparing head reads it beside the same person's
    neutral face through [f(face), f(face) - f(neutral)], one-frame calibration after Feng & de Sa
    (2024, arXiv 2409.00240); the trunk f is shared.
    """

    def __init__(self, config: CompactConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or CompactConfig()
        layers: list[nn.Module] = [
            nn.Conv2d(3, config.stem, 3, 2, 1, bias=False),
            nn.BatchNorm2d(config.stem),
            nn.ReLU(inplace=True),
        ]
        channels = config.stem
        for width, count in zip(config.widths, config.blocks, strict=True):
            for index in range(count):
                layers.append(Residual(channels, width, 1 if index else 2))
                channels = width
        self.trunk = nn.Sequential(*layers)
        self.feature_count = channels
        self.dropout = nn.Dropout(config.dropout)
        outputs = config.au_count * THRESHOLDS
        self.absolute = nn.Linear(channels, outputs)
        self.comparing = nn.Sequential(
            nn.Linear(2 * channels, config.compare),
            nn.ReLU(inplace=True),
            nn.Linear(config.compare, outputs),
        )

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """(N, 3, 128, 96) in [-1, 1] -> (N, F)."""
        maps: torch.Tensor = self.trunk(images)
        return maps.mean(dim=(2, 3))

    def logits(self, features: torch.Tensor, reference: torch.Tensor | None = None) -> torch.Tensor:
        """(N, A, 5) logits of "above k" from features (N, F), and those of neutral faces.

        Args:
            features: of the faces to read.
            reference: (N, F) or (1, F), of the same people's neutral faces; without it the
                absolute head answers.
        """
        kept = self.dropout(features)
        if reference is None:
            out: torch.Tensor = self.absolute(kept)
        else:
            change = self.dropout(features - reference)
            out = self.comparing(torch.cat([kept, change], dim=1))
        return out.reshape(-1, self.config.au_count, THRESHOLDS)

    def forward(self, images: torch.Tensor, reference: torch.Tensor | None = None) -> torch.Tensor:
        """(N, A, 5) logits for images, beside their neutral images when given."""
        features = self.features(images)
        return self.logits(features, None if reference is None else self.features(reference))

    @staticmethod
    def probabilities(logits: torch.Tensor) -> torch.Tensor:
        """(N, A, 5) logits -> (N, A, 6) probabilities of the levels."""
        return class_probabilities(logits)


def head_parameters(network: Compact) -> Sequence[nn.Parameter]:
    """The parameters of both heads, without the trunk."""
    return [*network.absolute.parameters(), *network.comparing.parameters()]
