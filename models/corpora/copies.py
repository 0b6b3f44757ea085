"""Files of a corpus that are there twice: copies are passed over, and others refused.

Corpora are unpacked by hand, from several archives; what comes last by name must not win unseen.
"""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from models.corpora.codes import Codes
from models.corpora.errors import CorpusError

Key = TypeVar("Key", bound=Hashable)

_COMPARED_BYTES: Final = 10_000_000
"""Files up to here are compared whole, larger ones (videos) by their size."""


def add_file(found: dict[Key, Path], key: Key, path: Path) -> None:
    """Note a file of which there is one for each key.

    Raises:
        CorpusError: there is another one.
    """
    other = found.setdefault(key, path)
    if other is path:
        return
    size = path.stat().st_size
    if size != other.stat().st_size or (
        size <= _COMPARED_BYTES and path.read_bytes() != other.read_bytes()
    ):
        raise CorpusError(f"is not the same as {_place(other)}, which is of the same name", path)


def add_codes(found: dict[int, Codes], column: int, codes: Codes) -> None:
    """Note the codes of an AU, of which there is one file.

    Raises:
        CorpusError: there is another one that says something else.
    """
    other = found.setdefault(column, codes)
    is_same = np.array_equal(other.numbers, codes.numbers) and np.array_equal(
        other.values, codes.values, equal_nan=True
    )
    if not is_same:
        raise CorpusError(
            f"contradicts {_place(other.path)}, which is of the same AU and frames", codes.path
        )


def _place(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
