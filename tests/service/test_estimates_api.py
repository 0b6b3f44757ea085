"""AU intensities over HTTP: what is answered, and what is wrong with each image."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from models.estimators.estimates import median_intensities
from models.estimators.reader import Reader
from models.estimators.shipped import shipped_checkpoint
from models.facs import LEVELS, SUPPORTED_AUS, is_present, level
from models.images import decode_image
from service.artifacts import address_of, open_store
from tests.support.faces import registrar
from tests.support.pictures import (
    animated_gif,
    encoded,
    huge_png,
    no_face,
    portrait,
    portrait_image,
    small_portrait,
)
from tests.support.problems import problem
from tests.support.running import Service, eventually

PATH = "/v1/models/compact/estimates"
SEEN = ("quality", "warnings")


@cache
def expected() -> dict[str, float]:
    """What the same model reads from the portrait without any service."""
    face = registrar().register(decode_image(portrait()).rgb)
    reader = Reader(shipped_checkpoint("compact"))
    return dict(zip(reader.aus, reader.estimate(face.image[None]).intensities[0], strict=True))


def test_one_photo_is_answered_in_one_request(service: Service) -> None:
    answer = service.client.post(PATH, files={"file": ("eileen.png", portrait())})
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["items"]
    [item] = answer.json()["items"]
    assert list(item) == ["file", "face", "intensities"]
    assert item["file"] == "eileen.png"
    x, y, width, height = item["face"]["box"]
    assert x < 220 < x + width
    assert y < 110 < y + height
    assert abs(item["face"]["gaze"]["yaw"]) < 20
    assert set(item["face"]) == {"box", "yaw", "pitch", "roll", "gaze", "confidence", *SEEN}
    assert 0.9 <= item["face"]["confidence"] <= 1
    assert list(item["intensities"]) == list(SUPPORTED_AUS)
    for au, read in item["intensities"].items():
        assert list(read) == ["intensity", "level", "present", "probabilities"]
        assert read["intensity"] == pytest.approx(expected()[au], abs=8e-3)
        assert len(read["probabilities"]) == len(LEVELS)
        assert sum(read["probabilities"]) == pytest.approx(1, abs=1e-3)
        median = median_intensities(np.array(read["probabilities"]))
        assert float(median) == pytest.approx(read["intensity"], abs=8e-3)
        assert read["level"] == level(read["intensity"])
        assert read["present"] == is_present(read["intensity"])
    assert item["intensities"]["AU12"]["intensity"] > 2, "she smiles"
    assert item["intensities"]["AU43"]["intensity"] < 1, "her eyes are open"


def test_files_that_are_sent_along_are_not_kept(service: Service) -> None:
    photo = encoded(portrait_image(), "JPEG", quality=61)
    assert service.client.post(PATH, files={"file": photo}).status_code == 200
    kept = {blob.sha256 for page in open_store(service.settings).blobs() for blob in page}
    assert address_of(photo) not in kept


def test_images_by_id_read_as_files_do(service: Service) -> None:
    image = service.client.post("/v1/images", files={"file": ("e.png", portrait())}).json()
    answer = service.client.post(PATH, json={"image_ids": [image["id"], image["id"]]})
    assert answer.status_code == 200, answer.text
    first, second = answer.json()["items"]
    assert first == second
    assert first["file"] == "e.png"
    read = {au: value["intensity"] for au, value in first["intensities"].items()}
    assert read == pytest.approx(expected(), abs=8e-3)


def test_each_image_that_cannot_be_read_says_why_in_its_place(service: Service) -> None:
    files = [
        ("garden.jpg", no_face(), "no-face"),
        ("notes.txt", b"hello", "not-an-image"),
        ("good.jpg", small_portrait(), None),
        ("empty.jpg", b"", "empty-image"),
        ("half.jpg", small_portrait()[:2000], "truncated-image"),
        ("huge.png", huge_png(), "image-too-large"),
        ("moving.gif", animated_gif(), "animated-image"),
        ("far.png", encoded(portrait_image(100), "PNG"), "face-too-small"),
    ]
    answer = service.client.post(PATH, files=[("file", file[:2]) for file in files])
    assert answer.status_code == 200, answer.text
    for item, (name, _, code) in zip(answer.json()["items"], files, strict=True):
        assert item["file"] == name
        if code is None:
            assert set(item) == {"file", "face", "intensities"}
        else:
            seen = {"face"} if code == "face-too-small" else set()
            assert set(item) == {"file", "error"} | seen
            assert item["error"]["type"] == f"/problems/{code}"
            assert name in item["error"]["detail"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (no_face(), 422, "no-face"),
        (b"hello", 415, "not-an-image"),
        (b"", 422, "empty-image"),
        (small_portrait()[:2000], 422, "truncated-image"),
        (animated_gif(), 415, "animated-image"),
        (encoded(portrait_image(100), "PNG"), 422, "face-too-small"),
    ],
)
def test_a_single_image_that_cannot_be_read_is_a_problem(
    service: Service, content: bytes, status: int, code: str
) -> None:
    answer = service.client.post(PATH, files={"file": ("me.jpg", content)})
    assert problem(answer, status, code)["filename"] == "me.jpg"


def test_many_images_are_a_job(service: Service) -> None:
    count = service.settings.estimate_wait_images + 1
    photo = small_portrait()
    answer = service.client.post(PATH, files=[("file", (f"{n}.jpg", photo)) for n in range(count)])
    assert answer.status_code == 202, answer.text
    assert answer.headers["retry-after"]
    location = answer.headers["location"]
    assert answer.json()["job"]["total"] == count

    def done() -> dict[str, Any] | None:
        body = service.read(location)
        return body if body["job"]["state"] == "succeeded" else None

    body = eventually(done, "the estimate")
    assert [item["file"] for item in body["items"]] == [f"{n}.jpg" for n in range(count)]
    assert all(item["intensities"] == body["items"][0]["intensities"] for item in body["items"])
    job = service.read(f"/v1/jobs/{body['job']['id']}")
    assert (job["kind"], job["resource"], job["done"]) == ("estimates", location, count)


def test_the_same_key_gives_the_same_estimate(service: Service) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    jobs = service.read("/v1/jobs?limit=200")
    first, second = (
        service.client.post(PATH, files={"file": ("a.jpg", small_portrait())}, headers=headers)
        for _ in range(2)
    )
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert len(service.read("/v1/jobs?limit=200")["items"]) == min(200, len(jobs["items"]) + 1)


def test_requests_that_make_no_sense_are_refused(service: Service) -> None:
    post = service.client.post
    file = {"file": ("a.jpg", small_portrait())}
    problem(post(PATH, json={"image_ids": [str(uuid4())]}), 404, "image-not-found")
    problem(post(PATH, json={"image_ids": []}), 422, "invalid-request")
    problem(post(PATH, json={}), 422, "invalid-request")
    problem(post(PATH, data={"any_person": "true"}), 415, "unsupported-media-type")
    problem(post(PATH, files=file, data={"faces": "2"}), 422, "invalid-request")
    problem(post("/v1/models/nothing/estimates", files=file), 404, "model-not-found")
    problem(post(f"/v1/models/{uuid4()}/estimates", files=file), 404, "model-not-found")
    problem(service.client.get(f"/v1/estimates/{uuid4()}"), 404, "estimate-not-found")
    problem(service.client.get("/v1/estimates/compact"), 404, "estimate-not-found")
