"""The correction that ships: whole, held out from whom it says, and of use on strangers."""

from __future__ import annotations

import numpy as np
import pytest

from models.assets import WEIGHTS
from models.generators.hybrid import HybridGenerator
from models.generators.registry import load_generator
from models.generators.rig import RigGenerator
from models.hybrid.config import HybridConfig
from models.hybrid.corrector import shipped_checkpoint
from models.hybrid.graph import checked_weights
from tests.support.faces import PHOTOS, calm, target


def lineage() -> dict[str, list[str]]:
    config = HybridConfig.parse(shipped_checkpoint().config)
    return {name: config.lineage[name] for name in ("learnt from", "held out")}


def test_it_is_whole_and_small() -> None:
    checked_weights(shipped_checkpoint())
    assert sum(path.stat().st_size for path in (WEIGHTS / "hybrid").iterdir()) < 4_000_000
    assert isinstance(load_generator("hybrid"), HybridGenerator)


def test_people_held_out_are_named_and_were_not_learnt_from() -> None:
    people = lineage()
    assert len(people["held out"]) == 24
    assert not set(people["held out"]) & set(people["learnt from"])


def test_people_held_out_are_those_whom_the_estimator_has_not_seen_either() -> None:
    from scripts.train_compact.people import split_people

    if not PHOTOS.exists():
        pytest.skip("photos of people held out are not beside the repository")
    tested = {one.name for one in split_people(PHOTOS) if one.split == "test"}
    assert set(lineage()["held out"]) == tested


def test_teeth_are_lighter_than_the_rigs_and_skin_about_the_same() -> None:
    smile = target(AU06="C", AU12="D", AU25="D")[None]
    rig = RigGenerator().generate([calm()], smile)[0].astype(np.float32)
    hybrid = load_generator("hybrid").generate([calm()], smile)[0].astype(np.float32)
    lips = calm().view.project(calm().mesh[[13, 14]])[:, :2].mean(axis=0).round().astype(int)
    mouth = (slice(lips[1] - 1, lips[1] + 3), slice(lips[0] - 6, lips[0] + 7))
    assert hybrid[mouth].mean() > rig[mouth].mean() + 5
    assert np.abs(hybrid - rig)[rig.any(axis=2)].mean() < 8
