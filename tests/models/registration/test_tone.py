"""The colours that a face has."""

from __future__ import annotations

import numpy as np
import pytest

from models.registration.tone import face_tone, in_greys, tone_of
from tests.support.faces import astronaut, registrar, tinted


def test_a_photo_has_colours_and_its_drawings_are_left_alone() -> None:
    tone = face_tone(astronaut())
    assert tone.colourful == 1
    assert tone.applied(astronaut().image) is astronaut().image


@pytest.mark.parametrize("tint", ["grey", "sepia", "blue"])
def test_a_print_has_one_tint(tint: str) -> None:
    face = registrar().register(tinted(astronaut().photo, tint))
    tone = face_tone(face)
    assert tone.colourful == 0
    # What has the tint already keeps its pixels; red gets the tint of its brightness, 76.
    unchanged = np.abs(tone.applied(face.image).astype(int) - face.image).max(axis=2)
    assert (unchanged <= 1).mean() > 0.97
    red = tone.applied(np.full((1, 1, 3), (255, 0, 0), np.uint8))[0, 0].astype(int)
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)[None]
    prints = tinted(grey, tint)[0]
    nearest = prints[np.abs(prints @ [0.299, 0.587, 0.114] - 76).argmin()]
    assert np.abs(red - nearest).max() <= 4


def test_half_the_colours_are_between() -> None:
    """Four tenths of the colours of each pixel: neither a print nor an ordinary photo."""
    photo = astronaut().photo
    faded = (0.6 * tinted(photo, "grey") + 0.4 * photo).astype(np.uint8)
    assert 0 < face_tone(registrar().register(faded)).colourful < 1


def test_colours_beside_the_face_do_not_count() -> None:
    photo = tinted(astronaut().photo, "grey")
    photo[:60, :60] = (200, 30, 40)
    for kind in ("2d", "3d"):
        assert face_tone(registrar().register(photo, kind=kind)).colourful == 0


def test_black_stays_black() -> None:
    tone = face_tone(registrar().register(tinted(astronaut().photo, "blue")))
    assert not tone.applied(np.zeros((2, 2, 3), np.uint8)).any()


def test_too_few_pixels_tell_nothing() -> None:
    assert tone_of(np.zeros((20, 3), np.uint8)).colourful == 1


def test_prints_are_shown_to_the_network_in_greys() -> None:
    crop = np.ascontiguousarray(astronaut().image[20:180, 30:190])
    assert in_greys(crop) is crop
    assert np.ptp(in_greys(tinted(crop, "blue")), axis=2).max() == 0
