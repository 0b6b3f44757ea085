"""The script that trains the correction: aligned pairs, exact resumption, learning at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch

from models.estimators.training import TrainingConfig
from models.hybrid.config import HybridConfig
from models.hybrid.scene import MOUTH, SIDE
from models.registration.face import RegisteredFace
from models.rig.model import rig_model
from scripts.train_hybrid.batches import Pairs, VariedBatches
from scripts.train_hybrid.objective import Explained
from scripts.train_hybrid.pairs import Example, Photographed, examples, smile_of, write
from scripts.train_hybrid.ship import checkpoint
from scripts.train_hybrid.train import STATE, Run, learn
from tests.support.faces import astronaut, calm

SMALL = HybridConfig((16, 24), 16, 1.5)
TRAINING = TrainingConfig(
    steps=4, learning_rate=3e-3, average=0.9, validate_every=2, keep_last=True, clip=1.0
)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def person(neutral: RegisteredFace, smiling: RegisteredFace) -> Photographed:
    return Photographed("portrait-1", neutral, smiling)


@pytest.fixture(scope="module")
def found() -> list[Example]:
    """Of the portrait, whose calm face is a drawing: a stand-in for two photographs."""
    return list(examples(rig_model(), person(calm(), astronaut()), each=2, seed=3))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory, found: list[Example]) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    write(folder / "one.npz", found)
    return folder


def run(pairs: Path, folder: Path, training: TrainingConfig = TRAINING) -> Run:
    return Run(pairs, ["one"], ["one"], folder, SMALL, training, batch=2)


def test_pairs_are_bounded_and_alternate(found: list[Example]) -> None:
    assert len(found) == 4
    for index, one in enumerate(found):
        assert one.planes.shape == (14, SIDE, SIDE)
        assert np.abs(one.answer).max() <= 4
        assert 0 <= one.weight.min() <= one.weight.max() <= 1
        assert (index % 2 == 0) == bool(one.gates[0].any())


def test_a_person_who_does_not_change_teaches_nothing_of_skin() -> None:
    same = person(calm(), calm())
    assert smile_of(rig_model(), same) == pytest.approx(0, abs=1e-6)
    for one in examples(rig_model(), same, each=1, seed=0):
        skin = one.planes[MOUTH] == 0
        assert not (one.weight * one.gates.sum(axis=0) * skin).any()


def test_the_same_seed_draws_the_same_pairs(found: list[Example]) -> None:
    again = next(examples(rig_model(), person(calm(), astronaut()), each=1, seed=3))
    assert np.array_equal(again.planes, found[0].planes)
    assert np.array_equal(again.answer, found[0].answer)


def test_batches_are_by_seed_and_step_alone(pairs: Path) -> None:
    one, other = (VariedBatches(Pairs(pairs, ["one"]), 4, seed=5).batch(7) for _ in range(2))
    assert torch.equal(one.planes, other.planes)
    assert torch.equal(one.answer, other.answer)
    assert not torch.equal(one.planes, VariedBatches(Pairs(pairs, ["one"]), 4, 6).batch(7).planes)


def test_a_run_that_was_stopped_ends_in_the_same_weights(pairs: Path, tmp_path: Path) -> None:
    whole, result = learn(run(pairs, tmp_path / "whole"))
    assert result.finished
    asked = iter([False, False, False, True])
    stopped = run(pairs, tmp_path / "stopped")
    _, first = learn(stopped, should_stop=lambda: next(asked))
    assert (first.finished, first.step) == (False, 3)
    resumed, second = learn(stopped)
    assert second.finished
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_a_killed_run_goes_on_from_its_last_save(pairs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    code = (
        "import sys; from pathlib import Path; from tests.scripts.test_train_hybrid import run\n"
        "from dataclasses import replace; from scripts.train_hybrid.train import learn\n"
        "import torch; torch.set_num_threads(1)\n"
        "one = run(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "learn(replace(one, training=replace(one.training, steps=10**6)), say=print)"
    )
    root = Path(__file__).resolve().parents[2]
    worker = subprocess.Popen([sys.executable, "-c", code, str(pairs), str(folder)], cwd=root)
    end = time.monotonic() + 60
    while not (folder / STATE).exists() and worker.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert worker.returncode == -signal.SIGKILL
    assert os.listdir(folder)
    network, result = learn(run(pairs, folder, training=replace(TRAINING, steps=10**6)),
                            should_stop=lambda: True)  # fmt: skip
    assert result.step >= 2
    assert all(torch.isfinite(value).all() for value in network.state_dict().values())


def test_the_network_learns_what_the_portrait_lacks(pairs: Path, tmp_path: Path) -> None:
    longer = replace(TRAINING, steps=30, validate_every=0)
    network, _ = learn(run(pairs, tmp_path, training=longer))
    explained = Explained(Pairs(pairs, ["one"]))
    assert explained(network) > 0.1
    assert set(explained.parts) == {"added", "mouth", "removed"}


def test_what_ships_names_who_was_held_out(pairs: Path, tmp_path: Path) -> None:
    made = run(pairs, tmp_path)
    network, _ = learn(made)
    config = HybridConfig.parse(checkpoint(network, made, ["two", "three"]).config)
    assert config.lineage["held out"] == ["two", "three"]
    assert config.lineage["learnt from"] == ["one"]
