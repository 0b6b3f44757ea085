"""Targets as they are written on a command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.facs import (
    ContradictorySidesError,
    IntensityError,
    Target,
    TargetError,
    UnknownActionUnitError,
)
from service.cli.targets import describe, parse_shown, parse_targets


def test_assignments_make_one_target_named_after_itself() -> None:
    (named,) = parse_targets(["AU12=D", "AU06=2.5"], [])
    assert named.target.as_dict() == {"AU06": 2.5, "AU12": 4.0}
    assert named.name == "AU06-2p5_AU12-4"


def test_named_targets_keep_their_names_and_order() -> None:
    targets = parse_targets([], ["smile:AU06=C, AU12=D", "neutral:", "half:AU12L=4"])
    assert [(t.name, t.target.as_dict()) for t in targets] == [
        ("smile", {"AU06": 3.0, "AU12": 4.0}),
        ("neutral", {}),
        ("half", {"AU12L": 4.0}),
    ]


def test_assignments_come_before_named_targets() -> None:
    targets = parse_targets(["AU12=E"], ["neutral:"])
    assert [t.name for t in targets] == ["AU12-5", "neutral"]


def test_a_target_of_zeros_is_called_neutral() -> None:
    (named,) = parse_targets(["AU12=0"], [])
    assert describe(named.target) == "neutral"


@pytest.mark.parametrize(
    ("assignments", "named", "error"),
    [
        ([], [], TargetError),
        (["AU12"], [], TargetError),
        (["AU12="], [], IntensityError),
        (["AU12=F"], [], IntensityError),
        (["AU12=nan"], [], IntensityError),
        (["AU99=C"], [], UnknownActionUnitError),
        (["12=C"], [], UnknownActionUnitError),
        (["AU12=C", "AU12=D"], [], TargetError),
        (["AU12=C", "AU12L=D"], [], ContradictorySidesError),
        ([], ["AU12=D"], TargetError),
        ([], ["../up:AU12=D"], TargetError),
        ([], ["a:AU12=D", "a:AU06=D"], TargetError),
        (["AU12=D"], ["AU12-4:AU12=D"], TargetError),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    assignments: list[str], named: list[str], error: type[TargetError]
) -> None:
    with pytest.raises(error):
        parse_targets(assignments, named)


def test_a_named_target_is_a_value() -> None:
    assert parse_targets([], ["a:AU12=4"]) == parse_targets([], ["a:AU12=D"])


def test_what_photos_show_is_said_of_all_or_of_one() -> None:
    images = [Path("a/me.jpg"), Path("you.png")]
    assert parse_shown([], images) == [None, None]
    assert parse_shown(["AU12=C, AU06=B"], images) == [
        Target.parse({"AU12": 3, "AU06": 2}),
        Target.parse({"AU12": 3, "AU06": 2}),
    ]
    assert parse_shown(["you.png:AU12=C"], images) == [None, Target.parse({"AU12": 3})]
    assert parse_shown(["AU04=A", "me:"], images) == [Target.parse({}), Target.parse({"AU04": 1})]


@pytest.mark.parametrize("text", ["them.jpg:AU12=C", "me.jpg:AU99=C", "AU12", "me.jpg:AU12=F"])
def test_what_cannot_be_said_is_refused(text: str) -> None:
    with pytest.raises(TargetError):
        parse_shown([text], [Path("me.jpg")])
