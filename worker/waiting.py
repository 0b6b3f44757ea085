"""What a worker does while its database is away."""

from __future__ import annotations

import threading

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from service.db.engine import Database
from service.db.outage import is_away, pauses, reason, told

log = structlog.get_logger(__name__)


def wait_for_database(
    database: Database, error: SQLAlchemyError, stopping: threading.Event
) -> bool:
    """Wait until the database answers again, with a line a try; False when told to stop first.

    Args:
        error: what it failed with.
    """
    for pause in pauses():
        log.warning(told("database", pause), why=reason(error))
        if stopping.wait(pause):
            return False
        try:
            with database.read() as session:
                session.execute(text("SELECT 1"))
        except SQLAlchemyError as again:
            if not is_away(again):
                raise
            error = again
        else:
            break
    log.info("the database answers again")
    return True
