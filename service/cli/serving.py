"""``facsimile serve`` and ``facsimile worker``: the two kinds of process a service is made of."""

from __future__ import annotations

import os
import signal
import socket
import threading
from pathlib import Path
from typing import Annotated, Final

import typer

from models import assets
from service.cli.acting import acting_on
from service.cli.errors import CommandError
from service.cli.storage import Data, usable_database
from service.config import Settings, load_settings
from service.db import schema
from service.errors.operation import UnavailableError

_PARENT_POLL_SECONDS: Final = 0.5


def serve(
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of the API.")] = None,
    host: Annotated[
        str | None,
        typer.Option(
            help="Address to listen on. On any but this machine's own, callers need an API key "
            "(see `facsimile keys`)."
        ),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder that everything is kept in.")] = None,
    parent: Annotated[
        int | None, typer.Option(hidden=True, help="Stop when this process has ended.")
    ] = None,
) -> None:
    """Start the service.

    With nothing set, it needs nothing else: database, pictures, queue and worker all live in the
    data folder and in this command, until it is stopped by Ctrl-C.

        facsimile serve

        facsimile serve --port 9000 --data /srv/facsimile

    With FACSIMILE_DATABASE_URL, FACSIMILE_BROKER_URL and FACSIMILE_STORE_URL it uses PostgreSQL,
    Redis and S3, and workers are started apart, by `facsimile worker`.
    """
    from service import embedded  # the API is loaded by the commands that run it

    settings = load_settings(port=port, host=host, data_dir=data)
    _check_before(settings, listens=True)
    if parent is not None:
        threading.Thread(target=_stop_after, args=(parent,), daemon=True).start()
    typer.echo(
        f"Facsimile listens on {_address(settings)}; open that in a browser for the studio. "
        "The API's documentation is at /docs."
    )
    try:
        embedded.serve(settings)
    except embedded.DataInUseError as error:
        raise CommandError(str(error)) from error


def worker(
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Jobs worked on at the same time.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The service's data folder, when it keeps its queue there.")
    ] = None,
) -> None:
    """Start a worker for a service that runs elsewhere, with the same FACSIMILE_ variables.

    FACSIMILE_DATABASE_URL=... FACSIMILE_BROKER_URL=redis://... FACSIMILE_STORE_URL=s3://...
    facsimile worker --concurrency 4
    """
    from worker.app import run  # and the models by the one that draws

    settings = load_settings(worker_concurrency=concurrency, data_dir=data)
    acting_on(settings, "database", "broker", "store")
    _check_before(settings, listens=False)
    raise typer.Exit(run(settings, settings.worker_concurrency))


def _check_before(settings: Settings, *, listens: bool) -> None:
    """Say in a sentence what would otherwise end a server that has half started."""
    if listens:
        _check_port(settings)
    try:
        for name in assets.ASSETS:
            assets.load(name)
    except assets.AssetError as error:
        raise CommandError(str(error)) from error
    if settings.database_url is not None:
        with usable_database(settings) as database:
            schema.check(database)


def _check_port(settings: Settings) -> None:
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except OSError as error:
        raise CommandError(
            f"Cannot listen on {settings.host}, port {settings.port}: {error.strerror}. "
            "Choose another with --port or --host."
        ) from error


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def check(data: Data = None) -> None:
    """Ask database, broker and store whether they answer, with this machine's settings."""
    settings = load_settings(data_dir=data)
    acting_on(settings, "database", "broker", "store")
    from service.services import open_services
    from service.usecases import health

    try:
        services = open_services(settings)
        try:
            answers = health.check(services)
        finally:
            services.close()
    except assets.AssetError as error:
        raise CommandError(str(error)) from error
    except UnavailableError as error:
        answers = error.members["checks"]
    for name, answer in answers.items():
        typer.echo(f"{name}: {answer}")
    if any(answer != "ok" for answer in answers.values()):
        raise typer.Exit(1)


def _stop_after(parent: int) -> None:
    """Stop this process in order once `parent` is gone, however it went."""
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(_PARENT_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
