"""Checkpoints as one file: a zip of their folder. Numpy only."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Final

from models.checkpoints import (
    CARD,
    CONFIG,
    MAX_CONFIG_BYTES,
    MODEL,
    Checkpoint,
    CheckpointTooLargeError,
    CorruptCheckpointError,
    PickledCheckpointError,
    decode,
    encoded,
)

_LIMITS: Final = {MODEL: 1 << 30, CONFIG: MAX_CONFIG_BYTES, CARD: MAX_CONFIG_BYTES}
_FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)
_PICKLES: Final = (".pkl", ".pickle", ".pt", ".pth")


def zipped(checkpoint: Checkpoint) -> bytes:
    """The checkpoint's folder as a zip; the same checkpoint gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in encoded(checkpoint).items():
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    return out.getvalue()


def unzipped(content: bytes, limit: int = 1 << 30) -> Checkpoint:
    """The checkpoint in a zip that somebody sent, of up to `limit` bytes unpacked.

    The files may lie in one folder of the archive. Nothing is unpacked before all names and sizes
    have been looked at, and no pickle is ever read.

    Raises:
        PickledCheckpointError, CorruptCheckpointError, CheckpointTooLargeError,
        CheckpointMismatchError.
    """
    if content[:1] == b"\x80":
        raise PickledCheckpointError(
            "The file is a pickle, which is not read because reading it could run any code. Save "
            "the weights with safetensors."
        )
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise CorruptCheckpointError("The file is not a whole zip archive, as a download gives it.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return decode(_files(archive, limit))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise CorruptCheckpointError(f"The file is not a whole zip archive: {error}.") from error


def _files(archive: zipfile.ZipFile, limit: int) -> dict[str, bytes]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    for entry in entries:
        if entry.filename.lower().endswith(_PICKLES):
            raise PickledCheckpointError(
                f"The archive holds {entry.filename[:100]}, a pickle, which is not read because "
                "reading it could run any code. Save the weights with safetensors."
            )
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        folder, _, name = entry.filename.rpartition("/")
        if name not in _LIMITS or name in found or "/" in folder:
            raise CorruptCheckpointError(
                f"The archive holds {entry.filename[:100]}; a checkpoint is {MODEL}, {CONFIG} and "
                f"{CARD}, once each."
            )
        if entry.file_size > min(_LIMITS[name], limit):
            raise CheckpointTooLargeError(
                f"{name} has {entry.file_size} bytes; at most {min(_LIMITS[name], limit)} are read."
            )
        found[name] = entry
    return {name: archive.read(entry) for name, entry in found.items()}
