"""/v1/images/{id}/preview: one drawing at once, by the processes beside the API."""

from __future__ import annotations

import io
import json
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from models.images import decode_image, read_mark
from models.marking import SYNTHETIC_SOURCE
from tests.support.pictures import portrait, small_portrait, two_faces
from tests.support.running import Json, Service


@pytest.fixture(scope="module")
def image(service: Service) -> Json:
    uploaded: Json = service.client.post("/v1/images", files={"file": portrait()}).json()
    return uploaded


def ask(service: Service, image: Json, **asked: Any) -> httpx.Response:
    return service.client.post(f"/v1/images/{image['id']}/preview", json=asked)


def pixels(answer: httpx.Response) -> np.ndarray[Any, np.dtype[np.int16]]:
    assert answer.status_code == 200, answer.text
    return decode_image(answer.content).rgb.astype(np.int16)


def test_the_same_request_gives_the_same_marked_bytes(service: Service, image: Json) -> None:
    asked = {"target": {"AU12": "D", "AU43L": 2.5}, "size": 256, "generator": "rig"}
    answer = ask(service, image, **asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "no-store"
    assert ask(service, image, **asked).content == answer.content
    mark = read_mark(answer.content)
    assert mark is not None
    assert (mark.generator, mark.source, mark.seed) == ("rig", SYNTHETIC_SOURCE, 0)
    assert mark.target == {"AU12": 4.0, "AU43L": 2.5}


def test_it_says_what_was_found_and_without_a_target_it_is_the_photo(
    service: Service, image: Json
) -> None:
    answer = ask(service, image)
    assert answer.headers["content-type"] == "image/png"
    photo = np.asarray(Image.open(io.BytesIO(portrait())).convert("RGB"), np.int16)
    assert (pixels(answer) == photo).all()
    assert read_mark(answer.content) is None
    found = json.loads(answer.headers["facsimile-found"])
    assert set(found) == {"AU12", "AU20", "AU25", "AU26"}
    assert found["AU12"] > 3


def test_at_full_size_it_is_what_expressions_draw(service: Service, image: Json) -> None:
    target = {"AU04": 3, "AU12": 1}
    accepted = service.ask(json={"image_ids": [image["id"]], "targets": [target]})
    item = service.ended(accepted)["items"][0]
    drawn = service.client.get(item["photo_url"]).content
    assert ask(service, image, target=target).content == drawn


def test_sizes_and_frames(service: Service, image: Json) -> None:
    assert pixels(ask(service, image, size=200)).shape == (200, 200, 3)
    assert pixels(ask(service, image, size=2000)).shape == (512, 512, 3)
    around = pixels(ask(service, image, frame="face"))
    x, y, width, height = image["face"]["box"]
    side = 2.8 * max(width, height)
    assert abs(around.shape[1] - side) < 3
    left, top = round(x + width / 2 - side / 2), max(0, round(y + height / 2 - side / 2))
    whole = pixels(ask(service, image))
    part = whole[top : top + around.shape[0], left : left + around.shape[1]]
    assert np.abs(part - around[: part.shape[0], : part.shape[1]]).mean() < 6


def test_a_drawing_changes_the_face_and_nothing_far_from_it(service: Service, image: Json) -> None:
    before = pixels(ask(service, image, size=480))
    after = pixels(ask(service, image, size=480, target={"AU43": 5}, generator="rig"))
    changed = np.abs(after - before).mean(axis=2)
    x, y, width, height = (round(480 / 512 * value) for value in image["face"]["box"])
    assert changed[y : y + height, x : x + width].mean() > 4
    assert changed[-120:].mean() < 0.5


def test_a_face_is_picked_by_its_index(service: Service) -> None:
    both = service.client.post("/v1/images", files={"file": two_faces()}).json()
    before = pixels(ask(service, both, size=512))
    for index, face in enumerate(both["faces"]):
        after = pixels(ask(service, both, size=512, face=index, target={"AU43": 5, "AU26": 4}))
        changed = np.abs(after - before).mean(axis=2)
        inside = changed[:, int(face["box"][0]) : int(face["box"][0] + face["box"][2])]
        other = both["faces"][1 - index]["box"]
        outside = changed[:, int(other[0]) : int(other[0] + other[2])]
        assert inside.mean() > 2
        assert outside.mean() < 0.5


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"target": {"AU99": 1}}, 422, "unknown-action-unit"),
        ({"target": {"AU12": 6}}, 422, "intensity-out-of-range"),
        ({"target": {"AU12": 1, "AU12L": 2}}, 422, "contradictory-sides"),
        ({"target": []}, 422, "invalid-request"),
        ({"face": 1}, 422, "no-such-face"),
        ({"face": -1}, 422, "invalid-request"),
        ({"size": 32}, 422, "invalid-request"),
        ({"size": 5000}, 422, "invalid-request"),
        ({"size": "480"}, 422, "invalid-request"),
        ({"frame": "head"}, 422, "invalid-request"),
        ({"generator": "ganimation"}, 422, "invalid-request"),
        ({"colour": "red"}, 422, "invalid-request"),
    ],
)
def test_what_cannot_be_drawn_is_a_problem(
    service: Service, image: Json, body: Json, status: int, code: str
) -> None:
    answer = ask(service, image, **body)
    assert answer.status_code == status, answer.text
    assert answer.json()["type"] == f"/problems/{code}"


def test_there_has_to_be_an_image_and_json(service: Service, image: Json) -> None:
    for name in ("nothing", "019e6f1c-3c00-7b1e-a7d4-9f6c1f0a2b3c"):
        answer = ask(service, {"id": name}, target={})
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/image-not-found")
    path = f"/v1/images/{image['id']}/preview"
    assert service.client.post(path, content=b"{", headers=_JSON).status_code == 400
    assert service.client.post(path, data={"target": "{}"}).status_code == 415


_JSON = {"Content-Type": "application/json"}


def test_an_erased_photo_is_drawn_no_more_although_it_was_at_hand(service: Service) -> None:
    consent = {"basis": "informed consent", "reference": "form 1", "date": "2026-01-01"}
    subject = service.client.post("/v1/subjects", json={"label": "E", "consent": consent})
    assert subject.status_code == 201, subject.text
    fields = {"subject_id": subject.json()["id"]}
    uploaded = service.client.post("/v1/images", files={"file": small_portrait()}, data=fields)
    image = uploaded.json()
    assert ask(service, image, target={"AU12": 2}, size=128).status_code == 200
    assert service.client.delete(f"/v1/subjects/{subject.json()['id']}").status_code == 200
    answer = ask(service, image, target={"AU12": 2}, size=128)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/image-not-found")
