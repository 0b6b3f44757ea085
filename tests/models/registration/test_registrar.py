"""From photo to registered face: what is found, what is refused, and by several threads."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import numpy as np
import pytest

from models.images import decode_image
from models.registration import FaceIndexError, NoFaceError, RegistrationError
from models.registration.face import ImageArray
from tests.models.registration.heads import (
    EYE_SPAN,
    MARKS,
    SHARED,
    portrait,
    portrait_in_frame,
    registrar,
    turned,
)


def two_faces() -> ImageArray:
    """A face 150 pixels wide at the right, one of 70 at the left."""
    photo = portrait_in_frame(900, 500, 150, at=(1.0, 0.5))
    small = portrait_in_frame(400, 300, 70, at=(0.3, 0.5))
    photo[100:400, 0:400] = small
    return photo


@pytest.mark.parametrize("at", [(0.0, 0.0), (1.0, 0.4), (0.37, 1.0)])
@pytest.mark.parametrize("share", [0.06, 0.1, 0.25])
@pytest.mark.parametrize(("width", "height"), [(1280, 960), (800, 1100)])
def test_a_face_that_is_a_small_part_of_the_frame(
    width: int, height: int, share: float, at: tuple[float, float]
) -> None:
    face_width = share * max(width, height)
    face = registrar().register(portrait_in_frame(width, height, face_width, at))
    assert np.ptp(face.photo_view.project(face.mesh)[:, 0]) == pytest.approx(face_width, rel=0.1)


@pytest.mark.parametrize(
    "crop", [np.s_[60:190, 170:280], np.s_[85:170, 185:265], np.s_[92:168, 188:262]]
)
def test_a_face_that_fills_the_frame_or_more(crop: tuple[slice, slice]) -> None:
    """Down to a crop that cuts off forehead, chin and cheeks."""
    face = registrar().register(np.ascontiguousarray(portrait()[crop]))
    found = face.photo_view.project(face.mesh)[:, :2] + [crop[1].start, crop[0].start]
    for vertex in (33, 263, 61, 291):
        assert np.linalg.norm(found[vertex] - MARKS[vertex]) < 0.1 * EYE_SPAN


@pytest.mark.parametrize("degrees", [*range(-180, 180, 15)])
def test_a_face_turned_in_the_image_by_any_angle(degrees: int) -> None:
    roll = registrar().register(turned(portrait(), degrees)).pose.roll
    upright = registrar().register(portrait()).pose.roll
    assert (roll - upright - degrees + 180) % 360 - 180 == pytest.approx(0, abs=3)


@pytest.mark.parametrize("degrees", [-45.0, 45.0])
def test_a_small_turned_face(degrees: float) -> None:
    photo = turned(portrait_in_frame(1200, 900, 110, at=(0.6, 0.4)), degrees)
    assert registrar().register(photo).pose.roll == pytest.approx(degrees + 3, abs=5)


def test_of_several_faces_the_largest_or_the_one_asked_for() -> None:
    photo = two_faces()
    located = registrar().locate(photo)
    widths = [face.box[2] for face in located]
    assert widths == pytest.approx([150, 70], rel=0.12)
    assert located[0].box[0] > 500
    assert located[1].box[0] < 300
    for asked, expected in ((None, 150), (0, 150), (1, 70)):
        face = registrar().register(photo, face=asked)
        assert np.ptp(face.photo_view.project(face.mesh)[:, 0]) == pytest.approx(expected, rel=0.12)


def test_a_passer_by_is_not_a_subject() -> None:
    photo = portrait_in_frame(1000, 700, 260, at=(1.0, 0.5))
    photo[100:300, 20:220] = portrait_in_frame(200, 200, 65, at=(0.5, 0.5))
    assert [face.box[2] for face in registrar().locate(photo)] == pytest.approx([260], rel=0.1)


def test_many_small_faces_are_all_located() -> None:
    """Twelve faces of a twelfth of the frame and less, none of which stands out."""
    photo = np.full((900, 1200, 3), 140, np.uint8)
    for row in range(3):
        for column in range(4):
            group = portrait_in_frame(290, 290, 80 + 6 * column, at=(0.5, 0.5))
            photo[5 + 298 * row :, 5 + 298 * column :][:290, :290] = group
    located = registrar().locate(photo)
    assert len(located) == 12
    assert registrar().register(photo).photo_view.scale == pytest.approx(
        registrar().register(photo, face=0).photo_view.scale
    )


@pytest.mark.parametrize("index", [2, 99, -1])
def test_a_face_that_is_not_there(index: int) -> None:
    with pytest.raises(FaceIndexError, match=f"Face {index} .* shows 2") as caught:
        registrar().register(two_faces(), face=index)
    assert caught.value.code == "no-such-face"
    assert isinstance(caught.value, RegistrationError)


@pytest.mark.parametrize("name", ["coffee", "brick", "moon", "page", "chelsea"])
def test_photos_without_a_face(name: str) -> None:
    """A cup, a wall, the moon, a printed page and a cat."""
    (path,) = (path for path in files("skimage.data").iterdir() if path.name.startswith(name))
    photo = decode_image(path.read_bytes()).rgb
    with pytest.raises(NoFaceError, match=f"{photo.shape[1]}x{photo.shape[0]}") as caught:
        registrar().register(photo)
    assert caught.value.code == "no-face"
    assert registrar().locate(photo) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 300, 3), (64, 64, 3)])
def test_plain_and_tiny_photos_have_no_face(shape: tuple[int, int, int]) -> None:
    with pytest.raises(NoFaceError):
        registrar().register(np.full(shape, 128, np.uint8))


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((0, 8, 3), np.uint8),
    ],
)
def test_what_is_not_a_photo_is_refused(wrong: ImageArray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        registrar().register(wrong)


def test_what_is_located() -> None:
    (face,) = registrar().locate(portrait())
    x, y, width, height = face.box
    assert x == pytest.approx(face.mesh[:, 0].min())
    assert y + height == pytest.approx(face.mesh[:, 1].max())
    assert width == pytest.approx(94, abs=4)
    assert 0.9 < face.score <= 1
    assert face.pose == registrar().register(portrait()).pose


def test_threads_get_the_same_bytes_as_one_alone() -> None:
    photos = [
        portrait(),
        np.ascontiguousarray(portrait()[:, ::-1]),
        turned(portrait(), 25),
        portrait_in_frame(700, 500, 90, at=(0.5, 0.5)),
    ]
    alone = [registrar().register(photo).image.tobytes() for photo in photos]
    with ThreadPoolExecutor(8) as pool:
        together = list(
            pool.map(lambda turn: registrar().register(photos[turn % 4]).image.tobytes(), range(32))
        )
    assert together == alone * 8


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("models.registration", ["torch", "celery", "fastapi", "sqlalchemy"]),
        ("models.images", ["torch", "cv2", "numba", "ai_edge_litert"]),
    ],
)
def test_what_an_import_does_not_load(module: str, absent: list[str]) -> None:
    program = f"import sys, {module}; print([m for m in {absent!r} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="the photos of London and Canada are not beside the repository"
)
@pytest.mark.parametrize("folder", ["london/neutral", "london/smiling", "canada"])
def test_people(folder: str) -> None:
    """Every tenth person: one face, frontal within 15 degrees, and no hole in it."""
    for path in sorted((SHARED / folder).glob("*.jpg"))[::10]:
        photo = decode_image(path.read_bytes()).rgb
        face = registrar().register(photo)
        assert max(abs(face.pose.yaw), abs(face.pose.pitch), abs(face.pose.roll)) < 20, path
        assert 0.3 < np.mean(~np.isnan(face.sampling[..., 0])) < 0.5, path
