"""The whole service by one command: API, workers and sweeper."""

from __future__ import annotations

import fcntl
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import structlog
import uvicorn

from service.app import create_app
from service.config import Settings, unknown_variables
from service.db import schema
from service.db.engine import open_database
from service.jobs.sweeper import release_all
from service.logs import configure_logging
from service.supervisor import WorkerSupervisor

DRAIN_SECONDS: Final = 5
"""How long a stopping API waits for answers under way, event streams among them."""

_STOPS: Final = (signal.SIGTERM, signal.SIGINT)

log = structlog.get_logger(__name__)


class DataInUseError(RuntimeError):
    """Another service runs on the same data folder."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then stop everything that was started.

    With the embedded broker this starts a worker too, brings the database to the current schema,
    and queues again what was running when the service last ended. In production (Redis) the
    workers and ``facsimile db upgrade`` are run on their own.

    Raises:
        DataInUseError: the data folder is taken.
        SchemaError: the database needs `facsimile db upgrade` first.
        AssetError: the models that find faces have not been fetched.
    """
    configure_logging(settings.log_level, "api")
    for name in unknown_variables():
        log.warning("this variable sets nothing; is it misspelt?", variable=name)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    with _prepared(settings), _signals_outlived():
        supervisor = WorkerSupervisor(settings)
        supervisor.start()
        try:
            uvicorn.Server(config).run()
        finally:
            supervisor.stop()


@contextmanager
def _signals_outlived() -> Iterator[None]:
    """Uvicorn stops at a signal, then raises it again; our workers are still to be stopped."""
    before = {number: signal.signal(number, _noted) for number in _STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _noted(number: int, _frame: FrameType | None) -> None:
    log.info("stopping", signal=signal.Signals(number).name)


@contextmanager
def _prepared(settings: Settings) -> Iterator[None]:
    if not settings.embedded_broker:
        yield
        return
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataInUseError(
                f"another service is running on {settings.data_dir.absolute()}; stop it, or "
                "choose another folder with --data"
            ) from error
        database = open_database(settings.database)
        schema.upgrade(database)
        # The lock is ours, so no worker of this folder is alive.
        with database.write() as session:
            release_all(session)
        database.close()
        yield
