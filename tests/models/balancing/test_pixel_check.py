"""Intensities found again in drawings follow those asked for, and nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest
import skimage.data

from models.balancing.pixel_check import (
    PixelCheck,
    Sighting,
    intensities_of,
    look,
    sampled,
)
from models.facs import SUPPORTED_AUS
from models.generators.rig import RigGenerator
from models.registration import load_registrar
from models.registration.face import VERTEX_COUNT, FloatArray, View
from models.registration.frontalise import frontal_view
from models.registration.poses import pose_view
from models.rig.deform import displaced
from models.rig.model import rig_model

AU12 = SUPPORTED_AUS.index("AU12")


def moved_by(au: str, gain: float, view: View) -> FloatArray:
    """How the mean face's mesh moves on the picture when an AU is drawn."""
    model = rig_model()
    gains = np.zeros((18, 2), np.float32)
    rest = displaced(model, model.neutral, gains)
    gains[SUPPORTED_AUS.index(au)] = gain
    mesh = displaced(model, model.neutral, gains)
    return (view.project(mesh) - view.project(rest))[:VERTEX_COUNT, :2]


@pytest.mark.parametrize("au", ["AU01", "AU12", "AU15", "AU26", "AU43"])
@pytest.mark.parametrize("view", [frontal_view(), pose_view(-20, 40)], ids=["front", "turned"])
def test_a_movement_of_one_au_is_that_au(au: str, view: View) -> None:
    found = intensities_of(moved_by(au, 0.8, view), view)
    assert int(found.argmax()) == SUPPORTED_AUS.index(au)
    assert found[SUPPORTED_AUS.index(au)] > 2.0
    assert np.abs(intensities_of(np.zeros((VERTEX_COUNT, 2), np.float32), view)).max() < 1e-6


def test_a_movement_of_the_whole_face_is_no_au() -> None:
    view = frontal_view()
    everywhere = np.full((VERTEX_COUNT, 2), 7.0, np.float32)
    smile = moved_by("AU12", 1.0, view)
    assert intensities_of(smile + everywhere, view) == pytest.approx(
        intensities_of(smile, view), abs=1e-3
    )


def test_drawings_of_a_real_face_are_found_again() -> None:
    registrar, rig = load_registrar(), RigGenerator()
    photo = np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]
    face = registrar.register(photo)
    check = PixelCheck()
    neutral = rig.generate([face], np.zeros((1, 18, 2), np.float32))[0]
    for intensity in (0.0, 1.0, 2.0, 3.0, 4.0, 5.0):
        target = np.full(18, np.nan, np.float32)
        target[SUPPORTED_AUS.index("AU26")] = intensity
        drawn = np.repeat(np.nan_to_num(target)[None, :, None], 2, axis=2)
        check.add(look(registrar, rig.generate([face], drawn)[0], neutral, face.view, target))
    count, correlation = check.correlations()["AU26"]
    assert count == 6
    assert correlation > 0.9
    assert list(check.correlations()) == ["AU26"]
    assert "| AU26 | 6 | " in check.as_markdown()


def test_a_drawing_without_a_face_is_counted() -> None:
    check = PixelCheck()
    blank = np.zeros((224, 224, 3), np.uint8)
    target = np.zeros(18, np.float32)
    check.add(look(load_registrar(), blank, blank, frontal_view(), target))
    assert check.missed == 1
    assert check.as_dict() == {"images": 0, "face_not_found_again": 1, "aus": {}}


def test_correlation_of_a_constant_is_undefined_and_told() -> None:
    check = PixelCheck()
    for found in (1.0, 2.0, 3.0):
        target, seen = np.zeros(18, np.float32), np.zeros(18, np.float32)
        target[AU12], seen[AU12] = 3, found
        check.add(Sighting(target, seen))
    assert math.isnan(check.correlations()["AU12"][1])
    assert check.as_dict()["aus"] == {"AU12": {"images": 3, "correlation": None}}
    assert "| AU12 | 3 | – |" in check.as_markdown()


def test_a_sample_is_the_same_however_it_is_cut() -> None:
    whole = list(sampled(0, 10_000, 10_000))
    parts = [
        index
        for start in range(0, 10_000, 137)
        for index in sampled(start, min(start + 137, 10_000), 10_000)
    ]
    assert parts == whole
    assert 500 < len(whole) <= 600
    assert list(sampled(0, 50, 50)) == list(range(50))
