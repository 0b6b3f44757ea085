"""Files that a command writes whole or not at all."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """A file to write that becomes `out` when the block ends well, and is gone when not."""
    out.parent.mkdir(parents=True, exist_ok=True)
    # not of the file's own name, which may be as long as names can be
    unfinished = out.with_name(f".{uuid.uuid4().hex}")
    try:
        yield unfinished
        os.replace(unfinished, out)
    finally:
        unfinished.unlink(missing_ok=True)
