"""Personal estimators: what moves, what stays, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")
import torch

from models.estimators.config import EstimatorConfig, Method
from models.estimators.estimator import CannotCompareError, Estimator
from models.estimators.faces import Batch, to_tensor
from models.estimators.objective import both_heads
from models.estimators.vgg16 import Vgg16, Vgg16Config
from models.generators.rig import RigGenerator
from models.personalisation.drawings import drawn_faces
from models.personalisation.personalise import (
    InterruptedPersonalisationError,
    personalise,
)
from models.personalisation.recipes import (
    CAREFUL,
    PAPER,
    Recipe,
    default_method,
    default_recipe,
)
from tests.support.estimators import AUS, small_estimator
from tests.support.faces import calm, registrar

QUICK = Recipe(learning_rate=1e-2, epochs=8, batch=6)


def loss(estimator: Estimator) -> float:
    """Of both heads on the person's drawings."""
    drawn = drawn_faces(calm(), RigGenerator(), estimator.aus, "compact")
    batch = Batch(
        to_tensor(drawn.images),
        torch.from_numpy(drawn.labels),
        to_tensor(drawn.neutrals),
        torch.zeros(len(drawn.images), dtype=torch.int64),
    )
    with torch.inference_mode():
        return float(both_heads(estimator.network, batch)[0])


def weights(estimator: Estimator) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in estimator.network.state_dict().items()}


@pytest.mark.parametrize("method", ["fine-tune", "both"])
def test_fine_tuning_learns_the_person_and_leaves_the_base_alone(method: Method) -> None:
    base = small_estimator()
    before = weights(base)
    done: list[int] = []
    mine = personalise(
        base,
        calm(),
        RigGenerator(),
        method,
        QUICK,
        progress=lambda step, total: done.append(total - step),
    )
    assert loss(mine) < 0.9 * loss(base)
    assert mine.config.method == method
    assert (mine.reference is not None) == (method == "both")
    assert mine.config.lineage["personalised"]["generator"] == "rig"
    assert done == list(range(15, -1, -1))  # 12 drawings in batches of 6, 8 times
    for name, value in before.items():
        assert torch.equal(value, base.network.state_dict()[name]), name
        if "running" in name or "num_batches" in name:
            assert torch.equal(value, mine.network.state_dict()[name]), name


def test_one_frame_trains_nothing() -> None:
    base = small_estimator()
    mine = personalise(base, calm(), RigGenerator(), "one-frame")
    assert mine.network is base.network
    assert mine.reference is not None
    direct = base.estimate([calm()], calm())
    np.testing.assert_allclose(
        mine.estimate([calm()]).probabilities, direct.probabilities, atol=1e-6
    )


def test_heads_alone_leave_the_trunk_as_it_is() -> None:
    base = small_estimator()
    mine = personalise(
        base, calm(), RigGenerator(), "fine-tune", replace(QUICK, epochs=1, layers="heads")
    )
    for name, value in weights(base).items():
        same = torch.equal(value, mine.network.state_dict()[name])
        assert same == name.startswith("trunk."), name


def test_an_anchor_keeps_weights_near_the_base() -> None:
    base = small_estimator()

    def moved(anchor: float) -> float:
        recipe = replace(QUICK, epochs=3, anchor=anchor)
        mine = weights(personalise(base, calm(), RigGenerator(), "fine-tune", recipe))
        return sum(
            float((mine[name] - value).float().square().sum())
            for name, value in weights(base).items()
        )

    assert moved(10.0) < 0.7 * moved(0.0)


def test_vgg16_learns_one_au_by_the_papers_recipe() -> None:
    shape = {"au_count": 1, "hidden": 8, "width": 32}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Vgg16(Vgg16Config(**shape))
    base = Estimator(EstimatorConfig("vgg16", ("AU12",), network=shape), network)
    before = weights(base)
    recipe = replace(PAPER, epochs=2, batch=6)
    mine = personalise(base, calm(), RigGenerator(), "fine-tune", recipe)
    moved = {n for n, value in before.items() if not torch.equal(value, weights(mine)[n])}
    assert "classifier.6.weight" in moved
    assert not any(name.startswith(("features.0.", "features.2.")) for name in moved)
    with pytest.raises(CannotCompareError):
        personalise(base, calm(), RigGenerator(), "one-frame")


def test_it_can_be_stopped() -> None:
    with pytest.raises(InterruptedPersonalisationError, match="after 0 of"):
        personalise(
            small_estimator(), calm(), RigGenerator(), "fine-tune", should_stop=lambda: True
        )


def test_what_does_not_fit_is_refused() -> None:
    flat = registrar().register(calm().photo, kind="2d")
    with pytest.raises(ValueError, match="3d"):
        personalise(small_estimator(), flat, RigGenerator(), "one-frame")
    with pytest.raises(ValueError, match="one-frame"):
        personalise(small_estimator(), calm(), RigGenerator(), "generic")


def test_recipes_are_what_they_are_called() -> None:
    assert (PAPER.learning_rate, PAPER.epochs, PAPER.layers) == (5e-6, 30, "all")
    assert replace(PAPER, share=0.5) == CAREFUL
    assert default_recipe("compact") == CAREFUL
    assert default_recipe("vgg16") == PAPER
    assert default_method("compact") == "one-frame"
    assert default_method("vgg16") == "fine-tune"  # it cannot compare
    assert small_estimator().aus == AUS


def test_rehearsal_brings_general_faces_into_every_batch() -> None:
    general = drawn_faces(calm(), RigGenerator(), AUS, "compact")
    recipe = replace(QUICK, epochs=1, rehearsal=0.5)
    plain = personalise(small_estimator(), calm(), RigGenerator(), "fine-tune", recipe)
    mixed = personalise(
        small_estimator(), calm(), RigGenerator(), "fine-tune", recipe, rehearsal=general
    )
    assert not torch.equal(weights(plain)["absolute.weight"], weights(mixed)["absolute.weight"])


def test_half_the_way_is_between_the_base_and_what_was_tuned() -> None:
    base = small_estimator()
    whole, half = (
        personalise(base, calm(), RigGenerator(), "fine-tune", replace(QUICK, share=share))
        for share in (1.0, 0.5)
    )
    for name, start in weights(base).items():
        if start.dtype.is_floating_point:
            middle = (start + weights(whole)[name]) / 2
            torch.testing.assert_close(weights(half)[name], middle, msg=name)
    assert not torch.equal(weights(half)["absolute.weight"], weights(base)["absolute.weight"])
