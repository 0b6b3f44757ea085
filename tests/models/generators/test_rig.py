"""The rig behind the protocol that all generators follow."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.facs import Target, targets_array
from models.generators.base import Generator, check_request
from models.generators.paste import paste_back
from models.generators.registry import (
    UnknownGeneratorError,
    available,
    load_generator,
)
from models.registration.face import RegisteredFace
from tests.support.faces import astronaut, astronaut_smile, calm, registrar, target, tinted

TARGETS = targets_array(
    Target.parse(intensities)
    for intensities in ({"AU12": "D", "AU25": "C"}, {"AU26": "E"}, {"AU04": "E", "AU09": "B"})
)


@pytest.fixture
def rig() -> Generator:
    return load_generator("rig")


def copy() -> RegisteredFace:
    """The same face registered anew: nothing remembered of the first can help."""
    return registrar().register(astronaut().photo.copy())


def test_generators_are_known_by_their_names() -> None:
    assert all(load_generator(name).name == name for name in available())


def test_unknown_names_are_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownGeneratorError, match=r"'puppet'.*rig"):
        load_generator("puppet")


def test_the_same_request_gives_the_same_bytes(rig: Generator) -> None:
    sources = np.stack([astronaut_smile()] * 3)
    one = rig.generate([astronaut()] * 3, TARGETS, sources, seeds=[3, 4, 5])
    other = load_generator("rig").generate([copy()] * 3, TARGETS, sources, seeds=[3, 4, 5])
    assert one.tobytes() == other.tobytes()


def test_another_seed_gives_other_teeth(rig: Generator) -> None:
    one, other = (rig.generate([calm()], TARGETS[1:2], seeds=[seed]) for seed in (0, 1))
    assert not np.array_equal(one, other)


def test_a_batch_is_its_singles(rig: Generator) -> None:
    faces = [astronaut(), copy(), registrar().register(astronaut().photo, kind="2d")]
    batch = rig.generate(faces, TARGETS, seeds=[0, 1, 2])
    assert batch.shape == (3, 224, 224, 3)
    assert batch.dtype == np.uint8
    for index, face in enumerate(faces):
        row = slice(index, index + 1)
        assert np.array_equal(batch[row], rig.generate([face], TARGETS[row], seeds=[index]))


def test_a_drawing_in_2d_keeps_what_surrounds_the_face(rig: Generator) -> None:
    face = registrar().register(astronaut().photo, kind="2d")
    nothing, opened = target()[None], target(AU26="E")[None]
    assert np.abs(rig.generate([face], nothing)[0].astype(int) - face.image).max() <= 2
    drawn = rig.generate([face], opened)[0].astype(int)
    wall = np.s_[100:120, 208:220]
    assert np.abs(drawn[wall] - face.image[wall]).max() <= 2
    mouth = face.view.project(face.mesh)[14, :2].astype(int)  # below the lower lip
    below = np.s_[mouth[1] : mouth[1] + 20, mouth[0] - 10 : mouth[0] + 10]
    assert np.abs(drawn[below] - face.image[below]).mean() > 20
    larger = rig.generate([face], opened, size=448)[0]
    reduced = cv2.resize(larger, (224, 224), interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(reduced - drawn).mean() < 3


@pytest.mark.parametrize("name", available())
def test_a_grey_photo_stays_grey(name: str) -> None:
    grey = registrar().register(tinted(astronaut().photo, "grey"))
    wanted = targets_array([Target.parse({"AU12": "D", "AU25": "D", "AU26": "D"})])
    drawing = load_generator(name).generate([grey], wanted, size=300)[0]
    assert np.ptp(drawing, axis=2).max() == 0
    coloured = load_generator(name).generate([copy()], wanted, size=300)[0]
    assert np.ptp(coloured, axis=2).max() > 20
    assert np.ptp(paste_back(grey, drawing, wanted[0]), axis=2).max() <= 1


@pytest.mark.parametrize("tint", ["sepia", "blue"])
def test_a_mouth_has_the_tint_of_its_face(rig: Generator, tint: str) -> None:
    """Colours of the drawing are a function of brightness, and it is the photo's."""
    face = registrar().register(tinted(astronaut().photo, tint))
    wanted = targets_array([Target.parse({"AU26": "E", "AU25": "E", "AU06": "D"})])
    drawing = rig.generate([face], wanted, size=300)[0]
    shown = drawing[drawing.any(axis=2)]
    level = np.round(shown @ [0.299, 0.587, 0.114]).astype(int)
    hue = shown[:, 0].astype(int) - shown[:, 2]
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    print_of_grey = tinted(grey[None], tint)[0].astype(int)
    luminance = print_of_grey @ [0.299, 0.587, 0.114]
    expected = np.interp(level, luminance, print_of_grey[:, 0] - print_of_grey[:, 2])
    # Darker or brighter than all of the face its tint is not known, and fades.
    face_levels = face.image[face.image.any(axis=2)] @ [0.299, 0.587, 0.114]
    low, high = np.quantile(face_levels, [0.06, 0.98])
    off = np.abs(hue - expected)[(level > low) & (level < high)]
    assert np.quantile(off, 0.99) <= 8
    untinted = rig.generate([astronaut()], wanted, size=300)[0]
    mouth = untinted[untinted.any(axis=2)]
    assert np.quantile(mouth[:, 0].astype(int) - mouth[:, 2], 0.95) > 60


def test_a_signature_in_colours_does_not_colour_a_grey_face(rig: Generator) -> None:
    photo = tinted(astronaut().photo, "grey")
    photo[-60:, -200:] = (200, 30, 40)
    wanted = targets_array([Target.parse({"AU26": "E", "AU25": "E"})])
    face = registrar().register(photo)
    assert np.ptp(rig.generate([face], wanted)[0], axis=2).max() == 0


def test_no_faces_give_no_drawings(rig: Generator) -> None:
    assert rig.generate([], targets_array([])).shape == (0, 224, 224, 3)


def test_a_source_changes_the_drawing(rig: Generator) -> None:
    neutral = target()[None]
    kept = rig.generate([astronaut()], neutral)
    taken_off = rig.generate([astronaut()], neutral, astronaut_smile()[None])
    assert np.abs(kept.astype(np.float32) - taken_off).mean() > 0.5


@pytest.mark.parametrize(
    ("targets", "sources", "seeds", "size", "complaint"),
    [
        (np.zeros((2, 18, 2), np.float32), None, None, 224, "targets must be"),
        (np.zeros((1, 17, 2), np.float32), None, None, 224, "targets must be"),
        (np.zeros((1, 18), np.float32), None, None, 224, "targets must be"),
        (TARGETS[:1], np.zeros((18, 2), np.float32), None, 224, "sources must be"),
        (TARGETS[:1], None, [1, 2], 224, "seeds"),
        (TARGETS[:1], None, None, 0, "size"),
    ],
)
def test_shapes_that_disagree_are_refused(
    rig: Generator,
    targets: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    sources: np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None,
    seeds: list[int] | None,
    size: int,
    complaint: str,
) -> None:
    with pytest.raises(ValueError, match=complaint):
        rig.generate([astronaut()], targets, sources, seeds=seeds, size=size)
    with pytest.raises(ValueError, match=complaint):
        check_request(1, targets, sources, seeds, size)
