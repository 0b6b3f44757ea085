"""Worker processes that `serve` starts beside the API, and starts again when they die."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Final

import structlog

from service.config import Settings, child_environment

POLL_SECONDS: Final = 0.25
STOP_SECONDS: Final = 10.0
RESTART_SECONDS: Final = 1.0
MAX_RESTART_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 30.0
"""A worker that lived this long died for a new reason, and is started again without delay."""

log = structlog.get_logger(__name__)


class WorkerSupervisor:
    """Keeps `settings.started_workers` worker processes running."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep, args=(number,), name=f"worker {number}")
            for number in range(settings.started_workers)
        ]

    def start(self) -> None:
        """Start the workers."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop the workers: politely, and after a while regardless. Returns when all are gone."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _keep(self, number: int) -> None:
        delay = 0.0
        while not self._stopping.is_set():
            process = self._spawn()
            log.info("worker started", number=number, worker_pid=process.pid)
            lived = self._watch(process)
            if self._stopping.is_set():
                return
            delay = 0.0 if lived > STEADY_SECONDS else delay
            log.error("worker died", number=number, code=process.returncode, again_in=delay)
            self._stopping.wait(delay)
            delay = min(max(RESTART_SECONDS, delay * 2), MAX_RESTART_SECONDS)

    def _spawn(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C in a terminal is for us, and we stop the worker in order.
        return subprocess.Popen(
            [sys.executable, "-m", "worker", str(os.getpid())],
            env=child_environment(self._settings),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _watch(self, process: subprocess.Popen[bytes]) -> float:
        """Wait until the process has ended, ending it when asked to; seconds it lived."""
        lived = 0.0
        while process.poll() is None:
            if self._stopping.wait(POLL_SECONDS):
                process.terminate()
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    log.warning("worker did not stop in time", worker_pid=process.pid)
                    process.kill()
                    process.wait()
            lived += POLL_SECONDS
        return lived
