"""Whatever is wrong with a request: its own problem, never a 500, and nothing left behind."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from service.db.engine import open_database
from service.db.tables import ExpressionSet, Job
from service.db.tables import Image as ImageRow
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
from tests.support.running import Json, Service

SMILE = [{"AU12": "D"}]

NOBODYS = "0198c5d0-7b1e-7c51-9f0a-5d3a8a2f4e11"
"""An id that no row has. The same in every run, so that its tests keep their names."""


@pytest.fixture(scope="module")
def image_id(service: Service) -> str:
    answer = service.client.post("/v1/images", files={"file": small_portrait()})
    return str(answer.json()["id"])


def counts(service: Service) -> tuple[int, ...]:
    """Rows that a request may have left."""
    database = open_database(service.settings.database)
    with database.read() as session:
        found = tuple(
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (ImageRow, Job, ExpressionSet)
        )
    database.close()
    return found


def _sixteen_bit_colour() -> bytes:
    # Pillow reads but cannot write 16-bit RGB, so the header of an 8-bit one is not enough: TIFF
    # with floating-point samples is another kind that has no fixed range to convert from.
    return encoded(portrait_image().convert("F"), "TIFF")


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        pytest.param(lambda: b"", 422, "empty-image", id="zero bytes"),
        pytest.param(lambda: b"hello, I am a text", 415, "not-an-image", id="text"),
        pytest.param(lambda: b"%PDF-1.7\n" + bytes(500), 415, "unsupported-image", id="pdf"),
        pytest.param(lambda: portrait()[:5000], 422, "truncated-image", id="truncated png"),
        pytest.param(lambda: small_portrait()[:4000], 422, "truncated-image", id="truncated jpeg"),
        pytest.param(huge_png, 413, "image-too-large", id="20,000 x 20,000 pixels"),
        pytest.param(animated_gif, 415, "animated-image", id="animated"),
        pytest.param(_sixteen_bit_colour, 415, "unsupported-image", id="float samples"),
        pytest.param(no_face, 422, "no-face", id="no face"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/images", "/v1/expressions"])
def test_a_file_that_is_no_usable_photo_is_named_and_refused(
    service: Service, path: str, data: Callable[[], bytes], status: int, code: str
) -> None:
    before = counts(service)
    fields = {"targets": json.dumps(SMILE)} if path == "/v1/expressions" else {}
    answer = service.client.post(path, files={"file": ("garden.jpg", data())}, data=fields)
    body = problem(answer, status, code)
    assert "garden.jpg" in body["detail"]
    assert body["filename"] == "garden.jpg"
    assert counts(service) == before


def test_one_bad_photo_of_many_is_named_and_none_is_kept(service: Service) -> None:
    before = counts(service)
    answer = service.client.post(
        "/v1/expressions",
        files=[("file", ("good.jpg", small_portrait())), ("file", ("bad.jpg", no_face()))],
        data={"targets": json.dumps(SMILE)},
    )
    assert problem(answer, 422, "no-face")["filename"] == "bad.jpg"
    assert counts(service) == before


@pytest.mark.parametrize(
    ("target", "code", "pointer"),
    [
        ('{"AU99": 1}', "unknown-action-unit", "/targets/0/AU99"),
        ('{"smile": 1}', "unknown-action-unit", "/targets/0/smile"),
        ('{"AU12X": 1}', "unknown-action-unit", "/targets/0/AU12X"),
        ('{"a/b~c": 1}', "unknown-action-unit", "/targets/0/a~1b~0c"),
        ('{"AU12": "F"}', "intensity-out-of-range", "/targets/0/AU12"),
        ('{"AU12": 5.01}', "intensity-out-of-range", "/targets/0/AU12"),
        ('{"AU12": -0.1}', "intensity-out-of-range", "/targets/0/AU12"),
        ('{"AU12": NaN}', "intensity-out-of-range", "/targets/0/AU12"),
        ('{"AU12": Infinity}', "intensity-out-of-range", "/targets/0/AU12"),
        ('{"AU12": 1e999}', "intensity-out-of-range", "/targets/0/AU12"),
        ('{"AU12": %s}' % ("9" * 5000), "intensity-out-of-range", "/targets/0/AU12"),
        ('{"AU12": "nan"}', "intensity-out-of-range", "/targets/0/AU12"),
        ('{"AU12": null}', "intensity-out-of-range", "/targets/0/AU12"),
        ('{"AU12": true}', "intensity-out-of-range", "/targets/0/AU12"),
        ('{"AU12": [1]}', "intensity-out-of-range", "/targets/0/AU12"),
        ('{"AU12": 1, "AU12L": 2}', "contradictory-sides", "/targets/0/AU12L"),
    ],
)
def test_a_target_that_cannot_be_drawn_is_pointed_at(
    service: Service, image_id: str, target: str, code: str, pointer: str
) -> None:
    body = f'{{"image_ids": ["{image_id}"], "targets": [{target}]}}'
    answer = service.client.post(
        "/v1/expressions", content=body, headers={"Content-Type": "application/json"}
    )
    assert problem(answer, 422, code)["pointer"] == pointer
    form = service.client.post(
        "/v1/expressions", files={"file": small_portrait()}, data={"targets": f"[{target}]"}
    )
    problem(form, 422, code)


def test_a_wrong_target_far_down_the_list_is_pointed_at(service: Service, image_id: str) -> None:
    targets = [{"AU12": 1}] * 100 + [{"AU12": 9}]
    answer = service.client.post(
        "/v1/expressions", json={"image_ids": [image_id], "targets": targets}
    )
    assert problem(answer, 422, "intensity-out-of-range")["pointer"] == "/targets/100/AU12"


def test_10001_targets_are_too_many_in_json_and_in_a_form(service: Service, image_id: str) -> None:
    targets = [{"AU06": 2.5, "AU12": 3.25, "AU25": 1}] * 10_001
    by_id = service.client.post(
        "/v1/expressions", json={"image_ids": [image_id], "targets": targets}
    )
    assert problem(by_id, 422, "too-many-targets")["limit"] == 10_000
    by_file = service.client.post(
        "/v1/expressions",
        files={"file": small_portrait()},
        data={"targets": json.dumps(targets)},
    )
    problem(by_file, 422, "too-many-targets")


def test_many_images_times_many_targets_are_too_many_drawings(
    service: Service, image_id: str
) -> None:
    answer = service.client.post(
        "/v1/expressions",
        json={"image_ids": [image_id] * 101, "targets": [{"AU12": 1}] * 100},
    )
    problem(answer, 422, "too-many-items")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_refused_with_an_answer(service: Service, chunked: bool) -> None:
    limit = service.settings.max_body_bytes
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    big = head + bytes(limit)
    body = iter([big[: limit // 2], big[limit // 2 :], big]) if chunked else big
    answer = service.client.post(
        "/v1/images", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert problem(answer, 413, "body-too-large")["limit"] == limit


def test_an_answer_arrives_although_the_body_was_not_wanted(service: Service) -> None:
    """The body is longer than what fits between client and server, and nobody reads it."""
    answer = service.client.post(
        "/v1/images", content=bytes(20_000_000), headers={"Content-Type": "text/plain"}
    )
    problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"generator": "magic"}, 422, "unknown-generator"),
        ({"registration": "4d"}, 422, "invalid-request"),
        ({"output": []}, 422, "invalid-request"),
        ({"output": ["video"]}, 422, "invalid-request"),
        ({"targets": []}, 422, "invalid-request"),
        ({"targets": {"AU12": 1}}, 422, "invalid-request"),
        ({"targets": ["AU12"]}, 422, "invalid-request"),
        ({"targets": None}, 422, "invalid-request"),
        ({"image_ids": []}, 422, "invalid-request"),
        ({"image_ids": ["me"]}, 422, "invalid-request"),
        ({"image_ids": "me"}, 422, "invalid-request"),
        ({"seed": -1}, 422, "invalid-request"),
        ({"seed": 1.5}, 422, "invalid-request"),
        ({"seed": True}, 422, "invalid-request"),
        ({"seed": 2**70}, 422, "invalid-request"),
        ({"face": -1}, 422, "invalid-request"),
        ({"face": 7}, 422, "no-such-face"),
        ({"colour": "blue"}, 422, "invalid-request"),
        ({"image_ids": [NOBODYS]}, 404, "image-not-found"),
    ],
)
def test_values_that_are_not_possible(
    service: Service, image_id: str, change: Json, status: int, code: str
) -> None:
    before = counts(service)
    request = {"image_ids": [image_id], "targets": SMILE, **change}
    answer = service.client.post("/v1/expressions", json=request)
    problem(answer, status, code)
    assert counts(service) == before


@pytest.mark.parametrize("missing", ["image_ids", "targets"])
def test_a_missing_member_is_named(service: Service, image_id: str, missing: str) -> None:
    request = {"image_ids": [image_id], "targets": SMILE}
    del request[missing]
    body = problem(service.client.post("/v1/expressions", json=request), 422, "invalid-request")
    assert body["errors"][0]["pointer"] == f"/{missing}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"targets": [}',
        b"\xff\xfe",
        b'{"image_ids": [], "image_ids": []}',
        b'{"targets":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_json_that_cannot_be_read(service: Service, body: bytes) -> None:
    answer = service.client.post(
        "/v1/expressions", content=body, headers={"Content-Type": "application/json"}
    )
    problem(answer, 400, "malformed-json")


@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"1"])
def test_json_that_is_no_object(service: Service, body: bytes) -> None:
    answer = service.client.post(
        "/v1/expressions", content=body, headers={"Content-Type": "application/json"}
    )
    problem(answer, 422, "invalid-request")


def test_what_was_sent_is_quoted_safely(service: Service, image_id: str) -> None:
    name = "\\ud800" + "A" * 100_000
    body = f'{{"image_ids": ["{image_id}"], "targets": [{{"{name}": 1}}]}}'
    answer = service.client.post(
        "/v1/expressions", content=body, headers={"Content-Type": "application/json"}
    )
    assert len(problem(answer, 422, "unknown-action-unit")["detail"]) <= 600


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/images", "application/json"),
        ("/v1/images", "image/png"),
        ("/v1/images", "application/x-www-form-urlencoded"),
        ("/v1/expressions", "text/plain"),
        ("/v1/expressions", "application/xml"),
        ("/v1/expressions", ""),
        ("/v1/expressions", "nonsense"),
    ],
)
def test_a_content_type_that_is_not_read(service: Service, path: str, kind: str) -> None:
    answer = service.client.post(path, content=b"{}", headers={"Content-Type": kind})
    problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize("path", ["/v1/images", "/v1/expressions"])
@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data", "multipart/form-data; boundary=abc", "multipart/form-data; boundary="],
)
def test_a_form_that_cannot_be_read(service: Service, path: str, kind: str) -> None:
    answer = service.client.post(path, content=b"--xyz\r\n\r\n", headers={"Content-Type": kind})
    assert answer.status_code in (400, 422)
    assert answer.json()["type"] in ("/problems/malformed-form", "/problems/invalid-request")


def test_forms_with_wrong_fields(service: Service) -> None:
    def post(path: str, files: list[Any], **data: str) -> tuple[int, str]:
        answer = service.client.post(path, files=files, data=data)
        return answer.status_code, answer.json()["type"].removeprefix("/problems/")

    photo = ("file", ("a.jpg", small_portrait()))
    targets = json.dumps(SMILE)
    invalid = (422, "invalid-request")
    assert post("/v1/images", [photo, photo]) == invalid
    assert post("/v1/images", [("picture", ("a.jpg", small_portrait()))]) == invalid
    assert post("/v1/images", [photo], subject_id="") == invalid
    assert post("/v1/images", [photo], subject_id="a\nb") == invalid
    assert post("/v1/images", [photo], subject_id="x" * 129) == invalid
    assert post("/v1/images", [photo], colour="blue") == invalid
    assert post("/v1/expressions", [photo]) == invalid
    assert post("/v1/expressions", [("other", ("a", b"x"))], targets=targets) == invalid
    assert post("/v1/expressions", [photo], targets="") == (400, "malformed-json")
    assert post("/v1/expressions", [photo], targets="[{") == (400, "malformed-json")
    assert post("/v1/expressions", [photo], targets="[]") == invalid
    assert post("/v1/expressions", [photo], targets='{"AU12": 1}') == invalid
    assert post("/v1/expressions", [photo], targets=targets, seed="x") == invalid
    assert post("/v1/expressions", [photo], targets=targets, face="1.5") == invalid
    assert post("/v1/expressions", [photo], targets=targets, face="4") == (422, "no-such-face")
    assert post("/v1/expressions", [photo], targets=targets, output="video") == invalid
    assert post("/v1/expressions", [photo], targets=targets, generator="x") == (
        422,
        "unknown-generator",
    )


def test_too_many_files(service: Service) -> None:
    files = [("file", (f"{number}.jpg", b"x")) for number in range(501)]
    answer = service.client.post("/v1/expressions", files=files, data={"targets": "[{}]"})
    assert problem(answer, 413, "too-many-files")["limit"] == 500


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/images/{}", "image-not-found"),
        ("/v1/images/{}/content", "image-not-found"),
        ("/v1/images/{}/registered", "image-not-found"),
        ("/v1/expressions/{}", "expression-set-not-found"),
        ("/v1/expressions/{}/items/0/face", "expression-set-not-found"),
        ("/v1/jobs/{}", "job-not-found"),
        ("/v1/jobs/{}/events", "job-not-found"),
        ("/v1/nothing/{}", "no-such-path"),
    ],
)
@pytest.mark.parametrize("row_id", [NOBODYS, "1", "me", "00000000-0000-0000-0000", "%00", "ü"])
def test_ids_that_are_not_there(service: Service, path: str, code: str, row_id: str) -> None:
    problem(service.client.get(path.format(row_id)), 404, code)


def test_items_that_are_not_there(service: Service, image_id: str) -> None:
    accepted = service.ask(json={"image_ids": [image_id], "targets": SMILE, "output": "face"})
    base = f"/v1/expressions/{service.ended(accepted)['id']}/items"
    problem(service.client.get(f"{base}/1/face"), 404, "item-not-found")
    problem(service.client.get(f"{base}/0/photo"), 404, "item-not-found")
    problem(service.client.get(f"{base}/0/video"), 422, "invalid-request")
    problem(service.client.get(f"{base}/-1/face"), 422, "invalid-request")
    problem(service.client.get(f"{base}/{10**30}/face"), 422, "invalid-request")


def test_what_no_database_keeps_is_refused(service: Service) -> None:
    consent = {"basis": "b", "reference": "form\x00114", "date": "2026-11-02"}
    answer = service.client.post("/v1/subjects", json={"label": "P07", "consent": consent})
    assert problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == "/consent/reference"


def test_methods_and_cursors_that_are_not_possible(service: Service) -> None:
    answer = service.client.delete("/v1/jobs")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET"
    several = service.client.put("/v1/subjects")
    assert problem(several, 405, "method-not-allowed")["detail"].startswith("Use GET, POST here")
    assert several.headers["allow"] == "GET, POST"
    for cursor in ("x", "é", "AAAA", "bm90LWFuLWlk"):
        problem(service.client.get("/v1/jobs", params={"cursor": cursor}), 400, "invalid-cursor")
    for limit in ("0", "201", "x"):
        problem(service.client.get("/v1/jobs", params={"limit": limit}), 422, "invalid-request")


def test_every_problem_is_explained_where_its_type_points(service: Service, image_id: str) -> None:
    body = service.client.get(f"/v1/images/{NOBODYS}").json()
    page = service.client.get(body["type"])
    assert page.status_code == 200
    assert body["title"] in page.text
    assert service.client.get("/problems").text.count("<tr>") > 30
    problem(service.client.get("/problems/none"), 404, "no-such-path")


def test_an_image_still_decodes_after_all_that(service: Service, image_id: str) -> None:
    answer = service.client.get(f"/v1/images/{image_id}/registered")
    assert Image.open(io.BytesIO(answer.content)).size == (224, 224)
