"""A service of one's own for as long as one command runs."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from service.cli.errors import CommandError
from service.client import Client, ClientError
from service.config import environment_without_settings

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 15.0


@contextlib.contextmanager
def running_service(data: Path) -> Iterator[Client]:
    """Start the service on a free port with everything under `data`; stop it at the end.

    It shares nothing with a service that this machine's settings may describe. What it logs is in
    ``service.log`` in the folder.

    Raises:
        CommandError: it does not start.
    """
    data.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    log = data / "service.log"
    command = [sys.executable, "-m", "service.cli", "serve"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--data", str(data), "--parent", str(os.getpid())],
            env=environment_without_settings(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # In a session of its own, so that Ctrl-C reaches this process alone, which then stops
            # the service in order.
            start_new_session=True,
        )
    try:
        with Client(f"http://127.0.0.1:{port}") as client:
            _wait_until_ready(client, process, log)
            yield client
    finally:
        _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_until_ready(client: Client, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        if process.poll() is not None:
            raise CommandError(f"The service did not start: {_last_words(log)}")
        try:
            client.ready()
        except ClientError as error:
            if time.monotonic() > deadline:
                raise CommandError(f"The service did not get ready: {error}") from error
            time.sleep(0.1)
        else:
            return


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_words(log: Path) -> str:
    """The last line of a log, or its event if the line is a log record."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    if not lines:
        return "it said nothing."
    try:
        return str(json.loads(lines[-1])["event"])
    except (ValueError, KeyError, TypeError):
        return lines[-1]
