"""Weights held to their hashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.assets import AssetError
from models.rig.model import WEIGHTS
from models.shipped import load_shipped, save_shipped


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    save_shipped("a.safetensors", b"first", tmp_path)
    save_shipped("b.safetensors", b"second", tmp_path)
    save_shipped("a.safetensors", b"third", tmp_path)
    assert load_shipped("a.safetensors", tmp_path) == b"third"
    assert load_shipped("b.safetensors", tmp_path) == b"second"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "SHA256SUMS", "a.safetensors", "b.safetensors",
    ]  # fmt: skip


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    save_shipped("a.safetensors", b"as it was", tmp_path)
    (tmp_path / "a.safetensors").write_bytes(b"as it is now")
    with pytest.raises(AssetError, match="damaged"):
        load_shipped("a.safetensors", tmp_path)


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    save_shipped("a.safetensors", b"gone", tmp_path)
    (tmp_path / "a.safetensors").unlink()
    with pytest.raises(AssetError, match="missing"):
        load_shipped("a.safetensors", tmp_path)


def test_unlisted_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "stray.safetensors").write_bytes(b"from somewhere")
    with pytest.raises(AssetError, match="not among the weights"):
        load_shipped("stray.safetensors", tmp_path)


def test_the_rig_ships() -> None:
    assert len(load_shipped(WEIGHTS)) > 1_000_000
