"""Generators over HTTP: those that ship, uploads, training, and what draws by id."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest

from models.checkpoint_zip import unzipped, zipped
from models.checkpoints import Checkpoint
from models.images import decode_image, read_mark
from service.db.engine import open_database
from service.db.tables import Generator
from service.db.types import now
from service.jobs.contracts import GENERATORS
from tests.service.test_models_api import once
from tests.service.test_subjects_api import photo_of, rows_that_name, stored, subject_of
from tests.support.needs import needs_torch
from tests.support.pictures import small_portrait
from tests.support.problems import problem
from tests.support.running import Service, eventually
from tests.support.sent_generators import SMALL, small_generator

TINY = {"steps": 10, "batch": 2, "size": 16, "channels": 16, "blocks": 1, "precision": "float32"}


def sent(service: Service, checkpoint: Checkpoint, **fields: str) -> dict[str, Any]:
    """An uploaded generator."""
    files = {"file": ("g.zip", zipped(checkpoint))}
    answer = service.client.post("/v1/generators", files=files, data=fields)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/generators/{body['id']}"
    return body


def trained(service: Service, **request: Any) -> dict[str, Any]:
    """A generator, once its job has ended."""
    answer = service.client.post("/v1/generators", json={**TINY, **request})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/generators/{answer.json()['id']}"
    return service.ended(answer.json(), noun="generators", seconds=120)


@pytest.fixture(scope="module")
def small(service: Service) -> dict[str, Any]:
    return sent(service, small_generator(), name="small")


def test_the_generators_that_ship_lead_the_list(service: Service, small: dict[str, Any]) -> None:
    items = service.read("/v1/generators")["items"]
    assert [item["id"] for item in items[: len(GENERATORS)]] == list(GENERATORS)
    assert items[0] == service.read("/v1/generators/rig")
    assert small["id"] in [item["id"] for item in items]
    problem(service.client.get("/v1/generators/rig/download"), 409, "shipped-generator")
    problem(service.client.delete("/v1/generators/rig"), 409, "shipped-generator")


def test_an_upload_is_downloaded_as_it_was_sent(service: Service, small: dict[str, Any]) -> None:
    assert (small["name"], small["kind"], small["aus"]) == ("small", "ganimation", list(SMALL.aus))
    assert (small["job"], small["registration"]) == (None, "3d")
    answer = service.client.get(small["download_url"])
    assert answer.content == zipped(small_generator())
    assert answer.headers["etag"] == f'"{small["sha256"]}"'
    assert len(answer.content) == small["size"]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(small_generator(), config={**SMALL.as_json(), "kind": "hybrid"}),
        replace(small_generator(), config={**SMALL.as_json(), "channels": 17}),
        replace(small_generator(), config={"format": 1, "architecture": "compact", "aus": []}),
        replace(small_generator(), tensors={"stem.weight": np.ones(3, np.float32)}),
    ],
    ids=["kind", "channels", "estimator", "weights"],
)
def test_what_is_no_generator_is_refused(service: Service, wrong: Checkpoint) -> None:
    before = service.read("/v1/generators?limit=200")["items"]
    files = {"file": ("g.zip", zipped(wrong))}
    problem(service.client.post("/v1/generators", files=files), 422, "checkpoint-mismatch")
    problem(
        service.client.post("/v1/generators", files={"file": ("g.zip", b"PK\x03\x04")}),
        422,
        "corrupt-checkpoint",
    )
    assert service.read("/v1/generators?limit=200")["items"] == before


@needs_torch
def test_an_id_draws_wherever_a_generator_is_named(service: Service, small: dict[str, Any]) -> None:
    form = {"generator": small["id"], "targets": json.dumps([{"AU12": 3}, {"AU06": 1}])}
    made = service.ended(service.ask(files={"file": small_portrait()}, data=form))
    assert made["job"]["state"] == "succeeded", made["job"]
    assert made["generator"] == small["id"]
    drawn = [service.client.get(item["face_url"]).content for item in made["items"]]
    assert decode_image(drawn[0]).rgb.shape == (224, 224, 3)
    assert drawn[0] != drawn[1]
    mark = read_mark(drawn[0])
    assert mark is not None
    assert mark.generator == small["id"]
    image = made["items"][0]["image_id"]
    request = {"image_ids": [image], "targets": [{"AU12": 2}, {}], "generator": small["id"]}
    dataset = service.build(**request)
    assert dataset["job"]["state"] == "succeeded", dataset["job"]
    assert dataset["spec"]["generator_sha256"] == small["sha256"]
    assert service.build(**request)["id"] == dataset["id"]


def test_what_a_generator_cannot_draw_is_refused_at_once(
    service: Service, small: dict[str, Any]
) -> None:
    image = photo_of(service, None, 41)["id"]
    asked: dict[str, Any] = {"image_ids": [image], "generator": small["id"]}
    for path in ("/v1/expressions", "/v1/datasets"):

        def post(path: str = path, **more: Any) -> Any:
            return service.client.post(path, json={**asked, "targets": [{"AU12": 2}], **more})

        told = problem(post(targets=[{"AU04": 1}]), 422, "undrawable-target")
        assert told["available"] == list(SMALL.aus)
        problem(post(targets=[{"AU12L": 2}]), 422, "undrawable-target")
        assert "3d" in problem(post(registration="2d"), 422, "invalid-request")["detail"]
        problem(post(generator=str(uuid4())), 404, "generator-not-found")
        problem(post(generator="nothing"), 422, "unknown-generator")
    poses = {**asked, "targets": [{"AU12": 2}], "poses": "fera2017"}
    problem(service.client.post("/v1/datasets", json=poses), 422, "invalid-dataset")


def test_training_needs_one_source_and_options_that_go_together(service: Service) -> None:
    def post(**request: Any) -> Any:
        return service.client.post("/v1/generators", json=request)

    nobody = str(uuid4())
    problem(post(), 422, "invalid-request")
    problem(post(dataset_id=nobody, image_ids=[nobody]), 422, "invalid-request")
    problem(post(dataset_id=nobody), 404, "dataset-not-found")
    problem(post(image_ids=[nobody]), 404, "image-not-found")
    image = photo_of(service, None, 42)["id"]
    problem(post(image_ids=[image], aus=["AU99"]), 422, "unknown-action-unit")
    twice = problem(post(image_ids=[image], aus=["AU12", "AU12L"]), 422, "invalid-request")
    assert "twice" in twice["detail"]
    problem(post(image_ids=[image], size=30), 422, "invalid-request")
    many = problem(post(image_ids=[image] * 16_000), 422, "invalid-request")
    assert "1,049 megapixels" in many["detail"]


@needs_torch
def test_a_generator_is_trained_on_photos_and_draws(service: Service) -> None:
    person = subject_of(service, "P81")
    photos = [photo_of(service, person, 43)["id"], photo_of(service, "ben", 44)["id"]]
    body = trained(service, image_ids=photos, aus=["AU06", "AU12"], drawings=3, name="mine")
    assert body["job"]["state"] == "succeeded", body["job"]
    assert (body["job"]["done"], body["job"]["total"]) == (TINY["steps"], TINY["steps"])
    assert (body["name"], body["aus"], body["image_ids"]) == ("mine", ["AU06", "AU12"], photos)
    assert body["lineage"]["people"] == 2
    assert "generator identity" in body["results"]["losses"]
    config = unzipped(service.client.get(body["download_url"]).content).config
    assert (config["kind"], config["size"]) == ("ganimation", 16)
    request = {"image_ids": photos[1:], "targets": [{"AU12": 2}], "generator": body["id"]}
    made = service.ended(service.ask(json=request))
    assert made["job"]["state"] == "succeeded", made["job"]

    receipt = service.client.delete(f"/v1/subjects/{person}").json()
    assert receipt["generators"] == 1
    problem(service.client.get(f"/v1/generators/{body['id']}"), 404, "generator-not-found")
    assert body["sha256"] not in stored(service)
    left = rows_that_name(service, body["id"])
    assert set(left) <= {
        f"expression_sets.generator names {body['id']}",
        f"idempotency_records.body names {body['id']}",
    }, left
    problem(service.client.post("/v1/expressions", json=request), 404, "generator-not-found")


@needs_torch
def test_a_generator_is_trained_on_a_dataset_and_goes_with_a_person_in_it(
    service: Service,
) -> None:
    once(service)
    person = subject_of(service, "P82")
    photos = [photo_of(service, person, 45)["id"], photo_of(service, "eva", 46)["id"]]
    targets = [{"AU12": value} for value in range(3)]
    dataset = service.build(image_ids=photos, targets=targets)
    body = trained(service, dataset_id=dataset["id"], aus=["AU12"], kind="stargan")
    assert body["job"]["state"] == "succeeded", body["job"]
    assert (body["kind"], body["dataset_id"]) == ("stargan", dataset["id"])
    assert body["lineage"]["dataset_sha256"] == dataset["sha256"]
    receipt = service.client.delete(f"/v1/subjects/{person}").json()
    assert (receipt["generators"], receipt["datasets_withdrawn"]) == (1, [dataset["id"]])
    problem(service.client.get(f"/v1/generators/{body['id']}"), 404, "generator-not-found")


@needs_torch
def test_training_that_cannot_be_says_why(service: Service) -> None:
    once(service)
    image = photo_of(service, None, 47)["id"]
    dataset = service.build(image_ids=[image], targets=[{"AU12": 1}])
    body = trained(service, dataset_id=dataset["id"], aus=["AU12L"])
    assert body["job"]["state"] == "failed"
    assert body["job"]["error"]["type"] == "/problems/unfit-dataset"
    problem(service.client.get(f"/v1/generators/{body['id']}/download"), 409, "job-failed")


@needs_torch
def test_training_is_cancelled(service: Service) -> None:
    image = photo_of(service, None, 48)["id"]
    request = {**TINY, "image_ids": [image], "aus": ["AU12"], "drawings": 2, "steps": 100_000}
    body = service.client.post("/v1/generators", json=request).json()
    path = f"/v1/generators/{body['id']}"
    problem(service.client.get(f"{path}/download"), 409, "not-ready")
    named = {"image_ids": [image], "targets": [{}], "generator": body["id"]}
    problem(service.client.post("/v1/expressions", json=named), 409, "not-ready")
    assert service.client.post(f"/v1/jobs/{body['job']['id']}/cancel").status_code in (200, 202)
    ended = service.ended(body, noun="generators")
    assert ended["job"]["state"] == "cancelled"
    problem(service.client.get(f"{path}/download"), 409, "job-cancelled")
    assert service.client.delete(path).status_code == 204
    problem(service.client.get(path), 404, "generator-not-found")


def test_a_generator_whose_time_is_over_is_emptied(service: Service) -> None:
    body = sent(service, small_generator(seed=9))
    database = open_database(service.settings.database)
    with database.write() as session:
        session.get_one(Generator, UUID(body["id"])).expires_at = now()
    path = f"/v1/generators/{body['id']}"
    problem(service.client.get(path), 404, "resource-expired")
    eventually(lambda: body["sha256"] not in stored(service), "its bytes to be erased")
    problem(service.client.get(f"{path}/download"), 404, "resource-expired")
    with database.read() as session:
        assert session.get_one(Generator, UUID(body["id"])).config is None
    database.close()
    assert body["id"] not in [item["id"] for item in service.read("/v1/generators")["items"]]
