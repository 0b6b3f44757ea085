"""/v1/characters: who there is, and pictures of them at once."""

from __future__ import annotations

from typing import Any

import pytest

from models.characters.cast import CAST
from models.images import decode_image, read_mark
from models.marking import ALGORITHMIC_SOURCE
from tests.support.running import Service


def test_the_cast_is_listed(service: Service) -> None:
    items = service.read("/v1/characters")["items"]
    assert [item["name"] for item in items] == list(CAST)
    assert all(item["about"] and item["render_url"].endswith("/render") for item in items)


def test_a_picture_comes_at_once(service: Service) -> None:
    asked = {"target": {"AU12": "D", "AU43L": 5}, "view": {"yaw": 20}, "gaze": {"pitch": 5}}
    answer = service.client.post("/v1/characters/mei/render", json={**asked, "size": 160})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    assert decode_image(answer.content).rgb.shape == (160, 160, 3)
    mark = read_mark(answer.content)
    assert mark is not None
    assert (mark.generator, mark.source) == ("character mei", ALGORITHMIC_SOURCE)
    assert mark.target == {"AU12": 4.0, "AU43L": 5.0}
    again = service.client.post("/v1/characters/mei/render", json={**asked, "size": 160})
    assert again.content == answer.content
    other = service.client.post("/v1/characters/mei/render", json={})
    assert decode_image(other.content).rgb.shape == (320, 320, 3)


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("nobody", {}, 404, "character-not-found"),
        ("mei", {"size": 32}, 422, "invalid-request"),
        ("mei", {"size": 2000}, 422, "invalid-request"),
        ("mei", {"size": "320"}, 422, "invalid-request"),
        ("mei", {"view": {"yaw": 120}}, 422, "invalid-request"),
        ("mei", {"gaze": {"yaw": 40}}, 422, "invalid-request"),
        ("mei", {"target": {"AU99": 1}}, 422, "unknown-action-unit"),
        ("mei", {"target": {"AU12": 6}}, 422, "intensity-out-of-range"),
        ("mei", {"target": {"AU12": 1, "AU12L": 2}}, 422, "contradictory-sides"),
        ("mei", {"colour": "red"}, 422, "invalid-request"),
    ],
)
def test_what_cannot_be_drawn_is_a_problem(
    service: Service, name: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = service.client.post(f"/v1/characters/{name}/render", json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["type"].endswith(f"/{code}")
