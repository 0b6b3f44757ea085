"""What the networks minimise."""

from __future__ import annotations

from typing import Protocol

import torch
from torch.nn import functional

from models.estimators.compact import Compact
from models.estimators.faces import Batch
from models.estimators.ordinal import ordinal_loss


class Objective(Protocol):
    """A loss of a network on a batch, and its parts by name."""

    def __call__(
        self, network: torch.nn.Module, batch: Batch
    ) -> tuple[torch.Tensor, dict[str, float]]:
        """The loss to minimise (a scalar) and what to write into the log."""
        ...


def both_heads(network: torch.nn.Module, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
    """`compact`: the absolute head on faces and neutrals, the comparing head on their pairs.

    A neutral face is a face on which every AU is 0, for the absolute head, wherever its label
    would be known. Of people without a neutral face, only the absolute head learns.
    """
    if not isinstance(network, Compact):
        raise TypeError(f"expected a Compact network, got {type(network).__name__}")
    features = network.features(torch.cat([batch.images, batch.neutrals]))
    return heads_on(network, features, batch)


def heads_on(
    network: Compact, features: torch.Tensor, batch: Batch
) -> tuple[torch.Tensor, dict[str, float]]:
    """`both_heads` on features (N + R, F) of the batch's images and, behind them, its neutrals."""
    count = len(batch.images)
    faces, neutrals = features[:count], features[count:]
    known = ~torch.isnan(batch.labels).all(dim=0)
    rest = torch.where(known, 0.0, torch.nan).expand(len(neutrals), -1)
    rest = rest.to(batch.labels.dtype)
    compared = batch.labels
    if batch.has_neutral is not None:
        rest = rest.masked_fill(~batch.has_neutral[:, None], torch.nan)
        alone = ~batch.has_neutral[batch.neutral_of]
        compared = compared.masked_fill(alone[:, None], torch.nan)
    absolute = ordinal_loss(
        network.logits(features).float(),
        torch.cat([batch.labels, rest]),
        None if batch.upper is None else torch.cat([batch.upper, rest]),
    )
    comparing = ordinal_loss(
        network.logits(faces, neutrals[batch.neutral_of]).float(), compared, batch.upper
    )
    parts = {"absolute": float(absolute.detach()), "comparing": float(comparing.detach())}
    return absolute + comparing, parts


def level_classes(network: torch.nn.Module, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
    """`vgg16`: cross-entropy over the six levels (Niinuma et al. 2022, 4.2.2), NaN left out."""
    logits = network(batch.images).float().flatten(0, 1)  # N*A, 6
    labels = batch.labels.flatten()
    known = ~torch.isnan(labels)
    levels = torch.floor(labels[known] + 0.5).clamp(0, 5).long()
    loss = functional.cross_entropy(logits[known], levels, reduction="sum") / known.sum().clamp(
        min=1
    )
    return loss, {"loss": float(loss.detach())}
