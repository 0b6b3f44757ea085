"""The loop of estimators against a second writing of it, and what `fit` puts together."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch
from torch.nn import functional

from models.estimators.compact import Compact
from models.estimators.dataset_faces import DatasetFaces
from models.estimators.estimates import Estimates
from models.estimators.faces import Batch, LabelledFaces, PeopleBatches, to_tensor
from models.estimators.fit import COMPACT, FitConfig, fit, normalised
from models.estimators.training import Record, TrainingConfig, TrainingState, train
from models.metrics import icc31
from models.normalisation.au0 import difference
from tests.support.estimators import AUS, SMALL, bright_mouths, small_estimator

FACES = bright_mouths()
SHAPE = replace(SMALL, dropout=0.0)
BATCHES = PeopleBatches(FACES, lambda images, rng: to_tensor(images), people=4, per_person=2)
CONFIG = TrainingConfig(
    12, 3e-3, warmup=3, cosine=True, decoupled_decay=0.1, average=0.9, clip=1.0, validate_every=6
)
Weights = dict[str, torch.Tensor]


def fresh(seed: int = 0) -> Compact:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Compact(SHAPE)


def same(network: torch.nn.Module) -> Weights:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def brightness(network: torch.nn.Module, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
    """A loss of its own, so that the loop alone is compared."""
    logits = network(batch.images)
    return functional.mse_loss(logits.mean(dim=2), batch.labels), {}


def by_hand() -> tuple[Weights, Weights, list[Weights]]:
    """The weights, their running mean, and that mean at each validation."""
    network = fresh()
    network.train()
    adam = torch.optim.AdamW(network.parameters(), lr=0.0, weight_decay=0.1)
    average, validated = same(network), []
    for step in range(12):
        rising = min(1.0, (step + 1) / 3)
        adam.param_groups[0]["lr"] = 3e-3 * rising * (1 + math.cos(math.pi * step / 12)) / 2
        loss, _ = brightness(network, BATCHES.batch(step))
        adam.zero_grad()
        torch.autograd.backward(loss)
        length = math.sqrt(sum(float(p.grad.square().sum()) for p in network.parameters()
                               if p.grad is not None))  # fmt: skip
        for parameter in network.parameters():
            if parameter.grad is not None and length > 1:
                parameter.grad /= length
        adam.step()
        share = 1 - min(0.9, (2 + step) / (11 + step))
        for name, value in network.state_dict().items():
            if value.dtype.is_floating_point:
                average[name] = (1 - share) * average[name] + share * value
        if step % 6 == 5:
            validated.append({name: value.clone() for name, value in average.items()})
    return same(network), average, validated


def apart(found: Weights, expected: Weights) -> float:
    """As a share of how far `expected` is from where it started."""
    start = same(fresh())
    names = [name for name, value in expected.items() if value.dtype.is_floating_point]
    wrong = sum(float((found[name] - expected[name]).square().sum()) for name in names)
    moved = sum(float((expected[name] - start[name]).square().sum()) for name in names)
    return math.sqrt(wrong / moved)


def test_steps_average_and_what_is_validated_are_as_written_by_hand() -> None:
    """The rate rises and falls, gradients are clipped, and averaged weights are validated."""
    raw, average, validated = by_hand()
    seen: list[Weights] = []

    def validate(network: torch.nn.Module) -> float:
        seen.append(same(network))
        return float(-len(seen))  # the first is the best

    network = fresh()
    result = train(network, brightness, BATCHES, CONFIG, validate=validate)
    tensors = result.state.tensors
    ended = {name: tensors[f"network.{name}"] for name in raw}
    assert apart(ended, raw) < 5e-3
    assert apart({name: tensors[f"average.{name}"] for name in raw}, average) < 5e-3
    assert [apart(one, other) < 5e-3 for one, other in zip(seen, validated, strict=True)] == [
        True,
        True,
    ]
    assert apart(raw, average) > 0.05  # or the two could not be told apart
    assert result.step == 6
    assert apart(same(network), validated[0]) < 5e-3
    last = fresh()
    train(last, brightness, BATCHES, replace(CONFIG, keep_last=True), validate=validate)
    assert apart(same(last), average) < 5e-3


QUICK = replace(
    COMPACT,
    epochs=4,
    batch=16,
    varied=False,
    training=replace(COMPACT.training, learning_rate=1e-2, warmup=0, average=0.0, patience=0),
    compact=SHAPE,
)


def parts(seed: int = 1) -> DatasetFaces:
    held_out = bright_mouths(24, seed=seed)
    return DatasetFaces(AUS, FACES, held_out, normalisation="au0")


def upside_down(part: LabelledFaces) -> LabelledFaces:
    """The better somebody reads the others, the worse they read these."""
    return replace(part, labels=5 - part.labels)


def fitted(faces: DatasetFaces, config: FitConfig) -> tuple[float, list[float]]:
    """The ICC that is reported, and the score of each epoch."""
    records: list[Record] = []
    found = fit(faces, config, log=records.append)
    assert found is not None
    return found[1].icc, [one.score for one in records if one.score is not None]


def test_people_who_are_not_learnt_from_choose() -> None:
    faces = parts()
    faces = replace(faces, validation=upside_down(faces.validation))
    reported, scores = fitted(faces, QUICK)
    assert len(scores) == 4
    assert min(scores) < 0
    assert reported == pytest.approx(max(scores), abs=1e-5)
    assert reported > scores[-1] + 0.05  # learning more reads them worse


def test_a_base_is_trained_on_at_a_fifth_of_the_rate() -> None:
    rates = []
    for base in (None, small_estimator()):
        records: list[Record] = []
        fit(parts(), replace(QUICK, epochs=1), base=base, log=records.append)
        rates.append(records[0].rate)
    assert rates[1] / rates[0] == pytest.approx(0.2)


def test_a_normalised_network_learns_from_differences() -> None:
    """Its first gradient is that of a batch normalised by hand."""
    config = normalised(replace(QUICK, epochs=1, batch=16), "au0")
    config = replace(config, training=replace(config.training, clip=0.0))
    kept: list[TrainingState] = []
    asked = iter(range(9))
    fit(parts(), config, should_stop=lambda: next(asked) == 1, save=kept.append)
    network = fresh(config.seed)
    plain = PeopleBatches(FACES, lambda images, rng: to_tensor(images), 4, 4, config.seed).batch(0)

    def pixels(tensor: torch.Tensor) -> np.ndarray:
        return ((tensor.permute(0, 2, 3, 1).numpy() + 1) * 127.5).round().astype(np.uint8)

    change = difference(pixels(plain.images), pixels(plain.neutrals)[plain.neutral_of.numpy()])
    faces = torch.from_numpy(change).permute(0, 3, 1, 2)
    network.train()
    features = network.features(torch.cat([faces, torch.zeros_like(plain.neutrals)]))
    above = (plain.labels[:, :, None] > torch.arange(5)).float()
    none = torch.zeros(len(plain.neutrals), 2, 5)
    alone = functional.binary_cross_entropy_with_logits(
        network.logits(features), torch.cat([above, none]), reduction="mean"
    )
    beside = functional.binary_cross_entropy_with_logits(
        network.logits(features[:16], features[16:][plain.neutral_of]), above, reduction="mean"
    )
    torch.autograd.backward(alone + beside)
    first = next(network.parameters()).grad
    assert first is not None
    moment = kept[-1].tensors["optimizer.0.exp_avg"] / 0.1
    cosine = functional.cosine_similarity(moment.flatten(), first.flatten(), dim=0)
    assert float(cosine) > 0.999


def test_the_score_that_chooses_is_the_mean_icc_of_held_out_people() -> None:
    faces = parts()
    found = fit(faces, replace(QUICK, epochs=1))
    assert found is not None
    estimator, measured = found
    network = estimator.network
    assert isinstance(network, Compact)
    with torch.inference_mode():
        probabilities = network.probabilities(network(to_tensor(faces.validation.images)))
    read = Estimates(AUS, probabilities.numpy()).intensities
    expected = np.mean([icc31(faces.validation.labels[:, k], read[:, k]) for k in range(2)])
    assert measured.icc == pytest.approx(float(expected), abs=1e-5)
