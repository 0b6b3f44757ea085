"""The room where drawings are made at once: processes that stay warm, each with its own photos.

Not the job queue: an answer is wanted before the slider has moved on, and is worth nothing later.
The processes start when first needed and end when nobody has drawn for a while, and with them goes
every photo they held in memory.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import structlog

from service.config import Settings
from service.drawing.contracts import Asked, BrokenError, BusyError, Drawn

if TYPE_CHECKING:
    from service.drawing.child import Studio

log = structlog.get_logger()

REST_SECONDS: Final = 600.0
"""A process that nobody has needed for so long ends."""
_WAITING: Final = 8
"""Requests a process may have at a time: at 0.1 to 0.4 s each, the last one waits about 2 s."""

_studio: Studio | None = None
"""Of a drawing process, set once when it starts; None in the API's own."""


def _start(variables: dict[str, str]) -> None:
    # Loaded here, in the process that draws: the API's own stays light.
    from service.drawing.child import open_studio

    global _studio
    _studio = open_studio(variables)


def _draw(asked: Asked) -> Drawn:
    assert _studio is not None
    return _studio.draw(asked)


def _nothing() -> None:
    """Work that only has the process start."""


class _Easel:
    """One process, or none as long as nobody needs it."""

    def __init__(self, settings: Settings) -> None:
        self._variables = settings.environment()
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._used = 0.0
        self._waiting = 0

    def warm(self) -> None:
        """Have the process start; does not wait for it."""
        with self._lock:
            if self._pool is None:
                self._started().submit(_nothing)

    def draw(self, asked: Asked) -> Drawn:
        with self._counted():
            for _ in range(2):
                pool, future = self._submitted(asked)
                try:
                    return future.result()
                except BrokenProcessPool:
                    log.warning("a drawing process ended", sha256=asked.sha256)
                    self._forget(pool)
        raise BrokenError("The process that draws ended twice over this picture.")

    def rest(self, idle: float) -> None:
        """End the process if it has had nothing to do for `idle` seconds."""
        with self._lock:
            if self._waiting or time.monotonic() - self._used < idle:
                return
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)

    def _submitted(self, asked: Asked) -> tuple[ProcessPoolExecutor, Future[Drawn]]:
        with self._lock:
            pool = self._started()
            try:
                return pool, pool.submit(_draw, asked)
            except BrokenProcessPool:
                self._pool = None  # it ended while nobody looked
                pool = self._started()
                return pool, pool.submit(_draw, asked)

    def _started(self) -> ProcessPoolExecutor:
        self._used = time.monotonic()
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                1, multiprocessing.get_context("spawn"), _start, (self._variables,)
            )
        return self._pool

    def _forget(self, pool: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._pool is pool:
                self._pool = None
        pool.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            if self._waiting >= _WAITING:
                raise BusyError("Too many drawings are asked for at once; try again in a moment.")
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1
                self._used = time.monotonic()


class DrawingRoom:
    """Draws at once, in `preview_processes` processes; a photo always goes to the same one."""

    def __init__(self, settings: Settings) -> None:
        self._easels = [_Easel(settings) for _ in range(settings.preview_processes)]

    def warm(self) -> None:
        """Have a first process start, because somebody will soon want a drawing."""
        self._easels[0].warm()

    def draw(self, asked: Asked) -> Drawn:
        """The picture. Waits for it; safe to call from several threads.

        Raises:
            BusyError, BrokenError, PhotoGoneError.
        """
        return self._easels[int(asked.sha256[:8], 16) % len(self._easels)].draw(asked)

    def rest_when_idle(self) -> None:
        """End the processes that have had nothing to do for ten minutes."""
        for easel in self._easels:
            easel.rest(REST_SECONDS)

    def close(self) -> None:
        """End all processes."""
        for easel in self._easels:
            easel.rest(0)
