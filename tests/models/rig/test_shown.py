"""Reading which expression a photo shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.facs import SUPPORTED_AUS
from models.generators.paste import paste_back
from models.generators.rig import RigGenerator
from models.registration.canonical import canonical_face
from models.rig.model import rig_model
from models.rig.shown import found_in, shown_expression
from models.rig.subject import measure
from tests.support.faces import (
    astronaut,
    astronaut_smile,
    calm,
    photographed,
    registrar,
    target,
    tinted,
)


def test_the_astronaut_smiles_with_lips_apart() -> None:
    shown = dict(zip(SUPPORTED_AUS, astronaut_smile().max(axis=1).tolist(), strict=True))
    assert 2.5 < shown["AU12"] <= 5
    assert shown["AU25"] > 1
    assert {au for au, intensity in shown.items() if intensity} <= {"AU12", "AU20", "AU25", "AU26"}


def test_drawn_neutral_she_smiles_no_more_and_closes_her_mouth() -> None:
    face, neutral = astronaut(), target()
    drawing = RigGenerator().generate([face], neutral[None], astronaut_smile()[None])[0]
    photo = paste_back(face, drawing, neutral, astronaut_smile())
    again = registrar().register(photo)
    assert not shown_expression(again).any()
    assert measure(rig_model(), face).open_mouth == 1
    assert measure(rig_model(), again).open_mouth == 0
    lips = rig_model().lips
    assert lips.gaps(again.mesh).max() < 0.4 * lips.gaps(face.mesh).max()


@pytest.mark.parametrize("aus", [{"AU25": "E"}, {"AU25": "E", "AU26": "E"}])
def test_parted_lips_are_read_without_a_smile(aus: dict[str, str]) -> None:
    wanted = target(**aus)
    drawing = RigGenerator().generate([calm()], wanted[None])[0]
    shown = shown_expression(registrar().register(paste_back(calm(), drawing, wanted)))
    read = {au for au, sides in zip(SUPPORTED_AUS, shown, strict=True) if sides.any()}
    assert "AU25" in read
    assert read <= {"AU25", "AU26"}


TINTS = ["grey", "sepia", "blue"]


@pytest.mark.parametrize("tint", TINTS)
def test_shut_lips_are_shut_without_colours_and_teeth_are_seen(tint: str) -> None:
    shut = registrar().register(tinted(calm().photo, tint))
    assert found_in(shown_expression(shut)) == {}
    smiling = found_in(shown_expression(registrar().register(tinted(astronaut().photo, tint))))
    assert smiling["AU25"] >= 1
    assert smiling["AU12"] > 2


@pytest.mark.parametrize("tint", TINTS)
def test_full_lips_are_no_teeth(tint: str) -> None:
    """On full lips the mesh's inner contours lie apart although the mouth is shut."""
    shut = registrar().register(tinted(calm().photo, tint))
    lips = canonical_face().inner_lips
    mesh = shut.mesh.copy()
    for contour, way in ((lips.upper, -1), (lips.lower, 1)):
        mesh[list(contour[2:-2]), 1] += way * 0.03
    assert rig_model().lips.gaps(rig_model().dense.refine(mesh))[3:-3].mean() > 0.05
    full = replace(shut, mesh=mesh)
    assert measure(rig_model(), full).open_mouth == 0
    assert "AU25" not in found_in(shown_expression(full))


@pytest.mark.parametrize("tint", TINTS)
def test_neutral_photos_of_one_tint_read_nothing(tint: str) -> None:
    for folder in ("london/neutral", "canada"):
        for face in photographed(folder, 8):
            again = registrar().register(tinted(face.photo, tint))
            assert not shown_expression(again).any()


def test_what_was_found_names_aus_that_show() -> None:
    assert found_in(target()) == {}
    assert found_in(target(AU12="D", AU25L="B")) == {"AU12": 4.0, "AU25": 2.0}


def test_neutral_faces_read_nothing() -> None:
    for folder in ("london/neutral", "canada"):
        for face in photographed(folder, 12):
            assert not shown_expression(face).any()


def test_most_real_smiles_are_read() -> None:
    smile = SUPPORTED_AUS.index("AU12")
    read = [shown_expression(face)[smile].max() for face in photographed("london/smiling", 16)]
    assert np.count_nonzero(read) > len(read) / 2
