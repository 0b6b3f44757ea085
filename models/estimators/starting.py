"""Training on from an estimator: a copy of its network that answers for the AUs of a dataset."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import torch
from torch import nn

from models.estimators.compact import Compact
from models.estimators.estimator import Estimator
from models.estimators.networks import Network

RATE: Final = 0.2
"""Of the learning rate from scratch: what the base knows is to be bent, not to be forgotten."""


class UnfitBaseError(ValueError):
    """The base cannot be trained on from; the message says why."""

    code = "unsuitable-base-model"


def started_from(base: Estimator, aus: Sequence[str]) -> Network:
    """The network of `base`, answering for `aus` alone and in this order; `base` stays as it is.

    Raises:
        UnfitBaseError: the base does not read one of the AUs.
    """
    missing = [au for au in aus if au not in base.aus]
    if missing:
        raise UnfitBaseError(
            f"The base model does not read {', '.join(missing)}; it reads {', '.join(base.aus)}."
        )
    network = copy.deepcopy(base.network)
    kept = [base.aus.index(au) for au in aus]
    last: list[nn.Module]
    if isinstance(network, Compact):
        last = [network.absolute, network.comparing[-1]]
    else:
        last = [network.classifier[-1]]
    for layer in last:
        _keep_answers(layer, kept, len(base.aus))
    network.config = replace(network.config, au_count=len(aus))
    for parameter in network.parameters():
        parameter.requires_grad_(True)
    return network


def _keep_answers(layer: nn.Module, kept: Sequence[int], before: int) -> None:
    """Keep the answers for some of the AUs, in place: rows come AU by AU."""
    if not isinstance(layer, nn.Linear):
        raise TypeError(f"expected a linear layer, got {type(layer).__name__}")
    with torch.no_grad():
        weight = layer.weight.reshape(before, -1, layer.in_features)[list(kept)].flatten(0, 1)
        bias = layer.bias.reshape(before, -1)[list(kept)].flatten()
    layer.weight, layer.bias = nn.Parameter(weight), nn.Parameter(bias)
    layer.out_features = len(bias)
