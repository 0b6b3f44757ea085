"""Killing workers at random while they build a dataset loses no image and doubles none."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from service.artifacts import open_store
from service.db.engine import open_database
from service.db.tables import Job, Shard
from service.usecases.garbage import collect
from tests.support.backends import Backend
from tests.support.running import ENDED, Service, eventually, running
from tests.support.small_corpora import folder_files, zipped

PER_INTENSITY = 4
IMAGES = 6 * PER_INTENSITY


@pytest.fixture(scope="module")
def harmed(own_backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = tmp_path_factory.mktemp("harmed-sets")
    # A worker that is killed while it starts is started again without delay, and a job whose
    # workers die on purpose is not given up.
    with running(
        own_backend, data, worker_processes="2", images_per_shard="3", max_attempts="50"
    ) as service:
        yield service


@pytest.fixture(scope="module")
def corpus(harmed: Service) -> dict[str, Any]:
    return harmed.import_corpus(zipped(folder_files(faceless=0)))


def drawn(service: Service) -> float:
    for line in service.client.get("/metrics").text.splitlines():
        if line.startswith('facsimile_items_done_total{kind="datasets-shard"}'):
            return float(line.split()[-1])
    return 0.0


def ask(service: Service, corpus: dict[str, Any]) -> dict[str, Any]:
    answer = service.client.post(
        "/v1/datasets",
        json={"corpus_id": corpus["id"], "aus": ["AU12"], "per_intensity": PER_INTENSITY},
    )
    assert answer.status_code == 202, answer.text
    accepted: dict[str, Any] = answer.json()
    return accepted


def has_drawn(service: Service, path: str, images: float) -> bool:
    """Whether so many images are drawn, or the job has ended."""
    job = service.read(path)["job"]
    return bool(job["done"] >= images or job["state"] in ENDED)


def kill_one(service: Service, chance: random.Random) -> None:
    victims = [pid for pids in service.worker_pids().values() for pid in pids]
    if victims:
        os.kill(chance.choice(victims), signal.SIGKILL)


def test_two_workers_killed_again_and_again(harmed: Service, corpus: dict[str, Any]) -> None:
    undisturbed = harmed.ended(ask(harmed, corpus), noun="datasets")
    assert undisturbed["job"]["state"] == "succeeded", undisturbed["job"]
    assert harmed.client.delete(f"/v1/datasets/{undisturbed['id']}").status_code == 204

    before, chance = drawn(harmed), random.Random(3)
    accepted = ask(harmed, corpus)
    path = f"/v1/datasets/{accepted['id']}"
    for share in (0.1, 0.6):
        eventually(partial(has_drawn, harmed, path, share * IMAGES), f"{share:.0%} of the images")
        kill_one(harmed, chance)
    body = harmed.ended(accepted, noun="datasets", seconds=90)

    assert body["job"]["state"] == "succeeded", body["job"]
    assert (body["job"]["done"], body["images"]) == (IMAGES, IMAGES)
    assert body["sha256"] == undisturbed["sha256"]
    assert drawn(harmed) - before == IMAGES


def test_messages_lost_while_shards_wait(harmed: Service, corpus: dict[str, Any]) -> None:
    answer = harmed.client.post(
        "/v1/datasets",
        json={"corpus_id": corpus["id"], "aus": ["AU06"], "per_intensity": PER_INTENSITY},
    )
    path = f"/v1/datasets/{answer.json()['id']}"
    eventually(lambda: harmed.read(path)["job"]["done"] > 0, "the first shard")
    harmed.backend.flush_broker(harmed.data)
    body = harmed.ended(answer.json(), noun="datasets", seconds=90)
    assert (body["job"]["state"], body["images"]) == ("succeeded", IMAGES)


def test_an_import_whose_workers_are_killed(harmed: Service) -> None:
    archive = zipped(folder_files(people=2, each=14, faceless=2))
    answer = harmed.client.post(
        "/v1/corpora", files={"archive": archive}, data={"name": "tiny", "layout": "folder"}
    )
    path = f"/v1/corpora/{answer.json()['id']}"
    eventually(lambda: harmed.read(path)["job"]["done"] > 0, "the first frames")
    for pid in harmed.worker_pids()["pool"]:
        os.kill(pid, signal.SIGKILL)
    body = harmed.ended(answer.json(), noun="corpora", seconds=90)
    assert body["job"]["state"] == "succeeded", body["job"]
    assert (body["frames"], body["registered"], body["skipped"]) == (30, 28, {"no-face": 2})
    assert (body["job"]["done"], body["job"]["total"]) == (30, 30)


def test_nothing_is_left_behind(harmed: Service, corpus: dict[str, Any]) -> None:
    database, store = open_database(harmed.settings.database), open_store(harmed.settings)
    try:
        collect(database, store, grace_hours=0)
        with database.read() as session:
            assert session.scalars(select(Shard)).all() == []
            left = session.scalars(select(Job).where(Job.parent_id.is_not(None))).all()
            assert left == []
        for body in harmed.read("/v1/datasets")["items"]:
            assert harmed.client.get(body["download_url"]).status_code == 200
            assert harmed.client.get(body["preview_url"]).status_code == 200
    finally:
        database.close()
