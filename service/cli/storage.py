"""``facsimile db``, ``keys`` and ``gc``: what is done to the database and the store directly."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from service.artifacts import ArtifactError, open_store
from service.cli.acting import acting_on
from service.cli.errors import CommandError
from service.cli.listing import show, table
from service.config import Settings, load_settings
from service.db import schema
from service.db.engine import Database, open_database
from service.usecases import keys as keys_usecase
from service.usecases.garbage import collect

Data = Annotated[
    Path | None,
    typer.Option(help="The service's data folder, when its database is in there."),
]

db = typer.Typer(no_args_is_help=True, help="Prepare the database.")
keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")


@db.command()
def upgrade(data: Data = None) -> None:
    """Bring the database to the schema this version needs.

    `facsimile serve` does this by itself for the database in its data folder. For PostgreSQL, run
    it once before the services start:

        FACSIMILE_DATABASE_URL=postgresql+psycopg://... facsimile db upgrade
    """
    with usable_database(load_settings(data_dir=data)) as database:
        schema.upgrade(database)
    typer.echo(f"The database is at revision {schema.newest_revision()}.")


@keys.command()
def create(
    owner: Annotated[str, typer.Argument(help="Whose key it is; keys of one owner see the same.")],
    data: Data = None,
) -> None:
    """Make a key and print it: the only time it can be seen.

    facsimile keys create alice

    curl -H "Authorization: Bearer fx_..." localhost:8000/v1/jobs
    """
    settings = load_settings(data_dir=data)
    acting_on(settings, "database")
    with usable_database(settings) as database:
        if settings.database_url is None:
            schema.upgrade(database)
        schema.check(database)
        with database.write() as session:
            key = keys_usecase.create_key(session, owner)
    typer.echo(f"A key for {owner}, shown this once; {key.info.prefix} is its name.", err=True)
    typer.echo(key.secret)


@keys.command("list")
def list_(data: Data = None) -> None:
    """List every key by its prefix."""
    settings = load_settings(data_dir=data)
    acting_on(settings, "database")
    with usable_database(settings) as database:
        schema.check(database)
        with database.read() as session:
            found = keys_usecase.list_keys(session)
    rows = table("prefix", "owner", "made", "revoked")
    for key in found:
        revoked = f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else ""
        rows.add_row(key.prefix, key.owner, f"{key.created_at:%Y-%m-%d %H:%M}", revoked)
    show(rows)


@keys.command()
def revoke(
    prefix: Annotated[str, typer.Argument(help="The key's prefix, as `keys list` shows it.")],
    data: Data = None,
) -> None:
    """Make a key useless from now on. What its owner has made stays."""
    settings = load_settings(data_dir=data)
    acting_on(settings, "database")
    with usable_database(settings) as database:
        schema.check(database)
        with database.write() as session:
            key = keys_usecase.revoke_key(session, prefix)
    typer.echo(f"{key.prefix} of {key.owner} is revoked.")


def gc(
    grace_hours: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Leave alone what is younger, as it may belong to an upload under way; "
            "FACSIMILE_GARBAGE_HOURS when not given.",
        ),
    ] = None,
    data: Data = None,
) -> None:
    """Remove stored bytes that nothing refers to any more.

    The service does this by itself every few hours; run it to have the room at once.
    """
    settings = load_settings(data_dir=data)
    acting_on(settings, "database", "store")
    grace = settings.garbage_hours if grace_hours is None else grace_hours
    with usable_database(settings) as database:
        schema.check(database)
        try:
            done = collect(database, open_store(settings), grace)
        except ArtifactError as error:
            raise CommandError(f"The store cannot be used: {error}") from error
    typer.echo(
        f"Removed {done.removed:,} of {done.seen:,} blobs, {done.bytes / 1e6:,.1f} MB"
        + (f", and {done.unfinished:,} half-written files." if done.unfinished else ".")
    )


@contextlib.contextmanager
def usable_database(settings: Settings) -> Iterator[Database]:
    """The database of `settings`; what goes wrong with it becomes a `CommandError`."""
    database = open_database(settings.database)
    try:
        yield database
    except (schema.SchemaError, keys_usecase.NoSuchKeyError) as error:
        raise CommandError(str(error)) from error
    except SQLAlchemyError as error:
        # The first line says what happened; the others are SQL and links.
        reason = str(getattr(error, "orig", error)).partition("\n")[0]
        raise CommandError(f"The database cannot be used: {reason}") from error
    finally:
        database.close()
