"""The loop learns, stops, goes on at the exact step, and chooses by validation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch

from models.estimators.faces import MixedBatches, PeopleBatches, to_tensor
from models.estimators.objective import both_heads
from models.estimators.ordinal import expected_intensity
from models.estimators.training import (
    Precision,
    Record,
    TrainingConfig,
    TrainingState,
    train,
)
from models.estimators.training_state import load_state, save_state
from models.fingerprint import OtherRunError
from models.metrics import icc31, mean_defined, per_column
from tests.support.estimators import bright_mouths, small_network

FACES = bright_mouths()
BATCHES = PeopleBatches(FACES, lambda images, rng: to_tensor(images), people=4, per_person=4)
CONFIG = TrainingConfig(80, 0.01, warmup=5, cosine=True, average=0.9, clip=5.0)


def agreement(network: torch.nn.Module) -> float:
    with torch.inference_mode():
        read = expected_intensity(network(to_tensor(FACES.images))).numpy()
    return mean_defined(per_column(icc31, FACES.labels, read)).value


def weights(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


def test_it_learns_to_read_brightness() -> None:
    network = small_network()
    records: list[Record] = []
    seen: list[tuple[int, int]] = []
    train(
        network,
        both_heads,
        BATCHES,
        CONFIG,
        progress=lambda done, total: seen.append((done, total)),
        log=records.append,
    )
    assert agreement(network) > 0.8
    assert seen == [(step, 80) for step in range(1, 81)]
    assert records[-1].losses["absolute"] < records[0].losses["absolute"]
    assert not network.training


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_a_stopped_run_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, precision: Precision
) -> None:
    config = replace(CONFIG, steps=12, validate_every=4, precision=precision)
    whole = small_network()
    expected = train(whole, both_heads, BATCHES, config, validate=agreement)

    kept: list[TrainingState] = []
    asked = iter(range(100))
    first = small_network()
    stopped = train(
        first,
        both_heads,
        BATCHES,
        config,
        validate=agreement,
        should_stop=lambda: next(asked) == 7,
        save=kept.append,
    )
    assert not stopped.finished
    assert kept[-1].step == 7
    save_state(tmp_path / "state.safetensors", kept[-1])
    second = small_network()
    resumed = train(
        second,
        both_heads,
        BATCHES,
        config,
        validate=agreement,
        state=load_state(tmp_path / "state.safetensors"),
    )
    assert resumed.finished
    assert (resumed.step, resumed.score) == (expected.step, expected.score)
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(second)[name]), name


def test_a_state_goes_on_with_its_own_run_alone(tmp_path: Path) -> None:
    """Other data, another split, configuration or base: people learnt from would be scored."""
    config = replace(CONFIG, steps=4)
    kept: list[TrainingState] = []
    asked = iter(range(100))
    train(
        small_network(), both_heads, BATCHES, config, save=kept.append, chosen_by=FACES,
        should_stop=lambda: next(asked) == 2,
    )  # fmt: skip
    save_state(tmp_path / "state.safetensors", kept[-1])
    state = load_state(tmp_path / "state.safetensors")
    other = replace(FACES, images=FACES.images.copy())
    other.images[-1, -1, -1, -1] ^= 1
    moved = replace(FACES, person=np.roll(FACES.person, 1))
    for told, changes in (
        ("configuration", {"config": replace(config, seed=1)}),
        ("data set to learn from", {"batches": replace(BATCHES, faces=other)}),
        ("data set to learn from", {"batches": replace(BATCHES, faces=moved)}),
        ("data set to learn from", {"batches": replace(BATCHES, seed=1)}),
        ("set of weights to start from", {"network": small_network(seed=1)}),
        ("data set to choose by", {"chosen_by": other}),
    ):
        arguments: dict[str, Any] = {
            "network": small_network(), "objective": both_heads, "batches": BATCHES,
            "config": config, "chosen_by": FACES, **changes,
        }  # fmt: skip
        with pytest.raises(OtherRunError, match=f"another {told}"):
            train(**arguments, state=state)
    with pytest.raises(OtherRunError, match="earlier version"):
        train(small_network(), both_heads, BATCHES, config, state=replace(state, fingerprint={}))
    again = train(
        small_network(), both_heads, replace(BATCHES, faces=replace(FACES)), config,
        chosen_by=FACES, state=state,
    )  # fmt: skip
    assert (again.finished, again.step) == (True, 4)


def test_the_best_validated_weights_are_kept() -> None:
    scores = iter([0.1, 0.9, 0.5, 0.4, 0.3])
    at_best: dict[str, torch.Tensor] = {}

    def validate(network: torch.nn.Module) -> float:
        score = next(scores)
        if score == 0.9:
            at_best.update(weights(network))
        return score

    network = small_network()
    config = replace(CONFIG, steps=50, validate_every=2, patience=3)
    result = train(network, both_heads, BATCHES, config, validate=validate)
    assert (result.step, result.score) == (4, 0.9)
    assert result.state.step == 10  # three validations without a better score, then the end
    for name, value in at_best.items():
        assert torch.equal(value, network.state_dict()[name]), name


def test_a_loss_that_is_no_number_ends_the_run() -> None:
    with pytest.raises(FloatingPointError, match="step 0"):
        train(
            small_network(),
            lambda network, batch: (network(batch.images).sum() * torch.nan, {}),
            BATCHES,
            CONFIG,
        )


def test_it_leaves_the_global_random_state_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    train(small_network(), both_heads, BATCHES, replace(CONFIG, steps=2))
    assert torch.equal(torch.rand(2), expected)


def test_the_rate_rises_and_falls() -> None:
    config = TrainingConfig(100, 1.0, warmup=10, cosine=True)
    rates = [config.rate(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert int(np.argmax(rates)) == 9
    assert rates[-1] < 0.001


def test_batches_follow_from_seed_and_step() -> None:
    one, again, other = BATCHES.batch(5), BATCHES.batch(5), BATCHES.batch(6)
    assert torch.equal(one.images, again.images)
    assert not torch.equal(one.images, other.images)


def test_every_face_is_beside_its_own_persons_neutral() -> None:
    batch = MixedBatches((BATCHES, BATCHES)).batch(0)
    neutrals = to_tensor(FACES.neutrals)
    images = to_tensor(FACES.images)
    for image, row in zip(batch.images, batch.neutral_of, strict=True):
        face = int((images == image).flatten(1).all(1).nonzero()[0])
        assert torch.equal(batch.neutrals[row], neutrals[FACES.person[face]])
