"""Logs: one JSON object a line, with the request and job it belongs to."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog


def configure_logging(level: str, component: str) -> None:
    """Send all logs of this process, the libraries' included, to standard error as JSON.

    Called by entry points only: it changes the state of the whole process.
    """

    def name_component(_logger: Any, _method: str, event: Any) -> Any:
        event.setdefault("component", component)
        return event

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        name_component,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    for noisy in ("alembic", "kombu", "celery.bootsteps", "amqp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
