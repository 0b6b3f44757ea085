"""How many cores there are, and keeping libraries from using them several times over."""

from __future__ import annotations

import os
import sys

import cv2


def available_cores() -> int:
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def share_of_cores(processes: int) -> int:
    """How many threads each of so many processes may keep busy."""
    return max(1, available_cores() // processes)


def share_cores(processes: int) -> None:
    """Cap the thread pools of OpenCV and, where it is loaded, torch to a process's share."""
    share = share_of_cores(processes)
    cv2.setNumThreads(share)
    # Not imported for this: a worker that needs no torch should not load it.
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(share)
