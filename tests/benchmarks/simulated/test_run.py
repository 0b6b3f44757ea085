"""The whole comparison, very small: people are disjoint, it goes on, it reports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

from benchmarks.simulated.comparison import Results, compare
from benchmarks.simulated.database import split_people
from benchmarks.simulated.databases import SHARED, A
from benchmarks.simulated.sizes import QUICK
from benchmarks.simulated.trained import RECIPES
from benchmarks.simulated.training_sets import training_set
from tests.support.faces import PHOTOS

pytestmark = pytest.mark.skipif(
    not (PHOTOS / "london").exists(), reason="photos are not beside the repository"
)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the command left films, results, tables and plots. It trains on one thread."""
    folder = tmp_path_factory.mktemp("simulated")
    command = [sys.executable, "-m", "benchmarks.simulated", "--quick", "--threads", "1"]
    command += ["--data", str(PHOTOS), "--work", str(folder), "--out", str(folder)]
    subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, check=True)
    return folder


@pytest.fixture(scope="module")
def work(out: Path) -> Path:
    return out / "quick"


@pytest.fixture(scope="module")
def results(work: Path) -> Results:
    return compare(QUICK, PHOTOS, work)


def test_no_person_is_learnt_from_and_measured_on(results: Results, work: Path) -> None:
    first, second = results.databases
    assert not set(first.names) & set(second.names)
    splits = split_people(first, 0)
    assert set(splits) == set(first.names)
    assert set(splits.values()) == {"train", "validation", "test"}
    learnt = {name for name, split in splits.items() if split == "train"}
    for source in ("real", "synthetic"):
        faces = training_set(first, splits, source, "3d", QUICK.count, 0, work)
        assert {first.names[person] for person in faces.person} <= learnt
    assert split_people(first, 1) != splits


def test_both_sources_fill_the_same_cells(results: Results, work: Path) -> None:
    first = results.databases[0]
    splits = split_people(first, 0)
    real, drawn = (
        training_set(first, splits, source, "3d", QUICK.count, 0, work)
        for source in ("real", "synthetic")
    )
    assert real.images.shape == drawn.images.shape
    assert real.labels.shape == (len(real.images), len(A.coded))


def test_each_frame_has_its_labels_pictures_and_face(results: Results) -> None:
    for database in results.databases:
        count = len(database.labels)
        assert (
            len(database.person) == len(database.crops("3d")) == len(database.crops("2d")) == count
        )
        for name in database.names:
            row = database.neutral_frame(name)
            assert np.nan_to_num(database.labels[row]).max() == 0
            assert row not in database.frames([name])
        face = database.face(count - 1, "2d")
        assert face.kind == "2d"
        assert database.person[count - 1] == len(database.names) - 1


def test_a_second_run_reads_what_the_first_measured(results: Results, work: Path) -> None:
    stored = work / "cells" / f"{RECIPES[0].name}-0.json"
    scores = json.loads(stored.read_text())
    assert results.recipes[RECIPES[0].name] == [scores]
    scores["A"]["icc"]["AU12"] = 0.125
    stored.write_text(json.dumps(scores))
    assert compare(QUICK, PHOTOS, work).recipes[RECIPES[0].name] == [scores]


def test_tables_and_plots_come_out(out: Path) -> None:
    text = (out / "simulated.md").read_text()
    for title in ("Real against synthetic", "2D against 3D", "Normalisation", "Generic against"):
        assert title in text
    assert all(au in text for au in (*A.coded, *SHARED))
    for name in ("personal", "2afc"):
        assert (out / f"simulated_{name}.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "simulated_frames.jpg").read_bytes().startswith(b"\xff\xd8")
