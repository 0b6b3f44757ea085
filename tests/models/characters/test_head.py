"""The head that characters share: action units, sides, gaze and identity move what they should."""

from __future__ import annotations

import numpy as np
import pytest

from models.characters.head import Head, Part, Size, load_head
from models.facs import SUPPORTED_AUS, Target


def _posed(head: Head, target: dict[str, float], gaze: tuple[float, float] = (0, 0)) -> np.ndarray:
    return head.posed(head.rest, Target.parse(target).array(), gaze)


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head("full")


@pytest.mark.parametrize(
    ("size", "least", "most"),
    [("small", 2500, 4000), ("medium", 7000, 9000), ("full", 24000, 25000)],
)
def test_sizes_are_of_one_head(size: Size, least: int, most: int) -> None:
    found = load_head(size)
    assert least < len(found.rest) < most
    assert found.triangles.max() == len(found.rest) - 1
    assert set(found.part) == {int(part) for part in Part}
    assert np.allclose(found.rest.mean(axis=0), load_head("full").rest.mean(axis=0), atol=0.35)
    assert found.au.shape == (18, len(found.rest), 3)


@pytest.mark.parametrize("au", SUPPORTED_AUS)
def test_every_au_moves_skin_and_grows(head: Head, au: str) -> None:
    rest = _posed(head, {})
    skin = head.part == Part.FACE
    at_c, at_e = (np.abs(_posed(head, {au: level}) - rest)[skin].max() for level in (3.0, 5.0))
    assert at_e > 0.03, "three hundredths of the distance of the eyes"
    assert at_c == pytest.approx(0.6 * at_e, rel=1e-3)


def test_a_sided_au_moves_its_own_side(head: Head) -> None:
    """The subject's left is on the right in the picture, where x is positive."""
    apart = np.linalg.norm(_posed(head, {"AU12L": 5.0}) - head.rest, axis=1)
    skin = head.part == Part.FACE
    left, right = apart[skin & (head.rest[:, 0] > 0.3)], apart[skin & (head.rest[:, 0] < -0.3)]
    assert left.max() > 0.1
    assert right.max() < 1e-6
    both = _posed(head, {"AU12L": 5.0, "AU12R": 5.0})
    assert np.allclose(both, _posed(head, {"AU12": 5.0}), atol=1e-6)


def test_lips_part_jaws_drop_and_brows_rise(head: Head) -> None:
    lips = head.lip > 0.9

    def opening(target: dict[str, float]) -> float:
        posed = _posed(head, target)
        middle = lips & (np.abs(head.rest[:, 0]) < 0.05)
        return float(np.ptp(posed[middle, 1]))

    assert opening({"AU26": 5}) > opening({"AU25": 5}) > opening({}) + 0.05
    brow = (head.part == Part.FACE) & (np.abs(head.rest[:, 1] + 0.8) < 0.1)
    brow &= np.abs(head.rest[:, 0]) < 0.3
    rise = (_posed(head, {"AU01": 5}) - head.rest)[brow, 1].mean()
    fall = (_posed(head, {"AU04": 5}) - head.rest)[brow, 1].mean()
    assert rise < -0.05 < 0.02 < fall, "y points down"


def test_eyes_look_where_they_are_told(head: Head) -> None:
    ball = head.eye(Part.LEFT_EYE)
    front = ball & (head.rest[:, 2] < np.percentile(head.rest[ball, 2], 5))

    def axis(gaze: tuple[float, float]) -> np.ndarray:
        posed = _posed(head, {}, gaze)
        return np.asarray(posed[front].mean(axis=0) - posed[ball].mean(axis=0))

    ahead = axis((0, 0))
    assert axis((20, 0))[0] > ahead[0] + 0.05, "to the subject's left is to the right here"
    assert axis((0, 20))[1] < ahead[1] - 0.05, "up"
    turned = axis((20, 0))
    angle = np.degrees(np.arctan2(turned[0], -turned[2]) - np.arctan2(ahead[0], -ahead[2]))
    assert angle == pytest.approx(20, abs=1.5)


def test_identity_makes_other_people(head: Head) -> None:
    one, other = head.shaped([(0, 1.0)]), head.shaped([(1, -1.0)])
    assert np.abs(one - head.rest).max() > 0.1
    assert np.abs(one - other).max() > 0.1


def test_another_shape_is_refused(head: Head) -> None:
    with pytest.raises(ValueError, match="expected intensities"):
        head.posed(head.rest, np.zeros(18, np.float32))
