"""Checkpoints come back as they were, and what is none is refused before it is parsed."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from models.checkpoints import (
    CONFIG,
    MODEL,
    Checkpoint,
    CheckpointError,
    CheckpointTooLargeError,
    CorruptCheckpointError,
    PickledCheckpointError,
    encoded,
    read_checkpoint,
    read_tensors,
    write_checkpoint,
)

SAMPLE = Checkpoint(
    {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.ones(2, np.float16)},
    {"format": 1, "name": "é"},
    "# Card\n",
)


def test_written_and_read(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "new", SAMPLE)
    back = read_checkpoint(tmp_path / "new")
    assert back.config == SAMPLE.config
    assert back.card == SAMPLE.card
    assert back.tensors.keys() == SAMPLE.tensors.keys()
    for name, value in SAMPLE.tensors.items():
        assert back.tensors[name].dtype == value.dtype
        np.testing.assert_array_equal(back.tensors[name], value)


def test_the_same_checkpoint_gives_the_same_bytes() -> None:
    other = Checkpoint(dict(reversed(SAMPLE.tensors.items())), dict(SAMPLE.config), SAMPLE.card)
    assert encoded(SAMPLE) == encoded(other)


def _zip_of_a_pickle() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"a": 1}))
    return out.getvalue()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_are_refused(protocol: int) -> None:
    with pytest.raises(PickledCheckpointError):
        read_tensors(pickle.dumps({"weights": [1.0] * 20}, protocol))


def test_pickles_without_a_mark_are_refused_too() -> None:
    for protocol in (0, 1):
        with pytest.raises(CheckpointError):
            read_tensors(pickle.dumps({"weights": [1.0] * 20}, protocol))


def test_archives_of_pickles_are_refused() -> None:
    with pytest.raises(PickledCheckpointError, match="safetensors"):
        read_tensors(_zip_of_a_pickle())


def _with_header(header: object, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 7,
        b"hello world, these are no weights",
        encoded(SAMPLE)[MODEL][:-1],
        encoded(SAMPLE)[MODEL][:40],
        struct.pack("<Q", 1 << 60) + b"{}",
        struct.pack("<Q", 5) + b"{nope",
        _with_header({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, b"short"),
        _with_header({"a": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}}, b"8 bytes."),
        _with_header({"a": 3}),
    ],
)
def test_damaged_weights_are_refused(content: bytes) -> None:
    with pytest.raises(CorruptCheckpointError):
        read_tensors(content)


def test_files_that_are_missing_or_no_json(tmp_path: Path) -> None:
    with pytest.raises(CorruptCheckpointError, match=MODEL):
        read_checkpoint(tmp_path)
    write_checkpoint(tmp_path, SAMPLE)
    (tmp_path / CONFIG).write_text("[1, 2")
    with pytest.raises(CorruptCheckpointError, match="JSON"):
        read_checkpoint(tmp_path)
    (tmp_path / CONFIG).write_text("[1, 2]")
    with pytest.raises(CorruptCheckpointError, match="object"):
        read_checkpoint(tmp_path)
    (tmp_path / CONFIG).write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(CheckpointTooLargeError):
        read_checkpoint(tmp_path)


def test_every_refusal_has_a_code_of_its_own() -> None:
    kinds = CheckpointError.__subclasses__()
    assert len({kind.code for kind in kinds}) == len(kinds) == 4
