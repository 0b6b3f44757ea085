"""The migrations make the schema that the code describes, and can be undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from service.db import schema
from service.db.engine import Database, open_database
from service.db.tables import Base


def test_the_migrations_make_what_the_tables_describe(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_newest_schema_passes_and_upgrading_again_changes_nothing(database: Database) -> None:
    schema.check(database)
    schema.upgrade(database)
    schema.check(database)


def test_an_empty_database_is_named_with_what_to_run(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(schema.SchemaError, match="facsimile db upgrade"):
        schema.check(database)
    database.close()


def test_migrations_can_be_undone_and_done_again(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/again.db")
    schema.upgrade(database)
    schema.downgrade(database, "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    schema.upgrade(database)
    schema.check(database)
    database.close()
