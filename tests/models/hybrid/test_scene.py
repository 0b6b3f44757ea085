"""Where corrections may fall: on what a smile moves, in an opened mouth, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from models.hybrid.scene import (
    FINE,
    MOUTH,
    PLANES,
    SIDE,
    Scene,
    changes,
    place,
    see,
    smile_change,
    window,
)
from models.registration.face import FloatArray, RegisteredFace
from models.registration.pyramid import Pyramid
from models.rig.canvas import lay_out
from models.rig.draw import Expression, express
from models.rig.model import rig_model
from models.rig.subject import measure
from tests.support.faces import astronaut, astronaut_smile, calm, target


def seen(
    face: RegisteredFace, asked: FloatArray, source: FloatArray | None = None
) -> tuple[Expression, Scene]:
    rig = rig_model()
    subject = measure(rig, face)
    expression = express(rig, subject, asked, source)
    return expression, see(rig, subject, Pyramid(face.photo), expression, asked, source, 0)


def asks(face: RegisteredFace, asked: FloatArray, source: FloatArray | None = None) -> bool:
    rig = rig_model()
    subject = measure(rig, face)
    expression = express(rig, subject, asked, source)
    return changes(rig, subject, expression, asked, source)


def test_a_smile_counts_where_it_moves_the_skin_and_nowhere_else() -> None:
    expression, scene = seen(calm(), target(AU12="D"))
    assert scene.planes.shape == (PLANES, SIDE, SIDE)
    assert scene.gates.shape == (2, SIDE, SIDE)
    rig = rig_model()
    still = np.linalg.norm(expression.moved - measure(rig, calm()).dense, axis=1) < 1e-3
    at = np.round(window().project(expression.moved)[:, :2]).astype(int)
    shown = ((at >= 0) & (at < SIDE)).all(axis=1) & still & (rig.rim > 0.2)
    assert shown.sum() > 50
    skin = scene.planes[MOUTH][at[shown, 1], at[shown, 0]] == 0
    gates = scene.gates[0][at[shown, 1], at[shown, 0]][skin]
    assert np.abs(gates).max() < 0.1
    cheek = np.round(window().project(expression.moved[[50, 280]])[:, :2]).astype(int)
    assert (scene.gates[0][cheek[:, 1], cheek[:, 0]] > 0.9).all()
    assert not scene.gates[1].any()


def test_a_smile_taken_off_opens_the_other_gate() -> None:
    scene = seen(astronaut(), target(), astronaut_smile())[1]
    assert scene.gates[1].max() > 0.5
    assert not scene.gates[0][scene.planes[MOUTH] == 0].any()


def test_one_side_of_a_smile_counts_on_that_side() -> None:
    gate = seen(calm(), target(AU12L="D"))[1].gates[0]
    left, right = gate[:, SIDE // 2 + 20 :], gate[:, : SIDE // 2 - 20]  # the subject's own
    assert left.max() > 1
    assert right.max() < 0.05


def test_gates_grow_with_intensity_and_stop() -> None:
    steps = [float(smile_change(target(AU12=level), None)[0]) for level in "ABCDE"]
    assert steps[:4] == pytest.approx([1 / 3.5, 2 / 3.5, 3 / 3.5, 4 / 3.5])
    assert steps[4] == pytest.approx(1.3)
    shown, asked = target(AU12="C"), target(AU12="A")
    assert smile_change(asked, shown) == pytest.approx(-2 / 3.5)


def test_the_network_is_asked_for_smiles_and_open_mouths_only() -> None:
    assert asks(calm(), target(AU12="A"))
    assert asks(calm(), target(AU25="D"))
    assert asks(astronaut(), target(), astronaut_smile())
    assert not asks(calm(), target())
    assert not asks(calm(), target(AU26="D"))  # no smile drops the jaw as far
    assert not asks(calm(), target(AU01="E", AU04="E", AU09="E", AU15="E", AU17="E"))
    assert not asks(astronaut(), astronaut_smile(), astronaut_smile())


def test_lips_are_fine_and_cheeks_are_not() -> None:
    expression, scene = seen(calm(), target(AU12="C"))
    lip, cheek = np.round(window().project(expression.moved[[12, 50]])[:, :2]).astype(int)
    assert scene.planes[FINE][lip[1], lip[0]] > 0.3
    assert scene.planes[FINE][cheek[1], cheek[0]] == 0


@pytest.mark.parametrize("size", [224, 448])
def test_a_correction_lands_on_the_skin_it_was_made_for(size: int) -> None:
    expression, _ = seen(calm(), target(AU12="D"))
    # A correction that says where it is: columns of the window in red, rows in green.
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    told = np.stack([x, y, np.full_like(x, 7)], axis=-1)
    view = calm().view.resized(size / 224)
    canvas = lay_out(rig_model(), expression.moved, view, size)
    placed = place(told, expression, canvas)
    vertices = expression.moved[[50, 280, 205, 425, 164]]
    at = np.round(view.project(vertices)[:, :2]).astype(int)
    found = placed[at[:, 1], at[:, 0]]
    assert found[:, :2] == pytest.approx(window().project(vertices)[:, :2], abs=0.6)
    assert found[:, 2] == pytest.approx(7, abs=0.01)
    assert not placed[:4].any()
