"""The network in torch, to be trained; `models.hybrid.graph` has the same for use."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from models.hybrid.config import ANSWERS, HybridConfig
from models.hybrid.graph import SLOPE, soft_kernel
from models.hybrid.scene import FINE


class HybridNetwork(nn.Module):
    """A U-Net from what a drawing shows to what it lacks.

    Without normalisation, so that a dark face stays dark; the last layer starts at nothing.
    """

    soft: torch.Tensor

    def __init__(self, config: HybridConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or HybridConfig()
        shapes = config.shapes()

        def layer(name: str, *, stride: int = 1) -> nn.Conv2d:
            outputs, inputs, side, _ = shapes[f"{name}.weight"]
            return nn.Conv2d(inputs, outputs, side, stride, 1)

        levels = range(len(config.widths))
        self.stem = layer("stem", stride=2)
        self.down = nn.ModuleList(
            nn.ModuleList(layer(f"down.{level}.{part}") for part in (0, 1)) for level in levels
        )
        self.up = nn.ModuleList(
            nn.ModuleList(layer(f"up.{level}.{part}") for part in (0, 1)) for level in levels[:-1]
        )
        self.fine = nn.ConvTranspose2d(config.widths[0], config.fine, 4, 2, 1)
        self.answer = layer("answer")
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(_bias(self.answer))
        kernel = torch.from_numpy(soft_kernel(config.softness))
        self.register_buffer("soft", kernel, persistent=False)

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        """Planes (N, 14, 128, 128) -> answers (N, 6, 128, 128)."""
        value = _active(self.stem(planes))
        kept: list[torch.Tensor] = []
        for level, (first, second) in enumerate(_pairs(self.down)):
            if level:
                kept.append(value)
                value = functional.avg_pool2d(value, 2)
            value = _active(second(_active(first(value))))
        for first, second in reversed(_pairs(self.up)):
            value = functional.interpolate(value, scale_factor=2.0, mode="nearest")
            value = torch.cat([value, kept.pop()], dim=1)
            value = _active(second(_active(first(value))))
        value = torch.cat([_active(self.fine(value)), planes], dim=1)
        sharp = self.answer(value).float()
        padding = self.soft.shape[-1] // 2
        soft = functional.conv2d(sharp, self.soft, padding=padding, groups=ANSWERS)
        share = planes[:, FINE : FINE + 1].float()
        out: torch.Tensor = soft + (sharp - soft) * share
        return out


def _active(value: torch.Tensor) -> torch.Tensor:
    return functional.leaky_relu(value, SLOPE, inplace=True)


def _pairs(levels: nn.ModuleList) -> list[tuple[nn.Conv2d, nn.Conv2d]]:
    out = []
    for level in levels:
        assert isinstance(level, nn.ModuleList)
        first, second = level
        assert isinstance(first, nn.Conv2d)
        assert isinstance(second, nn.Conv2d)
        out.append((first, second))
    return out


def _bias(layer: nn.Conv2d) -> torch.Tensor:
    assert layer.bias is not None
    return layer.bias
