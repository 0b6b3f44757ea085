"""The trained generator, computed fast: the same function as `networks.ResnetGenerator`.

What is saved, on a CPU: AU planes are constant, so what the first convolution makes of them is a
number per channel, known beforehand but for a rim of 3 pixels; both heads are one convolution,
whose horizontal taps are channels of a convolution without them (a convolution to 4 channels
wastes three quarters of the processor); channels lie last in memory, where norms are fastest
too; and processors that compute in bfloat16 do.
"""

from __future__ import annotations

from typing import Final, cast

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name that it has everywhere

from models.generators.instance_norm import InstanceNorm, instance_norm
from models.generators.networks import Residual, ResnetGenerator, Step

_TAPS: Final = 7
_RIM: Final = _TAPS // 2


class FastGenerator:
    """Draws without being trained. Safe to use from several threads."""

    def __init__(self, network: ResnetGenerator, dtype: torch.dtype = torch.float32) -> None:
        """Take over the weights of `network`, on its device.

        Args:
            network: it is left as it is.
            dtype: to compute in; the first convolution's AU part and the last sums are float32.
        """
        stem = network.stem.weight.detach().float()
        self.config, self.device = network.config, stem.device
        self._dtype = dtype
        self._stem = _laid_out(stem[:, :3], dtype)
        bias = network.stem.bias
        self._bias = torch.zeros_like(stem[:, 0, 0, 0]) if bias is None else bias.detach().float()
        # What each AU's plane adds at each place of a 7x7 image: all the sums of taps there are.
        planes = torch.ones(1, 1, _TAPS, _TAPS, device=self.device)
        self._planes = torch.stack(
            [F.conv2d(planes, one[:, None], padding=_RIM)[0] for one in stem[:, 3:].unbind(1)]
        )  # A, C, 7, 7
        self._stem_norm = None if network.stem_norm is None else _Norm(network.stem_norm, dtype)
        self._layers: list[_Step | _Residual] = [
            *(_Step(cast(Step, step), dtype) for step in network.down),
            *(_Residual(cast(Residual, block), dtype) for block in network.blocks),
            *(_Step(cast(Step, step), dtype) for step in network.up),
        ]
        heads = [network.colour, *([] if network.attention is None else [network.attention])]
        weight = torch.cat([head.weight.detach().float() for head in heads])  # 3 or 4, C, 7, 7
        # outputs: head by head, tap by tap
        self._heads = _laid_out(weight.permute(0, 3, 1, 2).flatten(0, 1)[..., None], dtype)

    def __call__(self, source: torch.Tensor, aus: torch.Tensor) -> torch.Tensor:
        """Images float32 (N, 3, H, W) in [-1, 1] and AUs (N, A) in [0, 1] -> drawings alike."""
        seen = source.to(self._dtype, memory_format=torch.channels_last)
        x = F.conv2d(seen, self._stem, padding=_RIM)
        self._add_planes(x, aus)
        if self._stem_norm is not None:
            x = self._stem_norm(x)
        x = x.relu_()
        for layer in self._layers:
            x = layer(x)
        out = self._head(x)
        colour = torch.tanh(out[:, :3])
        if out.shape[1] == 3:
            return colour
        return torch.lerp(colour, source, torch.sigmoid(out[:, 3:]))

    def _add_planes(self, x: torch.Tensor, aus: torch.Tensor) -> None:
        """Add to the first convolution's answer what the AU planes and its bias add."""
        added = torch.einsum("na,acyx->ncyx", aus.float(), self._planes)
        added += self._bias[:, None, None]
        inner = added[:, :, _RIM:-_RIM, _RIM:-_RIM]
        x += inner.to(x.dtype)
        rim = (added - inner).to(x.dtype)
        height, width = x.shape[2:]
        # rows of the rim over the whole width, then columns between those rows
        middle = rim[..., _RIM : _RIM + 1].expand(-1, -1, -1, width - 2 * _RIM)
        across = torch.cat([rim[..., :_RIM], middle, rim[..., -_RIM:]], dim=3)
        x[:, :, :_RIM] += across[:, :, :_RIM]
        x[:, :, -_RIM:] += across[:, :, -_RIM:]
        between = slice(_RIM, height - _RIM)
        x[:, :, between, :_RIM] += rim[:, :, _RIM : _RIM + 1, :_RIM]
        x[:, :, between, -_RIM:] += rim[:, :, _RIM : _RIM + 1, -_RIM:]

    def _head(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) -> float32 (N, 3 or 4, H, W): both heads' 7x7 convolution."""
        columns = F.conv2d(x, self._heads, padding=(_RIM, 0))
        count, _, height, width = columns.shape
        taps = columns.reshape(count, -1, _TAPS, height, width)
        out = taps[:, :, _RIM].float()
        for tap in range(_TAPS):
            shift = tap - _RIM
            if shift < 0:
                out[..., -shift:] += taps[:, :, tap, :, :shift]
            elif shift > 0:
                out[..., :-shift] += taps[:, :, tap, :, shift:]
        return out


class _Norm:
    """Instance norm with its weights in the dtype of what it is given."""

    def __init__(self, norm: InstanceNorm, dtype: torch.dtype) -> None:
        self._eps = norm.eps
        self._weight = norm.weight.detach().to(dtype, copy=True)
        self._bias = norm.bias.detach().to(dtype, copy=True)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return instance_norm(x, self._weight, self._bias, self._eps)


class _Step:
    """A convolution that halves or doubles the image, with norm and rectifier."""

    def __init__(self, step: Step, dtype: torch.dtype) -> None:
        halves = isinstance(step.convolution, nn.Conv2d)
        self._convolve = F.conv2d if halves else F.conv_transpose2d
        self._weight = _laid_out(step.convolution.weight, dtype)
        self._norm = _Norm(step.norm, dtype)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return self._norm(self._convolve(x, self._weight, stride=2, padding=1)).relu_()


class _Residual:
    """Two 3x3 convolutions beside the identity."""

    def __init__(self, block: Residual, dtype: torch.dtype) -> None:
        self._first = _laid_out(block.first.weight, dtype)
        self._first_norm = _Norm(block.first_norm, dtype)
        self._second = _laid_out(block.second.weight, dtype)
        self._second_norm = _Norm(block.second_norm, dtype)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        inner = self._first_norm(F.conv2d(x, self._first, padding=1)).relu_()
        return x + self._second_norm(F.conv2d(inner, self._second, padding=1))


def _laid_out(weight: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """A copy of its own, channels last in memory."""
    return weight.detach().to(dtype, copy=True).contiguous(memory_format=torch.channels_last)
