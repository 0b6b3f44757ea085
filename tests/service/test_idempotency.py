"""Idempotency-Key over real HTTP."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx

from tests.support.pictures import portrait, small_portrait
from tests.support.running import Service


def post(service: Service, key: str, photo: bytes, targets: str = "[{}]") -> httpx.Response:
    return service.client.post(
        "/v1/expressions",
        files={"file": ("me.jpg", photo)},
        data={"targets": targets, "output": "face"},
        headers={"Idempotency-Key": key},
    )


def test_the_same_request_gets_the_same_answer_and_does_no_new_work(service: Service) -> None:
    key = str(uuid4())
    first, second = post(service, key, small_portrait()), post(service, key, small_portrait())
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert first.headers["location"] == second.headers["location"]
    assert first.headers["retry-after"] == second.headers["retry-after"]
    service.ended(first.json())


def test_another_request_with_the_same_key_is_refused(service: Service) -> None:
    key = str(uuid4())
    service.ended(post(service, key, small_portrait()).json())
    for changed in (
        post(service, key, portrait()),
        post(service, key, small_portrait(), json.dumps([{"AU12": 1}])),
    ):
        assert changed.status_code == 422
        assert changed.json()["type"] == "/problems/idempotency-key-reused"


def test_a_key_counts_per_operation_and_a_refused_request_leaves_it_free(service: Service) -> None:
    key = str(uuid4())
    refused = post(service, key, b"no photo")
    assert refused.status_code == 415
    service.ended(post(service, key, small_portrait()).json())
    upload = service.client.post(
        "/v1/images", files={"file": small_portrait()}, headers={"Idempotency-Key": key}
    )
    assert upload.json()["type"] == "/problems/idempotency-key-reused"


def test_sendings_at_the_same_moment_make_one_set(service: Service) -> None:
    key = str(uuid4())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(service, key, small_portrait()), range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    service.ended(answers[0].json())


def test_uploads_are_made_once_too(service: Service) -> None:
    key = str(uuid4())
    answers = [
        service.client.post(
            "/v1/images",
            files={"file": small_portrait()},
            data={"subject_id": "a"},
            headers={"Idempotency-Key": key},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


def test_a_key_that_cannot_be_one(service: Service) -> None:
    answer = service.client.post(
        "/v1/images", files={"file": small_portrait()}, headers={"Idempotency-Key": "x" * 256}
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
