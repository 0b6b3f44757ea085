"""Killing processes and losing messages may delay a job; it never loses or doubles an item."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select

from service.artifacts import open_store
from service.db.engine import open_database
from service.db.tables import ExpressionItem, Generator
from tests.support.backends import Backend
from tests.support.needs import needs_torch
from tests.support.pictures import small_portrait
from tests.support.running import Json, Service, children, eventually, running

COUNT = 50
TARGETS = json.dumps([{"AU12": round(5 * step / COUNT, 2)} for step in range(COUNT)])


@pytest.fixture(scope="module")
def harmed(own_backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = tmp_path_factory.mktemp("harmed")
    with running(own_backend, data, batch_size="2", checkpoint_seconds="0.2") as service:
        yield service


def ask(service: Service) -> Json:
    fields = {"targets": TARGETS, "output": "face", "generator": "rig"}
    return service.ask(files={"file": small_portrait()}, data=fields)


def half_done(service: Service, accepted: Json) -> None:
    """Wait for the job to be in its middle."""
    assert further(service, accepted, 0) < COUNT


def further(service: Service, accepted: Json, than: int) -> int:
    """Wait for more items to be done than there were; how many are."""
    path = f"/v1/jobs/{accepted['job']['id']}"

    def done() -> int | None:
        now: int = service.read(path)["done"]
        return now if now > than else None

    return eventually(done, f"more than {than} items")


def items_counted(service: Service) -> float:
    for line in service.client.get("/metrics").text.splitlines():
        if line.startswith('facsimile_items_done_total{kind="expressions"}'):
            return float(line.split()[-1])
    return 0.0


def complete(service: Service, accepted: Json) -> Json:
    """The ended set; each of its items there exactly once, and its bytes too."""
    body = service.ended(accepted)
    assert body["job"]["state"] == "succeeded", body["job"]
    assert (body["job"]["done"], body["job"]["total"]) == (COUNT, COUNT)
    assert [item["index"] for item in body["items"]] == list(range(COUNT))
    database = open_database(service.settings.database)
    with database.read() as session:
        query = select(func.count()).select_from(ExpressionItem)
        rows = session.scalar(query.where(ExpressionItem.set_id == UUID(body["id"])))
    database.close()
    assert rows == COUNT
    for item in (body["items"][0], body["items"][-1]):
        assert service.client.get(item["face_url"]).status_code == 200
    return body


def test_a_worker_killed_as_a_whole_in_the_middle_of_a_job(harmed: Service) -> None:
    accepted = ask(harmed)
    half_done(harmed, accepted)
    harmed.kill_worker("main")
    complete(harmed, accepted)


def test_the_process_that_draws_killed_again_and_again(harmed: Service) -> None:
    before = items_counted(harmed)
    accepted = ask(harmed)
    seen = 0
    for _ in range(2):
        seen = further(harmed, accepted, seen)
        assert seen < COUNT
        harmed.kill_worker("pool")
    complete(harmed, accepted)
    assert items_counted(harmed) - before == COUNT


def test_a_broker_that_loses_every_message(harmed: Service) -> None:
    jobs = [ask(harmed) for _ in range(2)]
    half_done(harmed, jobs[0])
    harmed.backend.flush_broker(harmed.data)
    for accepted in jobs:
        complete(harmed, accepted)


def test_everything_killed_in_the_middle_of_a_job_and_started_again(harmed: Service) -> None:
    accepted = ask(harmed)
    half_done(harmed, accepted)
    family = [pid for pids in harmed.worker_pids().values() for pid in pids]
    assert len(family) == 2
    harmed.kill()
    eventually(lambda: not any(alive(pid) for pid in family), "the orphans to end")
    harmed.start()
    complete(harmed, accepted)


def test_an_orderly_stop_and_then_death_between_commit_and_message(harmed: Service) -> None:
    stopped = ask(harmed)
    half_done(harmed, stopped)
    family = [pid for pids in harmed.worker_pids().values() for pid in pids]
    assert harmed.stop() == 0
    assert not any(alive(pid) for pid in family)
    assert "yielded" in harmed.log.read_text()
    harmed.start(("-m", "tests.support.dies_before_sending"))
    with pytest.raises(httpx.TransportError):
        ask(harmed)
    assert harmed.process is not None
    assert harmed.process.wait(30) == -signal.SIGKILL
    harmed.start()
    newest = harmed.read("/v1/jobs?limit=1")["items"][0]
    assert newest["id"] != stopped["job"]["id"]
    complete(harmed, {"id": newest["resource"].rpartition("/")[2], "job": newest})
    complete(harmed, stopped)


def saved_step(service: Service, generator_id: str) -> int | None:
    """The step of the state that the store has of a training."""
    database, store = open_database(service.settings.database), open_store(service.settings)
    with database.read() as session:
        sha256 = session.get_one(Generator, UUID(generator_id)).state_sha256
    database.close()
    if sha256 is None:
        return None
    content = store.read(sha256)
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return int(json.loads(header["__metadata__"]["facsimile.gan"])["facts"]["step"])


@needs_torch
def test_a_training_goes_on_from_its_last_state(harmed: Service) -> None:
    image = harmed.client.post("/v1/images", files={"file": small_portrait()}).json()["id"]
    tiny = {"size": 16, "channels": 16, "blocks": 0, "batch": 1, "precision": "float32"}
    request = {"image_ids": [image], "aus": ["AU12"], "drawings": 1, "steps": 100_000, **tiny}
    accepted = harmed.client.post("/v1/generators", json=request).json()
    path = f"/v1/generators/{accepted['id']}"
    kept = eventually(lambda: saved_step(harmed, accepted["id"]), "a state in the store")
    harmed.kill_worker("pool")
    seen = [harmed.read(path)["job"]["done"]]

    def is_further() -> bool:
        seen.append(harmed.read(path)["job"]["done"])
        return bool(seen[-1] > seen[0])

    eventually(is_further, "the training to go on")
    # Steps are noted from the first one on: had it begun anew, that would have been seen.
    assert 0 < kept <= min(seen)
    assert harmed.client.post(f"/v1/jobs/{accepted['job']['id']}/cancel").status_code in (200, 202)
    assert harmed.ended(accepted, noun="generators")["job"]["state"] == "cancelled"
    assert saved_step(harmed, accepted["id"]) is None


def alive(pid: int) -> bool:
    """Whether a process is there and is not merely waiting to be buried."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_helper_sees_this_process() -> None:
    command = Path("/proc/self/cmdline").read_bytes()
    assert alive(os.getpid())
    assert os.getpid() in children(os.getppid(), command)
    assert not children(os.getppid(), command + b"?")
