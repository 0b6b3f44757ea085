"""`facsimile db` and `facsimile keys`, and that a key made here opens the API."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.service.cli.conftest import Done, Facsimile

COMMANDS = [
    ("keys", "create", "alice"),
    ("keys", "list"),
    ("keys", "revoke", "fx_1a2b3c4d"),
    ("gc",),
    ("check",),
    ("worker",),
]


@pytest.fixture
def data(facsimile: Facsimile, tmp_path: Path) -> Path:
    """A service's data folder, as `facsimile serve` makes one."""
    folder = tmp_path / "data"
    assert facsimile("db", "upgrade", "--data", folder).returncode == 0
    return folder


def test_a_key_is_shown_once_listed_by_prefix_and_revoked(facsimile: Facsimile, data: Path) -> None:
    made = facsimile("keys", "create", "alice", "--data", data)
    assert made.returncode == 0, made.stderr
    secret = made.stdout.strip()
    prefix = secret[:11]
    assert secret.startswith("fx_")

    listed = facsimile("keys", "list", "--data", data)
    assert prefix in listed.stdout
    assert "alice" in listed.stdout
    assert secret not in listed.stdout

    revoked = facsimile("keys", "revoke", prefix, "--data", data)
    assert revoked.returncode == 0, revoked.stderr
    assert f"{prefix} of alice is revoked." in revoked.stdout


def test_the_secret_is_not_in_the_database(facsimile: Facsimile, data: Path) -> None:
    secret = facsimile("keys", "create", "alice", "--data", data).stdout.strip()
    kept = b"".join(path.read_bytes() for path in data.iterdir())
    assert secret[:11].encode() in kept
    assert secret.encode() not in kept


def test_a_key_that_is_not_there_cannot_be_revoked(facsimile: Facsimile, data: Path) -> None:
    _failed(facsimile("keys", "revoke", "fx_nobody", "--data", data), "fx_nobody")


def test_a_database_without_tables_is_not_used(facsimile: Facsimile, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "facsimile.db").touch()
    done = facsimile("keys", "list", "--data", tmp_path / "data")
    _failed(done, "run `facsimile db upgrade`")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_where_there_is_no_data_of_a_service_nothing_is_made(
    command: tuple[str, ...], facsimile: Facsimile, tmp_path: Path
) -> None:
    done = facsimile(*command)
    _failed(done, f"There is no data of a service in {tmp_path / 'data'}")
    assert "--data" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [("keys", "list"), ("gc",), ("check",)], ids=" ".join)
def test_commands_say_which_data_they_act_on(
    command: tuple[str, ...], facsimile: Facsimile, data: Path
) -> None:
    done = facsimile(*command, "--data", data)
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"Acting on {data}.\n"


def test_the_password_of_a_database_is_not_shown(facsimile: Facsimile, tmp_path: Path) -> None:
    url = "postgresql+psycopg://alice:geheim@127.0.0.1:1/none"
    done = facsimile("keys", "list", FACSIMILE_DATABASE_URL=url)
    assert done.stderr.startswith("Acting on postgresql+psycopg://alice:***@127.0.0.1:1/none.\n")
    assert "geheim" not in done.stderr
    _failed(done, "The database cannot be used")
    needs_folder = facsimile("gc", FACSIMILE_DATABASE_URL=url)
    _failed(needs_folder, f"There is no folder {tmp_path / 'data'}")
    assert not (tmp_path / "data").exists()


def test_upgrading_twice_changes_nothing(facsimile: Facsimile, tmp_path: Path) -> None:
    first = facsimile("db", "upgrade", "--data", tmp_path / "data")
    assert first.returncode == 0, first.stderr
    assert "revision" in first.stdout
    assert facsimile("db", "upgrade", "--data", tmp_path / "data").stdout == first.stdout


def test_a_database_that_does_not_answer_is_named_as_the_trouble(facsimile: Facsimile) -> None:
    done = facsimile(
        "db", "upgrade", FACSIMILE_DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/none"
    )
    _failed(done, "The database cannot be used")


def test_a_wrong_setting_is_named(facsimile: Facsimile) -> None:
    _failed(facsimile("db", "upgrade", FACSIMILE_LEASE_SECONDS="soon"), "FACSIMILE_LEASE_SECONDS")


def _failed(done: Done, said: str) -> None:
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("facsimile: ")
    assert said in done.stderr
