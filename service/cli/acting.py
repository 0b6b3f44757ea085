"""Which data a command acts on that reaches past the API, to database, broker and store."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import typer
from sqlalchemy.engine import make_url

from service.cli.errors import CommandError
from service.config import Settings

Part = Literal["database", "broker", "store"]
_HOW: Final = (
    "name a service's folder with --data or FACSIMILE_DATA_DIR, or make one there by "
    "`facsimile serve` or `facsimile db upgrade`"
)


def acting_on(settings: Settings, *parts: Part) -> None:
    """Say on standard error where these parts are.

    Raises:
        CommandError: they are to be in a folder or file that is not there; nothing is made.
    """
    database = make_url(settings.database)
    if database.get_backend_name() == "sqlite" and not Path(database.database or "").is_file():
        raise CommandError(f"There is no data of a service in {_folder(settings)}: {_HOW}.")
    places = dict.fromkeys(_place(settings, part) for part in parts)
    if str(_folder(settings)) in places and not _folder(settings).is_dir():
        raise CommandError(f"There is no folder {_folder(settings)}: {_HOW}.")
    typer.echo(f"Acting on {', '.join(places)}.", err=True)


def _place(settings: Settings, part: Part) -> str:
    url = {
        "database": settings.database_url,
        "broker": settings.broker_url,
        "store": settings.store_url,
    }[part]
    if url is None or url.startswith("filesystem:"):
        return str(_folder(settings))
    return make_url(url).render_as_string(hide_password=True)


def _folder(settings: Settings) -> Path:
    return settings.data_dir.absolute()
