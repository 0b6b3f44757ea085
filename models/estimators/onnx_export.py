"""Estimators as ONNX, for runtimes without torch."""

from __future__ import annotations

import json
from typing import Final

import torch
from torch import nn

from models.estimators.compact import Compact
from models.estimators.crop import CROP_HEIGHT, CROP_WIDTH
from models.estimators.estimator import Estimator
from models.facs import LEVELS
from models.registration.face import FACE_SIZE

OPSET: Final = 20


class _Alone(nn.Module):
    """Probabilities and intensity of faces, beside a stored neutral where there is one."""

    def __init__(self, estimator: Estimator) -> None:
        super().__init__()
        self.network = estimator.network
        self.reference = estimator.reference

    def forward(self, face: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if isinstance(self.network, Compact):
            logits = self.network.logits(self.network.features(face), self.reference)
        else:
            logits = self.network(face)
        return _answers(self.network.probabilities(logits))


class _Compared(nn.Module):
    """Probabilities and intensity of faces, each beside the neutral face it is given with."""

    def __init__(self, network: Compact) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, face: torch.Tensor, neutral: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return _answers(self.network.probabilities(self.network(face, neutral)))


def onnx_bytes(estimator: Estimator, *, compare: bool = False) -> bytes:
    """An ONNX file of the estimator, weights inside.

    Inputs: ``face`` float32 (batch, 3, H, W) in [-1, 1], RGB: for `compact` the crop of a
    registered image that `models.estimators.crop` makes (128x96), for `vgg16` all of it
    (224x224); and ``neutral``, of the same shape, if `compare`. Outputs: ``probabilities``
    float32 (batch, A, 6) and ``intensity`` float32 (batch, A) in 0..5. The AUs and levels stand
    in the file's metadata under ``facsimile``.

    Raises:
        ValueError: `compare` with a network that cannot.
    """
    if compare and not isinstance(estimator.network, Compact):
        raise ValueError(f"{estimator.config.architecture} cannot compare faces")
    compact = isinstance(estimator.network, Compact)
    size = (CROP_HEIGHT, CROP_WIDTH) if compact else (FACE_SIZE, FACE_SIZE)
    names = ("face", "neutral") if compare else ("face",)
    # two faces, so that the batch is not taken for a constant
    example = tuple(torch.zeros(2, 3, *size) for _ in names)
    network = estimator.network
    module: nn.Module = (
        _Compared(network) if compare and isinstance(network, Compact) else _Alone(estimator)
    )
    program = torch.onnx.export(
        module.eval(),
        example,
        dynamo=True,
        opset_version=OPSET,
        input_names=list(names),
        output_names=["probabilities", "intensity"],
        dynamic_shapes=tuple({0: torch.export.Dim.DYNAMIC} for _ in names),
        external_data=False,
        verbose=False,
    )
    if program is None:
        raise RuntimeError("torch.onnx.export returned no program")
    proto = program.model_proto
    entry = proto.metadata_props.add()
    entry.key = "facsimile"
    entry.value = json.dumps(
        {
            "architecture": estimator.config.architecture,
            "aus": list(estimator.aus),
            "levels": list(LEVELS),
            "registration": estimator.config.registration,
            "normalisation": estimator.config.normalisation,
        }
    )
    content: bytes = proto.SerializeToString()
    return content


def _answers(probabilities: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    levels = torch.arange(len(LEVELS), dtype=probabilities.dtype)
    return probabilities, (probabilities * levels).sum(-1)
