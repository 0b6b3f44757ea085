"""Pictures of the cast: told apart, the same every time, seen from the side that was asked for."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import pytest

from models.characters.cast import CAST
from models.characters.render import RenderError, Shot, View, render, render_all
from models.estimators.reader import Reader
from models.estimators.shipped import shipped_checkpoint
from models.facs import SUPPORTED_AUS, Target
from models.registration import load_registrar


def shot(
    name: str = "juno", target: Mapping[str, float] | None = None, view: View | None = None
) -> Shot:
    return Shot(CAST[name], Target.parse(target or {}).array(), view or View())


def difference(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first.astype(int) - second.astype(int)).mean())


def test_the_same_shot_makes_the_same_bytes() -> None:
    first = render(shot(target={"AU12": 4}), 128)
    assert first.shape == (128, 128, 3)
    assert first.dtype == np.uint8
    assert first.tobytes() == render(shot(target={"AU12": 4}), 128).tobytes()
    assert render_all([shot(target={"AU12": 4}), shot()], 128)[0].tobytes() == first.tobytes()
    assert render_all([], 128).shape == (0, 128, 128, 3)


def test_there_are_six_or_more_and_they_are_told_apart() -> None:
    pictures = {name: render(shot(name), 64) for name in CAST}
    assert len(pictures) >= 6
    for one, other in itertools.combinations(pictures, 2):
        assert difference(pictures[one], pictures[other]) > 10, (one, other)


@pytest.mark.parametrize("name", CAST)
def test_every_au_shows_on_everybody(name: str) -> None:
    still = render(shot(name), 160)
    for au in SUPPORTED_AUS:
        at_c, at_e = (
            difference(render(shot(name, {au: level}), 160), still) for level in (3.0, 5.0)
        )
        assert at_e > 0.25, (name, au, at_e)
        assert at_e > at_c > 0.1, (name, au)


@pytest.mark.parametrize(("yaw", "pitch"), [(25, 0), (-25, 0), (0, 18), (0, -18)])
def test_heads_turn_as_registration_reads_them(yaw: float, pitch: float) -> None:
    """The signs are those of faces in photos."""
    found = load_registrar().locate(render(shot("rory", view=View(yaw=yaw, pitch=pitch)), 480))
    assert len(found) == 1
    straight = load_registrar().locate(render(shot("rory"), 480))[0].pose
    assert found[0].pose.yaw - straight.yaw == pytest.approx(yaw, abs=8)
    assert found[0].pose.pitch - straight.pitch == pytest.approx(pitch, abs=9)


def test_a_drawn_smile_is_read_as_one() -> None:
    """By an estimator that has never seen a character."""
    reader, registrar = Reader(shipped_checkpoint("compact"), threads=1), load_registrar()
    faces = np.stack(
        [
            registrar.register(render(shot("rory", {"AU12": level, "AU06": level}), 480)).image
            for level in (0.0, 5.0)
        ]
    )
    neutral, smile = reader.estimate(faces).column("AU12")
    assert smile > neutral + 1


@pytest.mark.parametrize(
    ("view", "side", "said"),
    [
        (View(), 63, "64 to 1,024 pixels"),
        (View(), 1025, "64 to 1,024 pixels"),
        (View(yaw=91), 128, "up to 90 degrees"),
        (View(roll=181), 128, "rolls by up to 180"),
        (View(gaze=(0, 31)), 128, "up to 30 degrees"),
    ],
)
def test_what_is_out_of_range_is_refused(view: View, side: int, said: str) -> None:
    with pytest.raises(RenderError, match=said):
        render(shot(view=view), side)
