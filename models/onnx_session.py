"""Networks at work by onnxruntime, which is kept from telling its maker of its use.

As published, the library sends events, with an identifier of the machine, to its maker, and leaves
files in the home and temporary folders, unless a variable says otherwise before it is loaded. So
it is loaded here alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

# For the library's own eyes: what Python knows of the environment stays as it is.
os.putenv("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

_ERRORS_ONLY: Final = 3


def open_session(model: bytes | Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """A session on the CPU that gives the same for the same; several threads may ask it.

    Args:
        model: of ONNX, or a file of one.
        threads: that work on a pass, the one that asks among them; 0 is one a core.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(
        model if isinstance(model, bytes) else str(model),
        options,
        providers=["CPUExecutionProvider"],
    )
