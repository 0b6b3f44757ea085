"""Benchmarks judge nothing on people that it has seen."""

from __future__ import annotations

import pytest

from benchmarks.unseen import SeenPeopleError, insist_unseen, seen, unseen
from models.hybrid.corrector import shipped_checkpoint

LINEAGE = {"learnt from": ["london-001", "london-002"], "chosen by": ["london-010"]}


def test_who_taught_and_who_chose_has_been_seen() -> None:
    assert seen(LINEAGE) == {"london-001", "london-002", "london-010"}
    assert unseen(["london-010", "london-014", "london-001"], LINEAGE) == ["london-014"]
    insist_unseen(["london-014"], LINEAGE)
    with pytest.raises(SeenPeopleError, match="london-002, london-010"):
        insist_unseen(["london-014", "london-010", "london-002"], LINEAGE)


def test_the_weights_that_ship_say_whom_they_have_seen() -> None:
    lineage = shipped_checkpoint().config["lineage"]
    assert len(seen(lineage)) > 30
    insist_unseen(lineage["held out"], lineage)
