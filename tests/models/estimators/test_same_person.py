"""The check tells people apart by shape, whatever their expression."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.estimators.same_person import OtherPersonError, fit_person_model, person_model
from models.generators.rig import RigGenerator
from models.registration.canonical import canonical_face
from tests.support.faces import astronaut, calm, photographed, registrar, target


def test_a_fitted_model_tells_made_up_people_apart() -> None:
    rng = np.random.default_rng(0)
    base = canonical_face().mesh
    # people differ everywhere, expressions only below the nose
    low = base[:, 1] > base[2, 1]
    people = np.asarray(base + rng.normal(0, 0.05, (40, *base.shape)), np.float32)
    change = rng.normal(0, 0.1, people.shape) * low[None, :, None]
    moved = np.asarray(people + change, np.float32)
    model = fit_person_model(people[:30], (people[:30], moved[:30]), 60, 8)
    assert not low[model.coordinates // 3].any()
    own = model.signature(people[30:])
    later = model.signature(moved[30:])
    apart = np.linalg.norm(own[:, None] - later[None], axis=-1)
    assert np.diag(apart).max() < apart[~np.eye(10, dtype=bool)].min()


def test_the_shipped_model_knows_a_face_at_rest_and_drawn() -> None:
    face = astronaut()
    drawing = RigGenerator().generate([calm()], target(AU04="D", AU15="C")[None])[0]
    assert person_model().check(face, calm()) >= 0
    assert person_model().check(calm(), registrar().register(drawing)) >= 0
    assert person_model().distance(face, face) == 0


def test_the_shipped_model_refuses_most_others_and_no_smile_of_ones_own() -> None:
    neutral, smiling = photographed("london/neutral", 8), photographed("london/smiling", 8)
    refused = 0
    for row, face in enumerate(neutral):
        for column, other in enumerate(smiling):
            if row == column:
                assert person_model().check(face, other) > 0
                continue
            refused += person_model().distance(face, other) > person_model().limit
    assert refused > 0.7 * 8 * 7


def test_the_limit_decides() -> None:
    strict = replace(person_model(), limit=0.01)
    with pytest.raises(OtherPersonError, match="shape") as refused:
        strict.check(astronaut(), calm())
    assert refused.value.distance > refused.value.limit == 0.01
    with pytest.raises(ValueError, match="468"):
        strict.signature(np.zeros((1, 68, 3), np.float32))
