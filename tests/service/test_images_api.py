"""/v1/images over real HTTP."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from tests.support.faces import registrar
from tests.support.heif import stored
from tests.support.hidden import masked
from tests.support.pictures import encoded, portrait, portrait_image, small_portrait, two_faces
from tests.support.running import Json, Service


@pytest.fixture(scope="module")
def image(service: Service) -> Json:
    answer = service.client.post(
        "/v1/images",
        files={"file": ("holiday/me.png", portrait())},
        data={"subject_id": "Eileen C."},
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/images/{answer.json()['id']}"
    body: Json = answer.json()
    return body


def test_an_upload_tells_what_it_shows(service: Service, image: Json) -> None:
    assert image["sha256"] == hashlib.sha256(portrait()).hexdigest()
    assert (image["width"], image["height"]) == (512, 512)
    assert image["media_type"] == "image/png"
    assert image["subject_id"] == "Eileen C."
    assert image["expires_at"] is None
    x, y, width, height = image["face"]["box"]
    assert 150 < x < x + width < 310
    assert 20 < y < y + height < 220
    assert all(abs(image["face"][angle]) < 30 for angle in ("yaw", "pitch", "roll"))
    gaze = image["face"]["gaze"]
    assert set(gaze) == {"yaw", "pitch"}
    assert all(-30 < angle < 30 for angle in gaze.values()), "she looks past the camera a little"
    assert image["faces"] == [image["face"]]
    assert service.read(f"/v1/images/{image['id']}") == image


def test_ids_are_version_7_and_grow(service: Service, image: Json) -> None:
    later = service.client.post("/v1/images", files={"file": small_portrait()}).json()
    assert image["id"][14] == "7"
    assert later["id"] > image["id"]


def test_the_photo_comes_back_as_it_was_sent(service: Service, image: Json) -> None:
    answer = service.client.get(f"/v1/images/{image['id']}/content")
    assert answer.content == portrait()
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["etag"] == f'"{image["sha256"]}"'


def test_the_registered_face_is_a_png_of_224_pixels_and_differs_by_view(
    service: Service, image: Json
) -> None:
    views = {}
    for view in ("3d", "2d"):
        answer = service.client.get(f"/v1/images/{image['id']}/registered", params={"view": view})
        assert answer.status_code == 200
        views[view] = Image.open(io.BytesIO(answer.content))
        assert (views[view].format, views[view].size) == ("PNG", (224, 224))
    assert views["3d"].tobytes() != views["2d"].tobytes()
    wrong = service.client.get(f"/v1/images/{image['id']}/registered", params={"view": "4d"})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/invalid-request")


def test_several_faces_are_listed_largest_first(service: Service) -> None:
    faces = service.client.post("/v1/images", files={"file": two_faces()}).json()["faces"]
    widths = [face["box"][2] for face in faces]
    assert len(faces) == 2
    assert widths == sorted(widths, reverse=True)


def _palette() -> bytes:
    return encoded(portrait_image().quantize(128), "PNG")


def _cmyk() -> bytes:
    return encoded(portrait_image().convert("CMYK"), "JPEG", quality=95)


def _alpha() -> bytes:
    return encoded(portrait_image().convert("RGBA"), "PNG")


def _grey_16_bit() -> bytes:
    grey = np.asarray(portrait_image().convert("L"), np.uint16) * 257
    return encoded(Image.fromarray(grey), "PNG")


def _lying() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    return encoded(portrait_image().rotate(90), "JPEG", quality=95, exif=exif)


def _heic() -> bytes:
    return stored("portrait")


@pytest.mark.parametrize("make", [_palette, _cmyk, _alpha, _grey_16_bit, _lying, _heic])
def test_kinds_of_images_that_can_be_converted_are(
    service: Service, make: Callable[[], bytes]
) -> None:
    answer = service.client.post("/v1/images", files={"file": make()})
    assert answer.status_code == 201, answer.text
    assert abs(answer.json()["face"]["roll"]) < 20


def test_heic_is_kept_as_it_was_sent_and_named_in_the_api_document(service: Service) -> None:
    image = service.client.post("/v1/images", files={"file": ("IMG_1.HEIC", _heic())}).json()
    assert image["media_type"] == "image/heic"
    content = service.client.get(f"/v1/images/{image['id']}/content")
    assert (content.content, content.headers["content-type"]) == (_heic(), "image/heic")
    body = service.read("/openapi.json")["paths"]["/v1/images"]["post"]["requestBody"]
    properties = body["content"]["multipart/form-data"]["schema"]["properties"]
    assert "HEIC" in properties["file"]["description"]


def test_what_hides_a_face_is_said(service: Service) -> None:
    plain = service.client.post("/v1/images", files={"file": portrait()}).json()["face"]
    assert plain["warnings"] == []
    assert 0.7 < plain["quality"] <= 1
    photo = np.asarray(portrait_image(512))
    cloth = masked(photo, registrar().locate(photo)[0].mesh, (140, 190, 225))
    sent = encoded(Image.fromarray(cloth), "PNG")
    image = service.client.post("/v1/images", files={"file": sent}).json()
    assert image["face"]["warnings"] == ["lower-face-hidden"]
    assert image["face"]["quality"] < 0.6 * plain["quality"]
    drawing = service.client.post(
        "/v1/expressions",
        json={"image_ids": [image["id"]], "targets": [{"AU12": "D"}], "output": ["photo"]},
    ).json()
    (item,) = service.ended(drawing)["items"]
    assert item["warnings"] == ["lower-face-hidden"]
    assert item["quality"] == pytest.approx(image["face"]["quality"], abs=1e-3)


def test_a_tiny_face_is_refused(service: Service) -> None:
    tiny = encoded(portrait_image().resize((110, 110)), "PNG")
    answer = service.client.post("/v1/images", files={"file": ("tiny.png", tiny)})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/face-too-small")
    assert "tiny.png" in answer.json()["detail"]
