"""`facsimile db` and `facsimile keys`, and that a key made here opens the API."""

from __future__ import annotations

from pathlib import Path

from tests.service.cli.conftest import Done, Facsimile


def test_a_key_is_shown_once_listed_by_prefix_and_revoked(
    facsimile: Facsimile, tmp_path: Path
) -> None:
    made = facsimile("keys", "create", "alice", "--data", tmp_path / "data")
    assert made.returncode == 0, made.stderr
    secret = made.stdout.strip()
    prefix = secret[:11]
    assert secret.startswith("fx_")

    listed = facsimile("keys", "list", "--data", tmp_path / "data")
    assert prefix in listed.stdout
    assert "alice" in listed.stdout
    assert secret not in listed.stdout

    revoked = facsimile("keys", "revoke", prefix, "--data", tmp_path / "data")
    assert revoked.returncode == 0, revoked.stderr
    assert f"{prefix} of alice is revoked." in revoked.stdout


def test_the_secret_is_not_in_the_database(facsimile: Facsimile, tmp_path: Path) -> None:
    secret = facsimile("keys", "create", "alice", "--data", tmp_path / "data").stdout.strip()
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert secret[:11].encode() in kept
    assert secret.encode() not in kept


def test_a_key_that_is_not_there_cannot_be_revoked(facsimile: Facsimile, tmp_path: Path) -> None:
    facsimile("db", "upgrade", "--data", tmp_path / "data")
    _failed(facsimile("keys", "revoke", "fx_nobody", "--data", tmp_path / "data"), "fx_nobody")


def test_a_database_without_tables_is_not_used(facsimile: Facsimile, tmp_path: Path) -> None:
    done = facsimile("keys", "list", "--data", tmp_path / "data")
    _failed(done, "run `facsimile db upgrade`")


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
    assert done.stderr.startswith("facsimile: ")
    assert said in done.stderr
