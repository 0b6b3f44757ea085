"""From photo and targets to drawings, over real HTTP with a real worker."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from models.images import read_mark
from tests.support.pictures import portrait, small_portrait, two_faces
from tests.support.running import Json, Service

SMILE = {"AU06": "C", "AU12": "D"}


@pytest.fixture(scope="module")
def drawn(service: Service) -> Json:
    """A finished set of two photos with three targets each, asked for in one form."""
    accepted = service.ask(
        files=[("file", ("a.png", portrait())), ("file", ("b.jpg", small_portrait()))],
        data={"targets": json.dumps([SMILE, {"AU12L": 2.5}, {}]), "seed": "7"},
    )
    return service.ended(accepted)


def test_a_form_of_photos_and_targets_ends_in_one_item_for_each_pair(drawn: Json) -> None:
    assert drawn["job"]["state"] == "succeeded"
    assert (drawn["job"]["done"], drawn["job"]["total"]) == (6, 6)
    assert drawn["job"]["error"] is None
    assert [item["index"] for item in drawn["items"]] == list(range(6))
    assert [item["seed"] for item in drawn["items"]] == list(range(7, 13))
    images = [item["image_id"] for item in drawn["items"]]
    assert len(set(images[:3])) == len(set(images[3:])) == 1
    assert images[0] != images[3]
    assert drawn["items"][0]["target"] == {"AU06": 3.0, "AU12": 4.0}
    assert drawn["items"][1]["target"] == {"AU12L": 2.5}
    assert drawn["items"][2]["target"] == {}
    for item in drawn["items"]:  # she smiles in the photo, whatever is drawn
        assert item["found"]["AU12"] > 2
        assert {"AU12"} <= set(item["found"]) <= {"AU12", "AU20", "AU25", "AU26"}


def test_drawings_are_marked_pngs_of_the_registered_size_and_of_the_photo(
    service: Service, drawn: Json
) -> None:
    item = drawn["items"][0]
    face = service.client.get(item["face_url"])
    photo = service.client.get(item["photo_url"])
    assert face.headers["content-type"] == photo.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(face.content)).size == (224, 224)
    assert Image.open(io.BytesIO(photo.content)).size == (512, 512)
    mark = read_mark(face.content)
    assert mark is not None
    assert (mark.generator, dict(mark.target), mark.seed) == (
        "hybrid",
        {"AU06": 3.0, "AU12": 4.0},
        7,
    )


def test_a_smile_differs_from_a_neutral_face_in_the_face_alone(
    service: Service, drawn: Json
) -> None:
    def pixels(index: int) -> NDArray[np.float64]:
        answer = service.client.get(drawn["items"][index]["photo_url"])
        return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"), np.float64)

    change = np.abs(pixels(0) - pixels(2)).max(axis=2)
    box = service.read(f"/v1/images/{drawn['items'][0]['image_id']}")["face"]["box"]
    x, y, width, height = (round(value) for value in box)
    inside = change[y : y + height, x : x + width].copy()
    change[max(0, y - 20) : y + height + 20, max(0, x - 20) : x + width + 20] = 0
    assert (inside > 10).mean() > 0.05
    assert (change > 10).mean() < 0.001


def test_the_same_request_twice_gives_the_same_bytes(service: Service) -> None:
    def draw() -> bytes:
        body = service.ended(
            service.ask(files={"file": small_portrait()}, data={"targets": json.dumps([SMILE])})
        )
        return service.client.get(body["items"][0]["face_url"]).content

    assert draw() == draw()


def test_images_by_id_times_targets_as_json(service: Service) -> None:
    image = service.client.post("/v1/images", files={"file": small_portrait()}).json()
    answer = service.client.post(
        "/v1/expressions",
        json={
            "image_ids": [image["id"], image["id"]],
            "targets": [SMILE],
            "generator": "rig",
            "registration": "2d",
            "output": ["face"],
        },
    )
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/expressions/{answer.json()['id']}"
    assert int(answer.headers["retry-after"]) >= 1
    body = service.ended(answer.json())
    assert body["job"]["state"] == "succeeded"
    assert body["registration"] == "2d"
    assert [item["image_id"] for item in body["items"]] == [image["id"]] * 2
    assert all(item["photo_url"] is None for item in body["items"])
    gone = service.client.get(body["items"][0]["face_url"].replace("/face", "/photo"))
    assert (gone.status_code, gone.json()["type"]) == (404, "/problems/item-not-found")


def test_what_a_request_says_of_a_photo_wins_over_what_is_read(service: Service) -> None:
    """Said to be neutral, the smile stays; said to show more, more is taken off."""
    image = service.client.post("/v1/images", files={"file": small_portrait()}).json()

    def draw(sources: Json) -> tuple[Json, bytes]:
        asked = {
            "image_ids": [image["id"]],
            "targets": [{"AU04": "C"}],
            "generator": "rig",
            "output": "face",
            "sources": sources,
        }
        body = service.ended(service.ask(json=asked))
        [item] = body["items"]
        return body, service.client.get(item["face_url"]).content

    read, drawn = draw({})
    assert read["sources"] == {}
    assert read["items"][0]["found"]["AU12"] > 2
    neutral, kept = draw({image["id"]: {}})
    assert neutral["sources"] == {image["id"]: {}}
    assert neutral["items"][0]["found"] == {}
    said, off = draw({image["id"]: {"AU12": "B", "AU01": "A"}})
    assert said["sources"] == {image["id"]: {"AU01": 1.0, "AU12": 2.0}}
    assert said["items"][0]["found"] == {"AU01": 1.0, "AU12": 2.0}
    assert len({drawn, kept, off}) == 3


def test_files_are_named_in_sources_by_their_names(service: Service) -> None:
    accepted = service.ask(
        files=[("file", ("a.png", small_portrait())), ("file", ("b.png", small_portrait()))],
        data={
            "targets": "[{}]",
            "generator": "rig",
            "output": "face",
            "sources": json.dumps({"b.png": {"AU12": 1}}),
        },
    )
    first, second = service.ended(accepted)["items"]
    assert first["found"]["AU12"] > 2
    assert second["found"] == {"AU12": 1.0}


@pytest.mark.parametrize(
    ("source", "code", "pointer"),
    [
        ({"nobody": {"AU12": "B"}}, "unknown-source", "/sources/nobody"),
        ({"IMAGE": {"AU99": "B"}}, "unknown-action-unit", "/sources/IMAGE/AU99"),
        ({"IMAGE": {"AU12": 6}}, "intensity-out-of-range", "/sources/IMAGE/AU12"),
        ({"IMAGE": {"AU12": 1, "AU12L": 2}}, "contradictory-sides", "/sources/IMAGE/AU12L"),
    ],
)
def test_wrong_sources_are_refused_with_where_they_are_wrong(
    service: Service, source: Json, code: str, pointer: str
) -> None:
    image = service.client.post("/v1/images", files={"file": small_portrait()}).json()["id"]
    sources = {name.replace("IMAGE", image): shown for name, shown in source.items()}
    asked = {"image_ids": [image], "targets": [SMILE], "sources": sources}
    answer = service.client.post("/v1/expressions", json=asked)
    assert answer.status_code == 422
    assert answer.json()["type"] == f"/problems/{code}"
    assert answer.json()["pointer"] == pointer.replace("IMAGE", image)


def test_the_face_index_chooses_who_is_drawn(service: Service) -> None:
    image = service.client.post("/v1/images", files={"file": two_faces()}).json()
    assert len(image["faces"]) == 2

    def draw(face: int) -> bytes:
        accepted = service.ask(
            json={
                "image_ids": [image["id"]],
                "targets": [SMILE],
                "face": face,
                "output": "face",
            }
        )
        return service.client.get(service.ended(accepted)["items"][0]["face_url"]).content

    assert draw(0) != draw(1)


def test_drawings_can_be_cached_and_read_in_parts(service: Service, drawn: Json) -> None:
    url = drawn["items"][0]["face_url"]
    whole = service.client.get(url)
    tag = whole.headers["etag"]
    assert "immutable" in whole.headers["cache-control"]
    assert "private" in whole.headers["cache-control"]
    assert service.client.get(url, headers={"If-None-Match": tag}).status_code == 304
    part = service.client.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
    tail = service.client.get(url, headers={"Range": "bytes=-5"})
    assert (tail.status_code, tail.content) == (206, whole.content[-5:])
    rest = service.client.get(url, headers={"Range": "bytes=100-"})
    assert (rest.status_code, rest.content) == (206, whole.content[100:])
    stale = service.client.get(url, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (stale.status_code, stale.content) == (200, whole.content)
    beyond = service.client.get(url, headers={"Range": f"bytes={len(whole.content)}-"})
    assert (beyond.status_code, beyond.json()["type"]) == (416, "/problems/range-not-satisfiable")
    assert beyond.headers["content-range"] == f"bytes */{len(whole.content)}"
    head = service.client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))


def test_a_job_ends_although_its_photo_is_in_another_set_too(service: Service) -> None:
    first = service.ask(files={"file": portrait()}, data={"targets": "[{}]", "output": "face"})
    second = service.ask(files={"file": portrait()}, data={"targets": "[{}]", "output": "face"})
    a, b = service.ended(first), service.ended(second)
    assert a["items"][0]["image_id"] != b["items"][0]["image_id"]
    assert (
        service.client.get(a["items"][0]["face_url"]).content
        == service.client.get(b["items"][0]["face_url"]).content
    )
