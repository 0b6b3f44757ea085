"""How many cores there are, and keeping libraries from using them several times over."""

from __future__ import annotations

import os
import sys

import cv2


def available_cores() -> int:
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def share_cores(processes: int) -> None:
    """Cap the thread pools of OpenCV, numba and torch to this process's share of the cores."""
    share = max(1, available_cores() // processes)
    cv2.setNumThreads(share)
    # Not imported for this: a worker that needs no torch should not load it.
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(share)
