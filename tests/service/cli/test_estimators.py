"""``facsimile train``, ``subject`` and ``model``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import onnx
import pytest

from models.checkpoint_zip import unzipped
from models.checkpoints import read_checkpoint
from service.client import Client
from tests.service.cli.conftest import Facsimile
from tests.service.cli.test_estimate import rows_of
from tests.support.needs import needs_torch


def test_from_consent_to_a_personal_model_to_erasure(
    facsimile: Facsimile, running: Client, portrait: Path, tmp_path: Path
) -> None:
    url = ["--url", running.url]
    consent = ["--basis", "informed consent", "--reference", "form 1", "--date", "2026-11-02"]
    created = facsimile("subject", "create", "P07", *consent, *url)
    assert created.returncode == 0, created.stderr
    subject = created.stdout.strip()
    listed = facsimile("subject", "list", *url, COLUMNS="200")
    assert subject in listed.stdout
    made = facsimile("model", "personalise", portrait, "--subject", subject, *url)
    assert made.returncode == 0, made.stderr
    model = made.stdout.strip()
    assert model in facsimile("model", "list", *url, COLUMNS="200").stdout
    saved = facsimile("model", "download", model, "--out", "mine.zip", *url)
    assert saved.returncode == 0, saved.stderr
    assert unzipped((tmp_path / "mine.zip").read_bytes()).config["method"] == "one-frame"
    for name in (model, "mine.zip"):
        read = facsimile("estimate", portrait, "--model", name, "--out", f"{name}.csv", *url)
        assert read.returncode == 0, read.stderr
    assert rows_of(tmp_path / f"{model}.csv") == rows_of(tmp_path / "mine.zip.csv")
    as_onnx = facsimile("model", "download", model, "--out", "m.onnx", "--format", "onnx", *url)
    assert as_onnx.returncode == 0, as_onnx.stderr
    onnx.checker.check_model(onnx.load(tmp_path / "m.onnx"))
    asked = facsimile("subject", "erase", subject, *url)
    assert asked.returncode == 1, "not without being asked"
    erased = facsimile("subject", "erase", subject, "--yes", *url)
    receipt = json.loads(erased.stdout)
    assert (receipt["subject_id"], receipt["images"], receipt["models"]) == (subject, 1, 1)
    gone = facsimile("model", "download", model, "--out", "x.zip", *url)
    assert gone.returncode == 1
    assert "no model" in gone.stderr


def test_consent_without_a_day_is_a_sentence(facsimile: Facsimile) -> None:
    consent = ["--basis", "b", "--reference", "r", "--date", "tomorrow"]
    done = facsimile("subject", "create", "P07", *consent)
    assert done.returncode == 1
    assert "write YYYY-MM-DD" in done.stderr


@needs_torch
def test_a_dataset_trains_an_estimator(
    facsimile: Facsimile, portrait: Path, tmp_path: Path
) -> None:
    from tests.support.datasets import write_bright_faces

    write_bright_faces(tmp_path / "set.zip", people=3, each=6)
    done = facsimile("train", "set.zip", "--out", "model", "--epochs", 1)
    assert done.returncode == 0, done.stderr
    assert "people who were left out" in done.stdout
    assert "AU12" in read_checkpoint(tmp_path / "model").config["aus"]
    assert [path.name for path in (tmp_path / "model").glob("*.safetensors")] == [
        "model.safetensors"
    ]
    read = facsimile("estimate", portrait, "--model", "model", "--out", "aus.csv")
    assert read.returncode == 0, read.stderr
    assert rows_of(tmp_path / "aus.csv")[0]["AU12_r"]
    on = facsimile("train", "set.zip", "--base", "model", "--out", "on", "--epochs", 1)
    assert on.returncode == 0, on.stderr
    assert "The base it started from" in read_checkpoint(tmp_path / "on").card
    other = facsimile("train", "set.zip", "--base", "compact", "--architecture", "vgg16")
    assert other.returncode == 1
    assert "The base model is a compact" in other.stderr.replace("\n", " ")


def test_a_model_is_for_faces_registered_as_the_dataset_s_are(
    facsimile: Facsimile, portrait: Path, tmp_path: Path
) -> None:
    """And normalised, chosen by real frames, and made of several datasets at once."""
    pytest.importorskip("torch", reason="PyTorch is not installed: make torch")
    from tests.models.datasets.samples import DESCRIPTION
    from tests.support.datasets import write_bright_faces

    aligned = replace(DESCRIPTION, registration="2d")
    write_bright_faces(tmp_path / "set.zip", people=3, each=6, description=aligned, neutral=False)
    write_bright_faces(
        tmp_path / "real.zip", people=3, each=6, description=aligned,
        changed=lambda row: replace(row, synthetic=False, generator="none"),
    )  # fmt: skip
    done = facsimile("train", "set.zip", "--out", "flat", "--epochs", 1)
    assert done.returncode == 0, done.stderr
    checkpoint = read_checkpoint(tmp_path / "flat")
    assert checkpoint.config["registration"] == "2d"
    assert checkpoint.config["lineage"]["datasets"][0]["dataset"] == "smiles"
    assert "on drawings of 1 people" in done.stdout
    done = facsimile(
        "train", "set.zip", "--choose-by", "real.zip", "--normalisation", "au0", "--out", "au0",
        "--epochs", 1, "--device", "cpu",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "on real frames of 1 people" in done.stdout
    assert read_checkpoint(tmp_path / "au0").config["normalisation"] == "au0"
    read = facsimile("estimate", portrait, "--model", "au0", "--out", "aus.csv")
    assert read.returncode == 1
    assert "neutral face (au0)" in read.stderr.replace("\n", " ")
    for neutral in ([portrait], [portrait, portrait]):
        named = [argument for photo in neutral for argument in ("--neutral", photo)]
        read = facsimile("estimate", portrait, "--model", "au0", *named, "--out", "aus.csv")
        assert read.returncode == 0, read.stderr
    refused = facsimile("train-generator", "set.zip", "--out", "g", "--registration", "3d")
    assert refused.returncode == 1
    assert "registered in 2d" in refused.stderr.replace("\n", " ")


def test_a_dataset_that_is_none_is_a_sentence(facsimile: Facsimile, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed: make torch")
    (tmp_path / "set.zip").write_bytes(b"no zip")
    done = facsimile("train", "set.zip")
    assert done.returncode == 1
    assert "no dataset" in done.stderr
