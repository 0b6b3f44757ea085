"""Blendshapes read from the refined mesh."""

from __future__ import annotations

import numpy as np
import pytest

from models.estimators.blendshapes import (
    BLENDSHAPES,
    TEACHERS,
    BlendshapeReader,
    as_action_units,
    load_blendshape_reader,
)
from models.facs import SUPPORTED_AUS
from models.generators.paste import paste_back
from models.generators.rig import RigGenerator
from models.registration.face import FloatArray, ImageArray
from models.registration.refined import load_refined_finder
from tests.support.faces import astronaut, calm, registrar, target


def coefficients(photo: ImageArray, reader: BlendshapeReader) -> FloatArray:
    mesh = registrar().locate(photo)[0].mesh
    return reader.read(load_refined_finder().refine(photo, mesh).points)


def test_a_smile_and_a_calm_face_are_told_apart() -> None:
    """The portrait smiles with its teeth showing; with the smile drawn off it does not."""
    reader = load_blendshape_reader()
    smiling, neutral = (coefficients(face.photo, reader) for face in (astronaut(), calm()))
    assert smiling.shape == (52,)
    assert float(smiling.min()) >= 0
    assert float(smiling.max()) <= 1
    for name in ("mouthSmileLeft", "mouthSmileRight"):
        assert smiling[BLENDSHAPES.index(name)] > 0.5
        assert neutral[BLENDSHAPES.index(name)] < 0.3


@pytest.mark.parametrize("au", ["AU01", "AU02", "AU12", "AU17", "AU43"])
def test_a_drawn_action_unit_raises_its_own_blendshapes(au: str) -> None:
    reader, wanted = load_blendshape_reader(), target(**{au: "E"})
    drawing = RigGenerator().generate([calm()], wanted[None])[0]
    before = as_action_units(coefficients(calm().photo, reader))
    after = as_action_units(coefficients(paste_back(calm(), drawing, wanted), reader))
    assert after[au] - before[au] > 0.15


def test_left_and_right_are_the_subjects_own() -> None:
    reader, wanted = load_blendshape_reader(), target(AU43L="E")
    drawing = RigGenerator().generate([calm()], wanted[None])[0]
    read = coefficients(paste_back(calm(), drawing, wanted), reader)
    left, right = (BLENDSHAPES.index(f"eyeBlink{side}") for side in ("Left", "Right"))
    assert read[left] > read[right] + 0.1


def test_names_are_known() -> None:
    assert len(set(BLENDSHAPES)) == 52
    assert set(TEACHERS) <= set(SUPPORTED_AUS)
    assert {name for names in TEACHERS.values() for name in names} <= set(BLENDSHAPES)


def test_other_points_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(478, 2 or 3\) points"):
        load_blendshape_reader().read(np.zeros((468, 3), np.float32))
