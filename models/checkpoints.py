"""Checkpoints as folders: ``model.safetensors``, ``config.json`` and a card ``README.md``.

No pickle is ever read: a file that is not plainly safetensors is refused by its first bytes,
before anything parses it. Numpy only, so that whoever moves checkpoints about needs no torch.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

MODEL: Final = "model.safetensors"
CONFIG: Final = "config.json"
CARD: Final = "README.md"

MAX_MODEL_BYTES: Final = 1 << 30
"""Above any estimator: VGG16 in float32 is 134 million x 4 B = 540 MB."""
MAX_CONFIG_BYTES: Final = 1 << 20
_MAX_HEADER_BYTES: Final = 1 << 22
"""Names, types and places of some 10,000 tensors; ours have a few hundred at 100 B each."""
_PICKLE_STARTS: Final = (b"\x80", b"PK\x03\x04", b"\x1f\x8b")
_DTYPES: Final = frozenset({"F16", "F32", "I64"})

Tensors = dict[str, npt.NDArray[Any]]


class CheckpointError(ValueError):
    """Not a checkpoint that can be used; `code` names why."""

    code: ClassVar[str] = "bad-checkpoint"


class PickledCheckpointError(CheckpointError):
    """A pickle or an archive of one: reading it could run anything, so it is not read."""

    code = "pickled-checkpoint"


class CorruptCheckpointError(CheckpointError):
    """Truncated, damaged or not safetensors at all."""

    code = "corrupt-checkpoint"


class CheckpointTooLargeError(CheckpointError):
    """Larger than any estimator."""

    code = "checkpoint-too-large"


class CheckpointMismatchError(CheckpointError):
    """Whole, but of another network than its configuration says, or than is needed."""

    code = "checkpoint-mismatch"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a folder holds: arrays by name, the configuration as plain JSON, and the card."""

    tensors: Tensors
    config: Mapping[str, Any]
    card: str


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, each file in one step; the same checkpoint gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in encoded(checkpoint).items():
        temporary = folder / f".{name}.part"
        temporary.write_bytes(content)
        os.replace(temporary, folder / name)


def encoded(checkpoint: Checkpoint) -> dict[str, bytes]:
    """The bytes of a checkpoint's files, by file name."""
    arrays = {name: np.asarray(value, order="C") for name, value in checkpoint.tensors.items()}
    config = json.dumps(checkpoint.config, indent=2, sort_keys=True, ensure_ascii=False)
    return {
        MODEL: save(dict(sorted(arrays.items()))),
        CONFIG: f"{config}\n".encode(),
        CARD: checkpoint.card.encode(),
    }


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint's folder; a missing card is an empty one.

    Raises:
        CheckpointError: see its kinds; the message names the file.
    """
    return decode(
        {
            name: _content(folder / name, limit)
            for name, limit in ((MODEL, MAX_MODEL_BYTES), (CONFIG, MAX_CONFIG_BYTES))
        }
        | {CARD: (folder / CARD).read_bytes() if (folder / CARD).is_file() else b""}
    )


def decode(files: Mapping[str, bytes]) -> Checkpoint:
    """The checkpoint in these bytes by file name; the reverse of `encoded`.

    Raises:
        CheckpointError: see its kinds.
    """
    for name in (MODEL, CONFIG):
        if name not in files:
            raise CorruptCheckpointError(f"{name} is missing from the checkpoint.")
    return Checkpoint(
        read_tensors(files[MODEL]),
        _parsed_config(files[CONFIG]),
        files.get(CARD, b"").decode("utf-8", errors="replace"),
    )


def read_tensors(content: bytes) -> Tensors:
    """Arrays by name from safetensors bytes.

    Raises:
        PickledCheckpointError, CheckpointTooLargeError: told by the first bytes and the size.
        CorruptCheckpointError: the header or the data is not whole, or of other types.
    """
    check_safetensors(content)
    try:
        return load(content)
    except SafetensorError as error:
        raise CorruptCheckpointError(f"{MODEL} is damaged: {error}.") from error


def check_safetensors(content: bytes) -> None:
    """Refuse what is not plainly safetensors, looking at its header alone.

    Raises:
        As `read_tensors`.
    """
    if len(content) > MAX_MODEL_BYTES:
        raise CheckpointTooLargeError(
            f"{MODEL} has {len(content)} bytes; estimators have at most {MAX_MODEL_BYTES}."
        )
    length = struct.unpack("<Q", content[:8])[0] if len(content) >= 8 else 0
    plausible = 2 <= length <= min(_MAX_HEADER_BYTES, len(content) - 8)
    if not plausible or content[8:9] != b"{":
        if content.startswith(_PICKLE_STARTS):
            raise PickledCheckpointError(
                f"{MODEL} is a pickle or an archive, which is not read because reading it could "
                "run any code. Save the weights with safetensors."
            )
        raise CorruptCheckpointError(f"{MODEL} is not a whole safetensors file.")
    try:
        header = json.loads(content[8 : 8 + length])
    except ValueError as error:
        raise CorruptCheckpointError(f"The header of {MODEL} is not JSON.") from error
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        dtype = entry.get("dtype") if isinstance(entry, dict) else None
        if dtype not in _DTYPES:
            raise CorruptCheckpointError(
                f"{name} in {MODEL} has type {dtype}; estimators have {', '.join(sorted(_DTYPES))}."
            )


def _parsed_config(content: bytes) -> dict[str, Any]:
    try:
        config = json.loads(content)
    except ValueError as error:
        raise CorruptCheckpointError(f"{CONFIG} is not JSON: {error}.") from error
    if not isinstance(config, dict):
        raise CorruptCheckpointError(f"{CONFIG} is not a JSON object.")
    return config


def _content(path: Path, limit: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > limit:
            raise CheckpointTooLargeError(
                f"{path.name} has {size} bytes; at most {limit} are read."
            )
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise CorruptCheckpointError(f"{path.name} is missing from {path.parent}.") from error
