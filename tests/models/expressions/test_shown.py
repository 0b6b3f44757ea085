"""What a face shows already, by mesh and estimator together."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from models.estimators.reader import Reader
from models.estimators.shipped import shipped_checkpoint
from models.expressions.shown import SURE, ShownReader
from models.facs import SUPPORTED_AUS
from models.generators.paste import paste_back
from models.generators.rig import RigGenerator
from models.registration.face import RegisteredFace
from models.rig.shown import shown_expression
from tests.support.faces import astronaut, calm, photographed, registrar, target


@cache
def reader() -> ShownReader:
    return ShownReader(Reader(shipped_checkpoint("compact"), 1))


def drawn(**intensities: object) -> RegisteredFace:
    """The calm face with an expression drawn into its photo, found again."""
    wanted = target(**intensities)
    drawing = RigGenerator().generate([calm()], wanted[None])[0]
    return registrar().register(paste_back(calm(), drawing, wanted))


def test_a_smile_that_the_mesh_finds_is_the_meshs() -> None:
    [shown] = reader().read([astronaut()])
    mesh = shown_expression(astronaut())
    for au in ("AU12", "AU20", "AU25", "AU26"):
        row = SUPPORTED_AUS.index(au)
        assert shown[row].tolist() == mesh[row].tolist()
    assert shown[SUPPORTED_AUS.index("AU12")].min() > 2
    for au in ("AU04", "AU10"):
        assert not shown[SUPPORTED_AUS.index(au)].any(), "the smile's own"


@pytest.mark.parametrize("au", ["AU01", "AU02"])
def test_a_drawn_action_unit_is_found_which_the_mesh_alone_does_not(au: str) -> None:
    face, row = drawn(**{au: "E"}), SUPPORTED_AUS.index(au)
    [shown] = reader().read([face])
    assert not shown_expression(face)[row].any()
    assert shown[row].min() >= SURE[au]
    assert shown[row].max() <= 5


def test_many_faces_are_read_as_each_alone() -> None:
    together = reader().read([astronaut(), calm()])
    assert together.shape == (2, 18, 2)
    np.testing.assert_allclose(together[1], reader().read([calm()])[0], atol=1e-3)


def test_a_face_registered_in_2d_is_judged_by_its_mesh() -> None:
    flat = registrar().register(astronaut().photo, kind="2d")
    np.testing.assert_array_equal(reader().read([flat])[0], shown_expression(flat))


def test_neutral_faces_show_nothing() -> None:
    assert not reader().read(photographed("london/neutral", 16)).any()
