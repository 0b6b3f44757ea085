"""Intensity as an ordered class: five questions "above level k?" per AU, k = 0..4.

Frank & Hall (2001), A simple approach to ordinal classification; one sigmoid a question.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from models.facs import LEVELS

THRESHOLDS = len(LEVELS) - 1
"""Questions per AU."""


def ordinal_loss(
    logits: torch.Tensor, intensities: torch.Tensor, upper: torch.Tensor | None = None
) -> torch.Tensor:
    """Mean binary cross-entropy over the questions of every known label.

    A label between two levels answers the question between them by its share: 2.25 is "above 2"
    with probability .25, so whole levels give the plain ordinal loss.

    Args:
        logits: (N, A, 5), of "intensity is above k".
        intensities: (N, A) in [0, 5]; NaN is not known and costs nothing.
        upper: (N, A), not below `intensities`: all that is known is that the label lies between
            the two. Questions whose answer differs between them cost nothing.

    Raises:
        ValueError: the shapes disagree.
    """
    if logits.shape != (*intensities.shape, THRESHOLDS):
        raise ValueError(f"logits {tuple(logits.shape)} for labels {tuple(intensities.shape)}")
    known = ~torch.isnan(intensities)
    levels = torch.arange(THRESHOLDS, dtype=logits.dtype, device=logits.device)
    answers = (torch.nan_to_num(intensities)[..., None] - levels).clamp(0, 1)  # N, A, 5
    losses = functional.binary_cross_entropy_with_logits(
        logits, answers.to(logits.dtype), reduction="none"
    )
    weights = known[..., None].expand_as(losses).to(logits.dtype)
    if upper is not None:
        most = (torch.nan_to_num(upper)[..., None] - levels).clamp(0, 1)
        weights = weights * (most == answers)
    return (losses * weights).sum() / weights.sum().clamp(min=1)


def cumulative(logits: torch.Tensor) -> torch.Tensor:
    """(..., 5) logits -> (..., 5) probabilities of "above k" that never rise with k."""
    above = [torch.sigmoid(one) for one in logits.float().unbind(-1)]
    # not torch.cummin, which ONNX does not know
    for index in range(1, len(above)):
        above[index] = torch.minimum(above[index - 1], above[index])
    return torch.stack(above, dim=-1)


def class_probabilities(logits: torch.Tensor) -> torch.Tensor:
    """(..., 5) logits -> (..., 6) probabilities of the levels 0, A..E; they sum to 1."""
    above = cumulative(logits)
    one = torch.ones_like(above[..., :1])
    return torch.cat([one, above], -1) - torch.cat([above, torch.zeros_like(one)], -1)


def expected_intensity(logits: torch.Tensor) -> torch.Tensor:
    """(..., 5) logits -> (...) mean of the levels' distribution, in [0, 5]."""
    return cumulative(logits).sum(-1)
