"""Kept faces register as the whole photo does, without being looked for again."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from PIL import Image

from models.registration import load_registrar
from models.registration.face import ImageArray, RegistrationKind
from models.registration.kept import KeptFaceError, keep_face, registered_face
from models.registration.registrar import NoFaceError, Registrar


@pytest.fixture(scope="module")
def registrar() -> Registrar:
    return load_registrar()


@pytest.fixture(scope="module")
def photo() -> ImageArray:
    return np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("kind", ["3d", "2d"])
def test_it_looks_like_the_face_in_the_whole_photo(
    registrar: Registrar, photo: ImageArray, kind: RegistrationKind
) -> None:
    kept = registered_face(keep_face(registrar, photo), kind)
    whole = registrar.register(photo, kind=kind)
    assert kept.kind == kind
    assert np.abs(kept.mesh - whole.mesh).max() < 0.02
    shown = kept.image.any(axis=2) & whole.image.any(axis=2)
    assert shown.mean() > 0.9 * whole.image.any(axis=2).mean()
    assert np.abs(kept.image[shown].astype(int) - whole.image[shown]).mean() < 3


def test_large_faces_are_kept_at_twice_the_size_they_are_drawn(
    registrar: Registrar, photo: ImageArray
) -> None:
    large = np.asarray(Image.fromarray(photo).crop((100, 0, 350, 250)).resize((2000, 2000)))
    data = keep_face(registrar, large)
    kept = registered_face(data, "3d")
    assert 2 * kept.view.scale * 0.85 < kept.photo_view.scale < 2 * kept.view.scale * 1.15
    assert len(data) < 200_000
    whole = registrar.register(large, kind="3d")
    assert np.abs(kept.mesh - whole.mesh).max() < 0.02


def test_the_same_photo_keeps_the_same_bytes(registrar: Registrar, photo: ImageArray) -> None:
    assert keep_face(registrar, photo) == keep_face(registrar, photo)


def test_no_face_is_an_error(registrar: Registrar) -> None:
    with pytest.raises(NoFaceError):
        keep_face(registrar, np.full((200, 200, 3), 128, np.uint8))


@pytest.mark.parametrize("data", [b"", b"FKF1", bytes(9_000), b"FKF1" + bytes(6_000)])
def test_other_bytes_are_no_kept_face(data: bytes) -> None:
    with pytest.raises(KeptFaceError):
        registered_face(data, "3d")
