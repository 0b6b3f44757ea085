"""The generator and the two-headed discriminator, plainly written: what is trained.

Pumarola et al., "GANimation: Anatomically-aware Facial Animation from a Single Image" (2018), after
Choi et al., "StarGAN" (2018). `fast` computes the same generator faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn

from models.generators.config import GeneratorConfig
from models.generators.instance_norm import InstanceNorm


@dataclass(frozen=True, eq=False)
class Drawn:
    """What the generator draws.

    Attributes:
        image: (N, 3, H, W) in [-1, 1].
        attention: (N, 1, H, W) in [0, 1], how much of the source is kept; None for "stargan".
    """

    image: torch.Tensor
    attention: torch.Tensor | None


class Residual(nn.Module):
    """Two 3x3 convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.first_norm = InstanceNorm(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm = InstanceNorm(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) -> the same shape."""
        inner = torch.relu(self.first_norm(self.first(x)))
        out: torch.Tensor = x + self.second_norm(self.second(inner))
        return out


class Step(nn.Module):
    """A convolution that halves the image and doubles its channels, or the reverse."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        kind = nn.Conv2d if after > before else nn.ConvTranspose2d
        self.convolution = kind(before, after, 4, stride=2, padding=1, bias=False)
        self.norm = InstanceNorm(after)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) -> (N, 2 C, H / 2, W / 2) or (N, C / 2, 2 H, 2 W)."""
        return torch.relu(self.norm(self.convolution(x)))


class ResnetGenerator(nn.Module):
    """7x7 stem, two halvings, residual blocks, two doublings, and heads."""

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        width = config.channels
        self.stem = nn.Conv2d(3 + len(config.aus), width, 7, padding=3, bias=not config.stem_norm)
        self.stem_norm = InstanceNorm(width) if config.stem_norm else None
        self.down = nn.ModuleList(Step(width * k, width * k * 2) for k in (1, 2))
        self.blocks = nn.ModuleList(Residual(width * 4) for _ in range(config.blocks))
        self.up = nn.ModuleList(Step(width * k, width * k // 2) for k in (4, 2))
        self.colour = nn.Conv2d(width, 3, 7, padding=3, bias=False)
        self.attention = (
            nn.Conv2d(width, 1, 7, padding=3, bias=False) if config.kind == "ganimation" else None
        )

    def forward(self, source: torch.Tensor, aus: torch.Tensor) -> Drawn:
        """Draw images with AU intensities.

        Args:
            source: (N, 3, H, W) in [-1, 1]; sides are multiples of 4.
            aus: (N, A) in [0, 1], in the order of the configuration.

        Raises:
            ValueError: shapes disagree.
        """
        if aus.shape != (len(source), len(self.config.aus)):
            raise ValueError(
                f"{len(source)} images of {len(self.config.aus)} AUs, but AUs {tuple(aus.shape)}"
            )
        planes = aus[:, :, None, None].expand(-1, -1, *source.shape[2:]).to(source.dtype)
        x = self.stem(torch.cat([source, planes], dim=1))
        x = torch.relu(x if self.stem_norm is None else self.stem_norm(x))
        for layer in (*self.down, *self.blocks, *self.up):
            x = layer(x)
        colour = torch.tanh(self.colour(x).float())
        if self.attention is None:
            return Drawn(colour, None)
        attention = torch.sigmoid(self.attention(x).float())
        return Drawn(attention * source + (1 - attention) * colour, attention)


class Discriminator(nn.Module):
    """Strided convolutions, then two heads: real or drawn, patch by patch, and AU intensities."""

    def __init__(self, aus: int, size: int, channels: int = 64, layers: int = 6) -> None:
        super().__init__()
        self.size, self.channels, self.layers = size, channels, layers
        widths = [3, *(channels << layer for layer in range(layers))]
        self.trunk = nn.Sequential(
            *(
                module
                for before, after in pairwise(widths)
                for module in (
                    nn.Conv2d(before, after, 4, stride=2, padding=1),
                    nn.LeakyReLU(0.01, inplace=True),
                )
            )
        )
        self.image = nn.Conv2d(widths[-1], 1, 3, padding=1, bias=False)
        self.expression = nn.Conv2d(widths[-1], aus, size >> layers, bias=False)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, 3, S, S) in [-1, 1] -> how real each patch is (N, 1, P, P), AUs (N, A) about 0..1."""
        features = self.trunk(images)
        return self.image(features), self.expression(features).flatten(1)


def blank(config: GeneratorConfig) -> ResnetGenerator:
    """A generator without memory for its weights, to be given some by `load_state_dict`."""
    with torch.device("meta"):
        return ResnetGenerator(config)


def initialise(network: nn.Module) -> None:
    """Draw weights as StarGAN and GANimation do: convolutions from N(0, 0.02), biases 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
