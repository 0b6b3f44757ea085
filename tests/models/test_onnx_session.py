"""Networks by onnxruntime."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from models.estimators.onnx_graph import onnx_model
from models.estimators.shipped import shipped_checkpoint
from models.onnx_session import open_session

ROOT = Path(__file__).parents[2]


def test_a_pass_gives_the_same_from_bytes_and_from_a_file(tmp_path: Path) -> None:
    content = onnx_model(shipped_checkpoint("compact"))
    (tmp_path / "m.onnx").write_bytes(content)
    one, other = open_session(content), open_session(tmp_path / "m.onnx", threads=0)
    shape = [size if isinstance(size, int) else 1 for size in one.get_inputs()[0].shape]
    face = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    for first, second in zip(
        one.run(None, {"face": face}), other.run(None, {"face": face}), strict=True
    ):
        np.testing.assert_allclose(first, second, atol=1e-5)


def test_the_library_leaves_no_trace_of_its_use(tmp_path: Path) -> None:
    """Were it to send events, it would keep an identifier and what is not sent yet."""
    environment = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    for name in ("XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY", "CI"):
        environment.pop(name, None)
    code = "from models.generators.hybrid import HybridGenerator; HybridGenerator()"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
    assert [path.name for path in tmp_path.rglob("*") if "matplotlib" not in str(path)] == []
