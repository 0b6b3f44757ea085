"""Which service a command talks to, where results are to be found again afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from service.cli.errors import CommandError
from service.cli.running import running_service
from service.client import Client
from service.config import ClientSettings

DEFAULT_URL: Final = "http://localhost:8000"

Url = Annotated[
    str | None,
    typer.Option(
        help=f"A running service (or FACSIMILE_URL; its key in FACSIMILE_API_KEY); {DEFAULT_URL} "
        "when not given."
    ),
]
DataFolder = Annotated[
    Path | None,
    typer.Option(
        help="Instead of a running service: start one on this folder for as long as the command "
        "runs. What is imported and built stays in there."
    ),
]


@contextlib.contextmanager
def connected(url: str | None, data: Path | None) -> Iterator[Client]:
    """A client of the running service, or of one that is started on `data`.

    Raises:
        CommandError: both are given, or the service does not start.
    """
    if url and data:
        raise CommandError("Give --url or --data, not both.")
    if data is not None:
        with running_service(data) as client:
            yield client
        return
    settings = ClientSettings()
    key = settings.api_key.get_secret_value() if settings.api_key else None
    with Client(url or settings.url or DEFAULT_URL, key) as client:
        yield client
