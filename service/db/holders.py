"""Who holds a lease, and telling at once that a holder on this machine is gone.

A lease that is not renewed dies by itself, but only when its time is over. The name of its holder
says on which machine, and in which of its sets of processes, to look for the process instead.
"""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path


@cache
def this_machine() -> str:
    """Names the processes that can see each other: equal names mean that a process id is shared.

    The host's name alone would not do, as containers may share one.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return socket.gethostname()[:64]
    return f"{socket.gethostname()[:64]}/{boot}/{namespace}"


def holder_name() -> str:
    """This process, as a holder of leases."""
    return f"{this_machine()}:{os.getpid()}"


def is_gone(holder: str) -> bool:
    """Whether a holder is surely gone; False for one on another machine."""
    machine, _, pid = holder.rpartition(":")
    if machine != this_machine():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
