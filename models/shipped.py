"""Weights that ship in the repository, each held to its SHA-256 in ``weights/SHA256SUMS``."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

from models.assets import WEIGHTS, AssetError

_SUMS: Final = "SHA256SUMS"


def load_shipped(name: str, folder: Path = WEIGHTS) -> bytes:
    """The bytes of the shipped file `name`, checked against its SHA-256.

    Raises:
        AssetError: the file is missing, not listed, or not what it should be.
    """
    expected = _sums(folder).get(name)
    if expected is None:
        raise AssetError(f"{name} is not among the weights listed in {folder / _SUMS}.")
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError as error:
        raise AssetError(f"The weights {folder / name} are missing; check out the file.") from error
    if hashlib.sha256(content).hexdigest() != expected:
        raise AssetError(f"The weights {folder / name} are damaged (their SHA-256 differs).")
    return content


def save_shipped(name: str, content: bytes, folder: Path = WEIGHTS) -> None:
    """Write `name` and its line in the list of hashes, each in one step."""
    _replace(folder / name, content)
    sums = _sums(folder) | {name: hashlib.sha256(content).hexdigest()}
    lines = "".join(f"{digest}  {file}\n" for file, digest in sorted(sums.items()))
    _replace(folder / _SUMS, lines.encode())


def _sums(folder: Path) -> dict[str, str]:
    path = folder / _SUMS
    if not path.exists():
        return {}
    rows = (line.split() for line in path.read_text().splitlines() if line.strip())
    return {name: digest for digest, name in rows}


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(temporary).chmod(0o644)
    Path(temporary).replace(path)
