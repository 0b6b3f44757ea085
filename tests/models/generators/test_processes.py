"""A killed run goes on from its last state, and several processes train as one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch

from models.generators.pairs import PeoplePairs
from models.generators.processes import Processes
from models.generators.training import STATE, TrainedGenerator, train_generator
from models.resumable import read_state, under
from tests.models.generators.training_process import training
from tests.support.gans import bright_faces

pytestmark = pytest.mark.usefixtures("one_thread")

ROOT = Path(__file__).resolve().parents[3]
PROCESS = "tests.models.generators.training_process"
PAIRS = PeoplePairs(bright_faces())


def trained(folder: Path, steps: int) -> TrainedGenerator:
    made = train_generator(training(steps), PAIRS, folder)
    assert made is not None
    return made


def weights(made: TrainedGenerator) -> torch.Tensor:
    return torch.cat([value.flatten() for value in made.generator.network.state_dict().values()])


def moments(folder: Path, which: str) -> torch.Tensor:
    """Adam's first moments as a run left them."""
    _, tensors = read_state(folder / STATE, "facsimile.gan")
    held = under(f"{which} optimizer.", tensors)
    return torch.cat([held[name].flatten() for name in sorted(held) if name.endswith("exp_avg")])


def test_a_killed_run_loses_what_came_after_its_last_state(tmp_path: Path) -> None:
    """Killed while it computes or while it writes, it ends as a run that nobody disturbed."""
    steps, folder = 8, tmp_path / "killed"
    with subprocess.Popen(
        [sys.executable, "-m", PROCESS, str(folder), str(steps)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(3)][-1]
        process.send_signal(signal.SIGKILL)
    # a step is told after its state was kept, so no more than the one under way is lost
    facts, _ = read_state(folder / STATE, "facsimile.gan")
    assert told <= facts["step"] < steps
    done: list[int] = []
    resumed = train_generator(
        training(steps), PAIRS, folder, progress=lambda step, total: done.append(step)
    )
    assert resumed is not None
    assert done == list(range(facts["step"] + 1, steps + 1))
    whole = trained(tmp_path / "whole", steps)
    assert torch.equal(weights(resumed), weights(whole))
    logs = [(tmp_path / name / "log.csv").read_text() for name in ("killed", "whole")]
    assert logs[0] == logs[1]


def test_two_processes_train_as_one(tmp_path: Path) -> None:
    """Each takes half of every batch; gradients and losses are means over both."""
    steps = 2
    subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2",
            "--module", PROCESS, str(tmp_path / "two"), str(steps),
        ],
        cwd=ROOT, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    together = trained(tmp_path / "two", steps)  # has ended: gives its result again
    alone = trained(tmp_path / "one", steps)
    # Adam steps as far for a gradient of rounding errors as for any other, so a few weights differ.
    apart = (weights(together) - weights(alone)).abs()
    assert float((apart > 1e-5).float().mean()) < 0.02
    assert together.losses == pytest.approx(alone.losses, rel=0.02, abs=1e-3)
    # Adam takes the same steps for gradients that are summed, but its moments tell.
    for which in ("discriminator", "generator"):
        ours, theirs = (moments(tmp_path / folder, which) for folder in ("two", "one"))
        assert float(ours.norm() / theirs.norm()) == pytest.approx(1, abs=0.02)
        assert float(torch.nn.functional.cosine_similarity(ours, theirs, dim=0)) > 0.999
    assert together.losses["generator identity"] != alone.losses["generator idiosyncratic"]


def test_a_batch_is_shared_out_evenly_or_not_at_all() -> None:
    shares = [Processes(rank, 3).share(6) for rank in range(3)]
    assert [list(range(6))[share] for share in shares] == [[0, 1], [2, 3], [4, 5]]
    with pytest.raises(ValueError, match="batch"):
        Processes(0, 4).share(6)
