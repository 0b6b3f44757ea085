"""A database and a broker that go away in the middle of jobs, and come back.

Jobs end complete, each item once, and the logs say what is away in a line for every try.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.support.backends import Backend
from tests.support.pictures import small_portrait
from tests.support.running import Json, Service, eventually, running
from tests.support.servers import OwnServer, own_postgres, own_redis
from tests.worker.test_kill import complete, further

COUNT: Final = 50
TARGETS: Final = json.dumps([{"AU12": round(5 * step / COUNT, 2)} for step in range(COUNT)])


@dataclass(frozen=True)
class Harmed:
    """A service, and the servers that it depends on."""

    service: Service
    database: OwnServer
    broker: OwnServer

    def ask(self, targets: str = TARGETS) -> Json:
        fields = {"targets": targets, "output": "face", "generator": "rig"}
        return self.service.ask(files={"file": small_portrait()}, data=fields)

    def log(self, component: str) -> list[Json]:
        """What the API or the worker has logged, and nothing but records."""
        lines = self.service.log.read_text().splitlines()
        records = [json.loads(line) for line in lines if line.startswith("{")]
        assert [line for line in lines if "Traceback" in line] == []
        return [record for record in records if record["component"] == component]

    def says(self, component: str, what: str) -> list[Json]:
        """The lines of one of them about something that is away, once there are three."""

        def tries() -> list[Json] | None:
            begins = f"the {what} does not answer, trying again in "
            found = [line for line in self.log(component) if line["event"].startswith(begins)]
            return found if len(found) > 2 else None

        return eventually(tries, f"the {component} to say three times that the {what} is away")


@pytest.fixture
def harmed(tmp_path: Path) -> Iterator[Harmed]:
    with own_postgres() as (postgres, database), own_redis() as (redis, broker):
        backend = Backend(
            "production",
            {
                "FACSIMILE_DATABASE_URL": database,
                "FACSIMILE_BROKER_URL": broker,
                "FACSIMILE_WORKER_PROCESSES": "1",
            },
        )
        with running(backend, tmp_path / "data", batch_size="2") as service:
            yield Harmed(service, postgres, redis)


def test_a_database_that_goes_away_in_the_middle_of_a_job(harmed: Harmed) -> None:
    accepted = harmed.ask()
    assert further(harmed.service, accepted, 0) < COUNT
    harmed.database.kill()
    answer = harmed.service.client.get(f"/v1/jobs/{accepted['job']['id']}")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    for component in ("api", "worker"):
        lines = harmed.says(component, "database")
        pauses = [float(line["event"].split()[-2]) for line in lines]
        assert pauses == sorted(pauses)
        assert pauses[0] < pauses[-1]
        assert [line for line in lines if "\n" in line["why"]] == []
    harmed.database.start()
    complete(harmed.service, accepted)
    assert "the database answers again" in [line["event"] for line in harmed.log("worker")]


def test_a_broker_that_goes_away_in_the_middle_of_a_job(harmed: Harmed) -> None:
    accepted = harmed.ask()
    assert further(harmed.service, accepted, 0) < COUNT
    harmed.broker.kill()
    complete(harmed.service, accepted)  # it needs no broker; only its message is not acknowledged
    harmed.says("api", "broker")
    harmed.says("worker", "broker")
    waiting = harmed.ask('[{"AU12": 1}]')  # accepted without it, for the sweeper to send
    assert harmed.service.read(f"/v1/jobs/{waiting['job']['id']}")["state"] == "queued"
    harmed.broker.start()
    assert harmed.service.ended(waiting)["job"]["state"] == "succeeded"
    assert harmed.service.ended(harmed.ask('[{"AU12": 2}]'))["job"]["state"] == "succeeded"
    assert harmed.log("worker")
