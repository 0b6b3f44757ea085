"""What training runs keep of themselves to go on from, in one file and without pickle."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from models.checkpoints import CheckpointMismatchError, CorruptCheckpointError

TensorMap = Mapping[str, torch.Tensor]
Tensors = dict[str, torch.Tensor]

_SUM = "crc32"


def clone(tensors: TensorMap) -> Tensors:
    """Copies that no later step changes."""
    return {name: value.detach().clone() for name, value in tensors.items()}


def prefixed(prefix: str, tensors: TensorMap) -> Tensors:
    """The same tensors under longer names."""
    return {f"{prefix}{name}": value for name, value in tensors.items()}


def under(prefix: str, tensors: TensorMap) -> Tensors:
    """The tensors whose names begin so, without it; the reverse of `prefixed`."""
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> Tensors:
    """An optimiser's moments as ``index.name``."""
    return {
        f"{index}.{name}": torch.as_tensor(value)
        for index, moments in optimizer.state_dict()["state"].items()
        for name, value in moments.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: TensorMap) -> None:
    """Put back what `optimizer_tensors` took out; rates and the like stay the optimiser's own.

    Moments are laid out in memory like their parameters: PyTorch's fused optimisers read both in
    the order of memory, and would take one weight's moment for another's.
    """
    parameters = [one for group in optimizer.param_groups for one in group["params"]]
    moments: dict[int, Tensors] = {}
    for name, value in tensors.items():
        index, kind = name.split(".", 1)
        parameter = parameters[int(index)]
        alike = value.shape == parameter.shape
        own = torch.empty_like(parameter, dtype=value.dtype) if alike else value.clone()
        moments.setdefault(int(index), {})[kind] = own.copy_(value)
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})


def move_average(average: Tensors, network: nn.Module, decay: float, step: int) -> None:
    """Move a running mean of weights towards those of `network` after its `step`-th step.

    An average that starts at random weights forgets them quickly at first.
    """
    weight = 1 - min(decay, (1 + step) / (10 + step))
    for name, value in network.state_dict().items():
        if value.dtype.is_floating_point:
            average[name].lerp_(value, weight)
        else:
            average[name].copy_(value)


def write_state(path: Path, kind: str, facts: Mapping[str, Any], tensors: TensorMap) -> None:
    """Write facts (plain JSON) and tensors in one step: a killed run leaves the last whole file.

    The file and its name reach the disk before this returns, so they outlast the machine too.
    """
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    described = json.dumps({"facts": facts, _SUM: _checksum(whole)})
    temporary = path.with_name(f".{path.name}.part")
    save_file(whole, temporary, {kind: described})
    _flush(temporary)
    os.replace(temporary, path)
    _flush(path.parent)


def read_state(path: Path, kind: str) -> tuple[dict[str, Any], Tensors]:
    """Read what `write_state` wrote under the same `kind`.

    Raises:
        CorruptCheckpointError: the file is truncated or damaged.
        CheckpointMismatchError: it is something else.
        FileNotFoundError: it is not there.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if kind not in metadata:
                raise CheckpointMismatchError(f"{path} is not the state of a training run.")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        described = json.loads(metadata[kind])
    except (SafetensorError, ValueError) as error:
        if isinstance(error, CheckpointMismatchError):
            raise
        raise CorruptCheckpointError(f"{path} is damaged: {error}.") from error
    if described[_SUM] != _checksum(tensors):
        raise CorruptCheckpointError(f"{path} is damaged: its checksum differs.")
    return described["facts"], tensors


def _checksum(tensors: TensorMap) -> int:
    total = 0
    for name in sorted(tensors):
        content = tensors[name].reshape(-1).view(torch.uint8).numpy().data
        total = zlib.crc32(content, zlib.crc32(name.encode(), total))
    return total


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
