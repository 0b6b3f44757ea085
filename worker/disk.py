"""What a full disk means for a job."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

from worker.work import JobFailedError


@contextlib.contextmanager
def room_needed() -> Iterator[None]:
    """Work that needs room for temporary files.

    Raises:
        JobFailedError: there is none left; whatever was written is the caller's to remove.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise JobFailedError(
            "storage-full",
            "No room is left",
            "The worker's disk is full; make room, or ask for less, and try again.",
        ) from error
