"""Makes probabilities honest: one temperature an AU, put into the last layers themselves.

Guo et al. (2017), On calibration of modern neural networks. Dividing logits by a temperature is
dividing a linear layer by it, so a calibrated network is a network like any other.
"""

from __future__ import annotations

import torch
from torch import nn

from models.estimators.compact import Compact
from models.estimators.ordinal import THRESHOLDS, ordinal_loss

_CANDIDATES = torch.logspace(-0.5, 0.7, 61)
"""0.32 to 5."""


def temperatures(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """(A,) temperatures with the least ordinal loss of logits (N, A, 5) on labels (N, A).

    Take faces of people the network was not trained on.
    """
    out = torch.ones(logits.shape[1])
    for column in range(logits.shape[1]):
        mine, truth = logits[:, column : column + 1], labels[:, column : column + 1]
        losses = torch.stack([ordinal_loss(mine / t, truth) for t in _CANDIDATES])
        out[column] = _CANDIDATES[losses.argmin()]
    return out


def put_in(network: Compact, absolute: torch.Tensor, comparing: torch.Tensor) -> None:
    """Divide what both heads answer by (A,) temperatures, in place."""
    last = network.comparing[-1]
    for layer, by in ((network.absolute, absolute), (last, comparing)):
        if not isinstance(layer, nn.Linear):
            raise TypeError(f"expected a linear layer, got {type(layer).__name__}")
        factor = by.repeat_interleave(THRESHOLDS)
        with torch.no_grad():
            layer.weight.div_(factor[:, None])
            layer.bias.div_(factor)
