"""Where networks compute, and in which precision: asked here by whatever trains or draws."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["float32", "bfloat16"]


def compute_device() -> torch.device:
    """The first GPU where PyTorch finds one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def fastest(device: torch.device) -> Precision:
    """The precision that `device` draws fastest in: bfloat16 on GPUs and on CPUs that have it."""
    if device.type == "cuda":
        return training_precision(device)
    if device.type != "cpu":
        return "float32"
    able = torch.cpu.get_capabilities()
    return "bfloat16" if able.get("avx512_bf16") or able.get("amx_bf16") else "float32"


def training_precision(device: torch.device) -> Precision:
    """The precision of forward passes in training: bfloat16 on GPUs that have it.

    Weights and losses stay float32, and bfloat16 has float32's range, so that no loss has to be
    scaled. CPUs train in float32, whether they have bfloat16 or not: the same seed gives the same
    weights on all of them.
    """
    if device.type != "cuda":
        return "float32"
    able = torch.cuda.is_bf16_supported(including_emulation=False)
    return "bfloat16" if able else "float32"
