"""The recogniser tells people apart, whatever their expression."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError

from models.assets import AssetError
from models.generators.paste import paste_back
from models.generators.rig import RigGenerator
from models.identity import same_person
from models.identity.chip import face_chip
from models.identity.network import LENGTH, SIDE, Tensors, convolution
from models.identity.recogniser import Recogniser, recogniser
from models.identity.same_person import LIMIT, OtherPersonError, check_same_person, distance
from models.registration.canonical import canonical_face
from models.registration.face import Pose, RegisteredFace
from models.shipped import load_shipped
from tests.models.registration.heads import KnownHead, canonical_head, turned
from tests.support.faces import astronaut, calm, photographed, registrar, target


def average_face() -> RegisteredFace:
    """The mean of 108 people, who is nobody."""
    head: KnownHead = canonical_head()
    return registrar().register(head.seen(Pose(0, 0, 0)))


def test_a_face_is_its_own_at_rest_drawn_and_turned() -> None:
    wanted = target(AU04="D", AU15="C", AU43="E")
    drawing = RigGenerator().generate([calm()], wanted[None])[0]
    drawn = registrar().register(paste_back(calm(), drawing, wanted))
    tilted = registrar().register(turned(astronaut().photo, 20.0))
    for other in (calm(), drawn, tilted):
        assert 0 < check_same_person(astronaut(), other) < LIMIT
    assert check_same_person(astronaut(), astronaut()) == pytest.approx(0, abs=1e-5)


def test_others_are_refused_with_how_far_they_are() -> None:
    with pytest.raises(OtherPersonError, match="does not look like the person") as refused:
        check_same_person(astronaut(), average_face())
    assert refused.value.distance > refused.value.limit == LIMIT


def test_strangers_are_refused_and_no_smile_of_ones_own() -> None:
    neutral = recogniser().describe(photographed("london/neutral", 8))
    smiling = recogniser().describe(photographed("london/smiling", 8))
    apart = np.linalg.norm(neutral[:, None] - smiling[None], axis=-1)
    own = np.eye(8, dtype=bool)
    assert apart[own].max() < LIMIT < apart[~own].min()


def test_the_limit_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same_person, "LIMIT", 0.01)
    with pytest.raises(OtherPersonError):
        check_same_person(astronaut(), calm())


def test_descriptors_do_not_depend_on_their_company() -> None:
    both = recogniser().describe([astronaut(), calm()])
    alone = recogniser().describe([calm()])
    assert both.shape == (2, LENGTH)
    assert both[1] == pytest.approx(alone[0], abs=1e-6)
    assert recogniser().describe([]).shape == (0, LENGTH)


def test_a_mirrored_face_is_described_alike() -> None:
    chip = face_chip(astronaut(), SIDE)
    one, other = recogniser().describe_chips(np.stack([chip, chip[:, ::-1]]))
    assert distance(one, other) < 1e-4


def test_a_chip_is_upright_with_eyes_where_dlib_has_them() -> None:
    """Eyes 53 of 150 pixels apart, 47 from the top, whatever the photo's turn."""
    for photo in (astronaut().photo, turned(astronaut().photo, -35.0)):
        face = registrar().register(photo)
        chip = face_chip(face, SIDE)
        again = registrar().register(np.pad(chip, ((60, 60), (60, 60), (0, 0)), mode="edge"))
        eyes = again.photo_view.project(canonical_face().mesh)[[33, 133, 362, 263], :2] - 60
        right, left = eyes[:2].mean(axis=0), eyes[2:].mean(axis=0)
        assert left[0] - right[0] == pytest.approx(52.6, abs=4)
        assert (left[1] + right[1]) / 2 == pytest.approx(46.7, abs=5)
        assert abs(left[1] - right[1]) < 3


def test_eight_bit_weights_are_unpacked() -> None:
    """Stored 0 is the least, 255 the largest value; the gain multiplies each filter."""
    tensors: Tensors = {
        "one.filters": np.array([[[[0]]], [[[255]]]], np.uint8),
        "one.range": np.array([-1.0, 0.01], np.float32),
        "one.gain": np.array([2.0, 3.0], np.float32),
        "one.bias": np.array([0.5, 0.25], np.float32),
    }
    weight, bias = convolution(tensors, "one")
    assert weight.ravel() == pytest.approx([-2.0, 3 * 1.55])
    assert bias.tolist() == [0.5, 0.25]


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AssetError):
        load_shipped("identity.safetensors", tmp_path)
    with pytest.raises(SafetensorError):
        Recogniser(b"not weights")
