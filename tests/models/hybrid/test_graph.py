"""The network as ONNX: strictly its checkpoint, and the same numbers as in torch."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.assets import AssetError
from models.checkpoints import Checkpoint, CheckpointMismatchError, encoded
from models.hybrid.config import HybridConfig
from models.hybrid.corrector import Corrector, shipped_checkpoint
from models.hybrid.graph import checked_weights, soft_kernel
from models.hybrid.scene import FINE, SIDE, Scene
from models.shipped import save_shipped
from tests.support.hybrid import SMALL, random_checkpoint


def scene() -> Scene:
    rng = np.random.default_rng(1)
    planes = rng.uniform(-1, 1, (14, SIDE, SIDE)).astype(np.float32)
    planes[FINE] = np.abs(planes[FINE])
    return Scene(planes, rng.uniform(0, 1, (2, SIDE, SIDE)).astype(np.float32))


def test_gates_decide_how_much_counts() -> None:
    corrector, whole = Corrector(random_checkpoint()), scene()
    both = corrector.correction(whole)
    parts = [replace(whole, gates=whole.gates * np.eye(2, dtype=np.float32)[k][:, None, None])
             for k in (0, 1)]  # fmt: skip
    apart = [corrector.correction(part) for part in parts]
    assert min(np.abs(part).mean() for part in apart) > 1
    assert both == pytest.approx(apart[0] + apart[1], abs=1e-3)
    shut = corrector.correction(replace(whole, gates=np.zeros_like(whole.gates)))
    assert not shut.any()


def test_answers_are_the_same_as_in_torch() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from models.hybrid.network import HybridNetwork

    config = HybridConfig((16, 24, 32), 16, 1.2)
    network = HybridNetwork(config).eval()
    names = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert names == config.shapes()
    checkpoint = random_checkpoint(config)
    network.load_state_dict(
        {name: torch.from_numpy(value) for name, value in checkpoint.tensors.items()}
    )
    whole = scene()
    with torch.inference_mode():
        answers = network(torch.from_numpy(whole.planes)[None])[0].numpy()
    expected = 127.5 * (answers[:3] * whole.gates[0] + answers[3:] * whole.gates[1])
    found = Corrector(checkpoint).correction(whole).transpose(2, 0, 1)
    assert np.abs(expected).mean() > 1
    assert found == pytest.approx(expected, abs=2e-3)


def test_the_kernel_that_softens_keeps_brightness() -> None:
    kernel = soft_kernel(1.5)
    assert kernel.shape == (6, 1, 11, 11)
    assert kernel.sum(axis=(1, 2, 3)) == pytest.approx(1)


def test_weights_that_are_not_the_networks_are_refused() -> None:
    good = random_checkpoint()
    checked_weights(good)
    bad = {
        "lacks": {name: value for name, value in good.tensors.items() if name != "stem.bias"},
        "others": good.tensors | {"extra": np.zeros(1, np.float32)},
        "stem.bias is": good.tensors | {"stem.bias": np.zeros(3, np.float32)},
        "not finite": good.tensors | {"stem.bias": np.full(16, np.nan, np.float32)},
    }
    for complaint, tensors in bad.items():
        with pytest.raises(CheckpointMismatchError, match=complaint):
            Corrector(Checkpoint(tensors, good.config, ""))


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "hybrid").mkdir()
    for name, content in encoded(random_checkpoint()).items():
        save_shipped(f"hybrid/{name}", content, tmp_path)
    assert HybridConfig.parse(shipped_checkpoint(tmp_path).config) == SMALL
    path = tmp_path / "hybrid" / "model.safetensors"
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(AssetError, match="damaged"):
        shipped_checkpoint(tmp_path)
    path.unlink()
    with pytest.raises(AssetError, match="missing"):
        shipped_checkpoint(tmp_path)


def test_correcting_needs_no_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from models.hybrid.corrector import Corrector\n"
        "from models.generators.hybrid import HybridGenerator\n"
        "from tests.support.hybrid import random_checkpoint\n"
        "HybridGenerator(Corrector(random_checkpoint())); print('made')"
    )
    root = Path(__file__).resolve().parents[3]
    made = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert made.stdout.strip() == "made"
