"""Seconds per stage, gathered from several threads until they are written down."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Timings:
    """Counts and seconds by stage."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._totals: dict[str, tuple[int, float]] = {}

    @contextmanager
    def stage(self, name: str, count: int = 1) -> Iterator[None]:
        """Time a block that does the stage `count` times."""
        start = time.perf_counter()
        yield
        seconds = time.perf_counter() - start
        with self._lock:
            before = self._totals.get(name, (0, 0.0))
            self._totals[name] = (before[0] + count, before[1] + seconds)

    def take(self) -> dict[str, tuple[int, float]]:
        """What was gathered since the last call: ``{stage: (count, seconds)}``."""
        with self._lock:
            taken, self._totals = self._totals, {}
        return taken
