"""The loop learns, leaves files, goes on at the exact step, and refuses a damaged state."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch

from models.checkpoints import CorruptCheckpointError
from models.fingerprint import OtherRunError
from models.generators.config import GanConfig, Kind, LossWeights
from models.generators.expression_reader import load_expression_reader
from models.generators.learned import LearnedGenerator, load_learned
from models.generators.pairs import CPU, PairBatch, PeoplePairs, UnfitPairsError, scaled
from models.generators.training import STATE, TrainedGenerator, train_generator
from models.images import decode_image
from models.resumable import write_state
from tests.support.gans import bright_faces, bright_pairs, small

pytestmark = pytest.mark.usefixtures("one_thread")

PAIRS = bright_pairs()


def trained(config: GanConfig, folder: Path) -> TrainedGenerator:
    made = train_generator(config, PAIRS, folder)
    assert made is not None
    return made


def weights(made: TrainedGenerator) -> dict[str, torch.Tensor]:
    return {
        **{f"g.{name}": value for name, value in made.generator.network.state_dict().items()},
        **{f"d.{name}": value for name, value in made.expressions.network.state_dict().items()},
    }


def assert_same(one: TrainedGenerator, other: TrainedGenerator) -> None:
    expected, found = weights(one), weights(other)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        assert torch.equal(value, found[name]), name
    assert one.losses == other.losses


@pytest.mark.parametrize("kind", ["ganimation", "stargan"])
def test_what_a_run_leaves(tmp_path: Path, kind: Kind) -> None:
    seen: list[tuple[int, int]] = []
    made = train_generator(
        small(kind, sample_every=5),
        PAIRS,
        tmp_path,
        name="bright",
        progress=lambda done, total: seen.append((done, total)),
    )
    assert made is not None
    assert seen == [(step, 10) for step in range(1, 11)]
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [2, 4, 6, 8, 10]
    assert ("generator attention" in rows[0]) == (kind == "ganimation")
    assert float(rows[-1]["generator idiosyncratic"]) == pytest.approx(
        made.losses["generator idiosyncratic"], rel=1e-5
    )
    sheets = sorted(path.name for path in (tmp_path / "samples").iterdir())
    assert sheets == ["00000005.png", "00000010.png"]
    assert decode_image((tmp_path / "losses.png").read_bytes()).rgb.std() > 0

    drawing = load_learned(tmp_path / "generator", "bright", precision="float32")
    assert drawing.config.kind == kind
    assert drawing.config.lineage["training"]["steps"] == 10
    assert "bright" in drawing.card
    faces = bright_faces().images[:2]
    told = np.array([[0.0, 1.0], [1.0, 0.5]], np.float32)
    exact = LearnedGenerator(made.generator.config, made.generator.network, "", precision="float32")
    difference = drawing.draw(faces, told).astype(int) - exact.draw(faces, told)
    assert np.abs(difference).max() <= 2  # the file holds float16
    reader = load_expression_reader(tmp_path / "expressions")
    assert reader.aus == ("AU06", "AU12")
    shown = np.stack([scaled(face, 224) for face in faces])
    read, kept = made.expressions.estimate(shown), reader.estimate(shown)
    assert read.probabilities.shape == (2, 2, 6)
    np.testing.assert_allclose(read.probabilities.sum(axis=-1), 1, atol=1e-6)
    np.testing.assert_allclose(kept.intensities, read.intensities, atol=0.02)


def test_it_learns_for_the_right_reason(tmp_path: Path) -> None:
    """What changes is what was asked for, and all that says so falls."""
    weights = LossWeights(image=0.1, idiosyncratic=100.0)  # which teaches fastest
    made = trained(small(steps=150, critic_steps=1, losses=weights), tmp_path)
    neutral = bright_faces().images[:1]
    asked = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)
    change = made.generator.draw(np.repeat(neutral, 2, 0), asked).astype(float) - neutral
    upper, lower = change[:, :14].mean((1, 2, 3)), change[:, 18:].mean((1, 2, 3))
    assert lower[0] > upper[0] + 40
    assert upper[1] > lower[1] + 40
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    for loss in ("generator idiosyncratic", "generator expression", "discriminator expression"):
        values = [float(row[loss]) for row in rows]
        assert np.mean(values[-15:]) < 0.8 * np.mean(values[:15]), loss


def test_a_stopped_run_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    config = small(precision="bfloat16", sample_every=10)
    expected = trained(config, tmp_path / "whole")
    asked = iter(range(100))
    folder = tmp_path / "parts"
    assert train_generator(config, PAIRS, folder, should_stop=lambda: next(asked) == 7) is None
    assert not (folder / "generator").exists()
    assert_same(trained(config, folder), expected)
    for name in ("log.csv", "losses.png", "samples/00000010.png"):
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    # a run that has ended gives its result again
    assert_same(trained(config, folder), expected)


def test_a_run_goes_on_with_other_sheets(tmp_path: Path) -> None:
    asked = iter(range(100))
    folder = tmp_path / "parts"
    train_generator(small(steps=4), PAIRS, folder, should_stop=lambda: next(asked) == 2)
    resumed = trained(small(steps=4, sample_every=2), folder)
    assert_same(resumed, trained(small(steps=4), tmp_path / "whole"))
    assert (folder / "samples" / "00000004.png").exists()


def test_the_same_seed_trains_the_same(tmp_path: Path) -> None:
    torch.manual_seed(1)
    one = trained(small(steps=4), tmp_path / "one")
    torch.manual_seed(2)
    assert_same(trained(small(steps=4), tmp_path / "two"), one)
    other = weights(trained(small(steps=4, seed=1), tmp_path / "other"))
    assert not torch.equal(other["g.stem.weight"], weights(one)["g.stem.weight"])


def test_it_leaves_the_global_random_state_alone(tmp_path: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    trained(small(steps=2, sample_every=1), tmp_path)
    assert torch.equal(torch.rand(2), expected)


def test_a_damaged_or_foreign_state_is_refused(tmp_path: Path) -> None:
    config = small(steps=4)
    trained(config, tmp_path)
    state = tmp_path / STATE
    whole = state.read_bytes()
    with pytest.raises(OtherRunError, match="another configuration"):
        train_generator(replace(config, seed=5), PAIRS, tmp_path)
    faces = bright_faces()
    faces.labels[3, 0] = (faces.labels[3, 0] + 1) % 6
    for other in (PeoplePairs(bright_faces(), seed=1), PeoplePairs(faces)):
        with pytest.raises(OtherRunError, match="another data set to learn from"):
            train_generator(config, other, tmp_path)
    write_state(state, "facsimile.gan", {"step": 2, "losses": {}, "config": {}}, {})
    with pytest.raises(OtherRunError, match="earlier version"):
        train_generator(config, PAIRS, tmp_path)
    state.write_bytes(whole)
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    for damaged in (whole[:-1], whole[:100], b"", flipped):
        state.write_bytes(damaged)
        with pytest.raises(CorruptCheckpointError, match=STATE):
            train_generator(config, PAIRS, tmp_path)
    assert train_generator(config, PAIRS, tmp_path, resume=False) is not None


def test_pairs_of_another_kind_are_refused(tmp_path: Path) -> None:
    config = small()
    with pytest.raises(UnfitPairsError, match="AU12"):
        train_generator(
            replace(config, generator=replace(config.generator, aus=("AU12",))), PAIRS, tmp_path
        )
    with pytest.raises(UnfitPairsError, match="32"):
        train_generator(
            replace(config, generator=replace(config.generator, size=64)), PAIRS, tmp_path
        )


class NoNumbers:
    """Pairs that say nothing."""

    aus, size = PAIRS.aus, PAIRS.size

    def batch(
        self, step: int, count: int, part: slice = slice(None), device: torch.device = CPU
    ) -> PairBatch:
        whole = PAIRS.batch(step, count, part, device)
        return replace(whole, target=whole.target * torch.nan)


def test_a_loss_that_is_no_number_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(FloatingPointError, match="step 2"):
        train_generator(small(), NoNumbers(), tmp_path)
