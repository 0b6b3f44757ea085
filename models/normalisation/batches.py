"""Batches whose faces are differences from their person's reference; see `au0`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from models.estimators.faces import Batch, Batches


@dataclass(frozen=True, eq=False)
class NormalisedBatches:
    """The batches of `source`, normalised.

    Faces and references must come as they are: if each were moved at random on its own, their
    difference would be of the moves.
    """

    source: Batches

    def batch(self, step: int) -> Batch:
        """The step's batch, images in [-1, 1], 0 for no change; references become 0.

        Faces of people without a reference keep no label.
        """
        batch = self.source.batch(step)
        reference = batch.neutrals[batch.neutral_of]
        shown = (batch.images > -1).any(1, keepdim=True) & (reference > -1).any(1, keepdim=True)
        change = torch.where(shown, (batch.images - reference) / 2, 0.0)
        labels = batch.labels
        if batch.has_neutral is not None:
            alone = ~batch.has_neutral[batch.neutral_of]
            labels = labels.masked_fill(alone[:, None], torch.nan)
        return replace(
            batch, images=change, labels=labels, neutrals=torch.zeros_like(batch.neutrals)
        )
