"""`facsimile serve`, `worker`, `check`, `version` and the help."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from service.client import Client
from service.version import VERSION
from tests.service.cli.conftest import Facsimile

COMMANDS = ("synthesise", "serve", "worker", "check", "keys", "db", "version")


def test_the_version_is_printed(facsimile: Facsimile) -> None:
    assert facsimile("version").stdout == f"{VERSION}\n"
    assert facsimile("--version").stdout == f"{VERSION}\n"


def test_the_help_lists_every_command(facsimile: Facsimile) -> None:
    done = facsimile("--help")
    assert done.returncode == 0
    assert [name for name in COMMANDS if name not in done.stdout] == []


@pytest.mark.parametrize("command", ["synthesise", "serve", "worker"])
def test_the_help_of_a_command_shows_how_to_call_it(facsimile: Facsimile, command: str) -> None:
    assert f"facsimile {command} " in facsimile(command, "--help").stdout.partition("Options")[0]


def test_a_taken_port_is_named(facsimile: Facsimile, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = facsimile("serve", "--port", port, "--data", tmp_path / "data")
    assert done.returncode == 1
    assert f"127.0.0.1, port {port}: Address already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_services_do_not_share_a_data_folder(
    facsimile_process: Facsimile, running: Client, service_folder: Path
) -> None:
    assert running.ready().status == "ready"
    done = facsimile_process("serve", "--port", 0, "--data", service_folder)
    assert done.returncode == 1
    assert str(service_folder) in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_an_unknown_address_to_listen_on_is_named(facsimile: Facsimile, tmp_path: Path) -> None:
    done = facsimile("serve", "--host", "192.0.2.1", "--data", tmp_path / "data")
    assert done.returncode == 1
    assert "Cannot listen on 192.0.2.1" in done.stderr


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_database_out_of_reach_ends_a_server_before_it_starts(
    facsimile_process: Facsimile, command: str
) -> None:
    done = facsimile_process(
        command,
        FACSIMILE_PORT="0",
        FACSIMILE_STORE_URL="s3://nowhere",
        FACSIMILE_DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/none",
        FACSIMILE_BROKER_URL="redis://127.0.0.1:1/0",
    )
    assert done.returncode == 1
    assert "The database cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_tells_which_part_is_missing(facsimile: Facsimile, tmp_path: Path) -> None:
    variables = {"FACSIMILE_DATA_DIR": str(tmp_path / "data")}
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "facsimile.db").touch()
    before = facsimile("check", **variables)
    assert before.returncode == 1
    assert "database: " in before.stdout
    assert "store: ok" in before.stdout
    facsimile("db", "upgrade", **variables)
    after = facsimile("check", **variables)
    assert after.stdout == "database: ok\nbroker: ok\nstore: ok\n"
    assert after.returncode == 0
