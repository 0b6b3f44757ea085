"""What a measurement was taken on."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("numpy", "numba", "opencv-python-headless", "ai-edge-litert", "pillow")


def described() -> str:
    """Commit, machine, load and versions, in one line of Markdown."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"Commit {_commit()}; {_processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        f" at the start; Python {platform.python_version()}, {libraries}."
    )


def _commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    )
    return found.stdout.strip()


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
