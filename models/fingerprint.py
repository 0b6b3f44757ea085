"""What a training run depends on, as digests that its state carries.

A state that goes on with other data, another split or another base would make a model whose card
says what is not so: people trained on would be the "people left out". So it is refused.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.checkpoints import CheckpointMismatchError

Fingerprint = Mapping[str, str]
"""A digest for each part of what a run depends on, by what messages call the part."""

_PIECE: Final = 1 << 26
"""Bytes of an array that are in memory at a time: 64 MB, however large its file is."""


class OtherRunError(CheckpointMismatchError):
    """The state is of a run with other data, another configuration or another base."""

    code = "other-run"


class _Digest(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...


def fingerprint(parts: Mapping[str, object]) -> dict[str, str]:
    """A digest of each part, of all that it holds.

    Parts are made of dataclasses and other objects (by their attributes), mappings, sequences,
    arrays, tensors, networks (by their weights), functions (by their names), texts and numbers.
    Arrays are read whole, some seconds for each 10 GB; what a file's name is does not matter.
    """
    found = {}
    for name, part in parts.items():
        digest = hashlib.sha256()
        _feed(digest, part)
        found[name] = digest.hexdigest()
    return found


def insist_on_same_run(own: Fingerprint, kept: Fingerprint) -> None:
    """Refuse to go on from a state that is not this run's.

    Args:
        own: of the run that wants to go on.
        kept: in the state; empty in those of earlier versions, which do not tell.

    Raises:
        OtherRunError: they differ; the message says in what.
    """
    if not kept:
        raise OtherRunError(
            "The state that was kept does not say what it was learning from: an earlier version "
            "wrote it. Delete it, or take another folder."
        )
    others = [name for name in own.keys() | kept.keys() if own.get(name) != kept.get(name)]
    if others:
        told = " and another ".join(sorted(others))
        raise OtherRunError(
            f"The state that was kept is of a run with another {told}. Delete it, or take another "
            "folder."
        )


def _feed(digest: _Digest, value: object) -> None:
    if value is None or isinstance(value, str | int | float | bytes):
        digest.update(f"{type(value).__name__} {value!r};".encode())
    elif isinstance(value, np.ndarray):
        _feed_array(digest, value)
    elif isinstance(value, torch.Tensor):
        _feed_tensor(digest, value)
    elif isinstance(value, nn.Module):
        _feed(digest, (type(value).__qualname__, value.state_dict()))
    elif isinstance(value, Mapping):
        _feed(digest, [(str(name), value[name]) for name in sorted(value, key=str)])
    elif isinstance(value, list | tuple):
        digest.update(f"{len(value)} of;".encode())
        for one in value:
            _feed(digest, one)
    elif isinstance(value, np.generic):
        _feed(digest, value.item())
    else:
        _feed(digest, _described(value))


def _described(value: object) -> object:
    """What an object is, in terms that `_feed` knows."""
    if hasattr(value, "__qualname__"):  # a function or a class
        return f"{value.__module__}.{value.__qualname__}"
    if dataclasses.is_dataclass(value):
        held: dict[str, Any] = {
            entry.name: getattr(value, entry.name) for entry in dataclasses.fields(value)
        }
    elif hasattr(value, "__dict__"):
        held = vars(value)
    else:
        raise TypeError(f"a run's fingerprint cannot hold a {type(value).__name__}")
    return type(value).__qualname__, held


def _feed_tensor(digest: _Digest, value: torch.Tensor) -> None:
    digest.update(f"{value.dtype} {tuple(value.shape)};".encode())
    flat = value.detach().cpu().contiguous().reshape(-1)
    if len(flat):
        digest.update(flat.view(torch.uint8).numpy().data)


def _feed_array(digest: _Digest, value: npt.NDArray[Any]) -> None:
    digest.update(f"{value.dtype.str} {value.shape};".encode())
    if not value.size:
        return
    if not value.ndim:
        digest.update(value.tobytes())
        return
    rows = max(1, _PIECE // max(1, value[:1].nbytes))
    for first in range(0, len(value), rows):
        digest.update(value[first : first + rows].tobytes())
