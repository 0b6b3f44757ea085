"""Instance norm that is fast on CPUs with channels last in memory, forwards and backwards.

PyTorch's own turns such images over and back, and its group norm, which does not, is slow on small
images and, in bfloat16, backwards. docs/generators.md has the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name that it has everywhere

_LARGE: Final = 1_024
"""Pixels from which PyTorch's group norm of channels last is fast."""


class InstanceNorm(nn.Module):
    """Each channel of each image to mean 0 and deviation 1, then scaled and shifted."""

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) -> the same shape."""
        return instance_norm(x, self.weight, self.bias, self.eps)


def instance_norm(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, eps: float = 1e-5
) -> torch.Tensor:
    """Normalise (N, C, H, W); `weight` and `bias` are (C,), of any precision."""
    if x.device.type != "cpu":
        return F.group_norm(x, x.shape[1], weight.to(x.dtype), bias.to(x.dtype), eps)
    normalise: Callable[..., torch.Tensor] = _InstanceNorm.apply
    out: torch.Tensor = normalise(x, weight, bias, eps)
    return out


class _InstanceNorm(torch.autograd.Function):
    """y = (x - mean) r w + b with r = 1 / sqrt(variance + eps), of each image and channel.

    With g the gradient by y, S over pixels and K their number, the gradients are S g for b,
    S g (x - mean) r for w, and r w (g - (S g + (x - mean) r S g (x - mean) r) / K) for x, which is
    p g + q x + o with numbers p, q and o for each image and channel.
    """

    @staticmethod
    def forward(
        context: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, eps: float
    ) -> torch.Tensor:
        count, channels, height, width = x.shape
        if height * width >= _LARGE:
            out, mean, scale = torch.native_group_norm(
                x, weight.to(x.dtype), bias.to(x.dtype),
                count, channels, height * width, channels, eps,
            )  # fmt: skip
            mean, scale = mean.reshape(count, channels), scale.reshape(count, channels)
        else:
            flat = _flat(x)
            wide = _exact(flat)
            mean = _sum(wide) / (height * width)
            variance = _sum((wide - mean[:, None]).square()) / (height * width)
            scale = torch.rsqrt(variance + eps)
            slope = weight * scale
            shift = bias - mean * slope
            out = torch.addcmul(shift[:, None].to(x.dtype), flat, slope[:, None].to(x.dtype))
            out = _image(out, x)
        context.save_for_backward(x, weight, _exact(mean), _exact(scale))
        return out

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        x, weight, mean, scale = context.saved_tensors
        flat, gradient = _flat(x), _flat(gradients[0])
        pixels = flat.shape[1]
        summed = _exact(_sum(gradient))
        by_weight = (_exact(_sum(gradient * flat)) - mean * summed) * scale
        p = weight * scale
        q = -p * scale * by_weight / pixels
        o = -p * summed / pixels - q * mean
        p, q, o = (number[:, None].to(x.dtype) for number in (p, q, o))
        by_x = torch.addcmul(o, gradient, p).addcmul_(flat, q)
        return _image(by_x, x), by_weight.sum(0), summed.sum(0), None


def _flat(x: torch.Tensor) -> torch.Tensor:
    """(N, C, H, W) -> (N, H * W, C), without a copy if channels are last in memory."""
    return x.permute(0, 2, 3, 1).reshape(len(x), -1, x.shape[1])


def _image(flat: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """(N, H * W, C) -> (N, C, H, W), channels last in memory."""
    count, channels, height, width = like.shape
    return flat.reshape(count, height, width, channels).permute(0, 3, 1, 2)


def _sum(flat: torch.Tensor) -> torch.Tensor:
    """(N, K, C) -> (N, C): as a product of matrices, which adds up several times as fast."""
    return torch.bmm(flat.new_ones(len(flat), 1, flat.shape[1]), flat)[:, 0]


def _exact(x: torch.Tensor) -> torch.Tensor:
    """At least float32."""
    return x if x.dtype == torch.float64 else x.float()
