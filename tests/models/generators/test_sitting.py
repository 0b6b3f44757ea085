"""A person who sits to be drawn again and again."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from models.estimators.reader import Reader
from models.estimators.shipped import shipped_checkpoint
from models.expressions.shown import ShownReader
from models.generators.paste import drawing_size, paste_back
from models.generators.rig import RigGenerator
from models.generators.sitting import Sitter, seat
from models.registration.registrar import FaceIndexError
from tests.support.faces import astronaut, registrar, target
from tests.support.hidden import masked


@cache
def reader() -> ShownReader:
    return ShownReader(Reader(shipped_checkpoint("compact"), 1))


@pytest.fixture(scope="module")
def sitter() -> Sitter:
    return seat(registrar(), reader(), astronaut().photo, 0)


def test_what_hides_a_face_is_known_at_every_size() -> None:
    face = astronaut()
    mesh = face.photo_view.project(face.mesh)
    sitter = seat(registrar(), reader(), masked(face.photo, mesh, (60, 90, 150)), 0)
    whole, small = sitter.registered("photo", None), sitter.registered("face", 128)
    assert "lower-face-hidden" in whole.visibility.warnings
    assert small.visibility == whole.visibility


def test_the_whole_photo_is_drawn_as_anywhere_else(sitter: Sitter) -> None:
    face, wanted = astronaut(), target(AU04="D", AU12L=2)
    shown = reader().read([face])[0]
    drawing = RigGenerator().generate([face], wanted[None], shown[None], size=drawing_size(face))[0]
    expected = paste_back(face, drawing, wanted, shown)
    assert (sitter.drawn(RigGenerator(), wanted, "photo", None) == expected).all()
    assert (sitter.shown == shown).all()


def test_made_smaller_the_face_is_where_it_was(sitter: Sitter) -> None:
    whole, half = sitter.registered("photo", None), sitter.registered("photo", 256)
    assert half.photo.shape == (256, 256, 3)
    at = half.photo_view.project(half.mesh)[:, :2]
    # Pixel centres are at whole numbers, so half of the way from -0.5.
    expected = (whole.photo_view.project(whole.mesh)[:, :2] + 0.5) / 2 - 0.5
    assert np.abs(at - expected).max() < 0.05


def test_the_square_around_a_face_shows_the_same_pixels(sitter: Sitter) -> None:
    close = sitter.registered("face", None)
    whole = sitter.registered("photo", None)
    moved = whole.photo_view.project(whole.mesh) - close.photo_view.project(close.mesh)
    left, top = np.rint(np.median(moved[:, :2], axis=0)).astype(int)
    assert np.abs(moved[:, :2] - [left, top]).max() < 0.05
    height, width = close.photo.shape[:2]
    assert (close.photo == sitter.photo[top : top + height, left : left + width]).all()
    x, y, face_width, face_height = sitter.face.box
    assert left < x
    assert left + width > x + face_width
    assert top < y
    assert top + height > y + face_height


def test_what_is_asked_for_again_is_not_made_again(sitter: Sitter) -> None:
    first = sitter.registered("face", 200)
    assert sitter.registered("face", 200) is first
    for size in (100, 110, 120):
        sitter.registered("photo", size)
    assert sitter.registered("face", 200) is not first, "only the last three are kept"


def test_there_has_to_be_a_face_of_this_index() -> None:
    with pytest.raises(FaceIndexError, match="Face 1"):
        seat(registrar(), reader(), astronaut().photo, 1)
