"""Bringing a database to the schema this version of the code needs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from service.db.engine import Database

MIGRATIONS: Final = Path(__file__).parent / "migrations"
UPGRADE_LOCK: Final = 0x46414353
"""PostgreSQL advisory lock: two services that start together upgrade one after the other."""


class SchemaError(RuntimeError):
    """The database does not have the schema this version needs; says what to run."""


def upgrade(database: Database, revision: str = "head") -> None:
    """Apply every migration that is missing, in one transaction; does nothing when up to date."""
    writer = database.engine.execution_options(facsimile_writes=True)
    with writer.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Undo migrations down to `revision` (``base`` for an empty database)."""
    writer = database.engine.execution_options(facsimile_writes=True)
    with writer.begin() as connection:
        command.downgrade(_config(connection), revision)


def current_revision(connection: Connection) -> str | None:
    """The revision the database is at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """The revision this version of the code needs."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    if head is None:
        raise SchemaError("the package has no migrations; install it again")
    return head


def check(database: Database) -> None:
    """Raise `SchemaError` unless the database is at the newest revision."""
    with database.engine.connect() as connection:
        current = current_revision(connection)
    if current != newest_revision():
        raise SchemaError(
            f"the database schema is at {current or 'nothing'}, this version needs "
            f"{newest_revision()}; run `facsimile db upgrade`"
        )


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
