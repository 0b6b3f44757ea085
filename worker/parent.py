"""Not outliving the process that started us, however it ended."""

from __future__ import annotations

import os
import threading
from typing import Final

POLL_SECONDS: Final = 0.5


def exit_with_parent(parent: int) -> None:
    """Have this process end within a second of `parent` having ended.

    A process whose parent is gone gets another one, on every POSIX system. It ends without any
    clean-up, as if killed: leases die and another worker goes on.
    """
    threading.Thread(target=_watch, args=(parent,), name="parent watch", daemon=True).start()


def _watch(parent: int) -> None:
    nothing = threading.Event()
    while os.getppid() == parent:
        nothing.wait(POLL_SECONDS)
    os._exit(1)
