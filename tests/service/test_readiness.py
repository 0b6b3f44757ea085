"""/readyz says which part is away, and goes back to ready when it is back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.db import schema
from service.db.engine import open_database
from tests.support.backends import Backend
from tests.support.running import Service, eventually, running


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = tmp_path_factory.mktemp("fragile")
    with running(Backend("embedded", {}), data, worker_processes="0") as service:
        yield service


def downgrade(service: Service) -> None:
    database = open_database(service.settings.database)
    schema.downgrade(database, "base")
    database.close()


def upgrade(service: Service) -> None:
    database = open_database(service.settings.database)
    schema.upgrade(database)
    database.close()


def test_a_request_that_needs_the_database_says_that_it_is_away(fragile: Service) -> None:
    downgrade(fragile)
    answer = fragile.client.get("/v1/jobs")
    upgrade(fragile)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert "no such table" not in answer.text


def hide(folder: Path) -> None:
    folder.rename(folder.with_suffix(".hidden"))
    folder.write_bytes(b"not a folder")


def show(folder: Path) -> None:
    folder.unlink()
    folder.with_suffix(".hidden").rename(folder)


@pytest.mark.parametrize(
    ("part", "harm", "heal"),
    [
        (
            "store",
            lambda service: hide(service.data / "artifacts"),
            lambda service: show(service.data / "artifacts"),
        ),
        (
            "broker",
            lambda service: hide(service.data / "broker"),
            lambda service: show(service.data / "broker"),
        ),
        ("database", downgrade, upgrade),
    ],
)
def test_a_part_that_is_away_is_named(
    fragile: Service,
    part: str,
    harm: Callable[[Service], None],
    heal: Callable[[Service], None],
) -> None:
    assert fragile.client.get("/readyz").status_code == 200
    harm(fragile)
    answer = fragile.client.get("/readyz")
    heal(fragile)
    assert answer.status_code == 503
    body = answer.json()
    assert body["type"] == "/problems/unavailable"
    assert part in body["detail"]
    assert body["checks"][part] != "ok"
    assert [name for name, found in body["checks"].items() if found != "ok"] == [part]
    assert answer.headers["retry-after"]
    assert fragile.client.get("/healthz").status_code == 200
    eventually(lambda: fragile.client.get("/readyz").status_code == 200, "readiness")
