"""Puts the weights of the face descriptor among those that ship, from where they are published.

Run as ``python -m scripts.fetch_identity PACKAGE`` where PACKAGE is the archive that
``npm pack @vladmandic/face-api@1.7.15`` downloads (MIT; the weights are dlib's, which their author,
Davis King, gave into the public domain, CC0). Its 8-bit weights are kept as they are; scalings
that follow convolutions are folded into one gain and one bias each.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from models.identity.network import BLOCKS
from models.identity.recogniser import WEIGHTS
from models.shipped import save_shipped

_MODEL: Final = "package/model/face_recognition_model"
_SHA256: Final = "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589"

Array = npt.NDArray[Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path)
    package: Path = parser.parse_args().package
    with tarfile.open(package) as archive:
        manifest = json.loads(_member(archive, f"{_MODEL}-weights_manifest.json"))
        content = _member(archive, f"{_MODEL}.bin")
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise SystemExit(f"{package} holds other weights than these were tried with.")
    published = unpacked(manifest, content)
    save_shipped(WEIGHTS, save(shipped_tensors(published)))


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise SystemExit(f"The package has no {name}.")
    return file.read()


def unpacked(manifest: Any, content: bytes) -> dict[str, tuple[Array, float, float]]:
    """Arrays by name as TensorFlow.js keeps them: stored numbers, least value and step."""
    out, at = {}, 0
    for entry in manifest[0]["weights"]:
        kept = entry.get("quantization")
        kind = np.dtype(kept["dtype"] if kept else entry["dtype"])
        count = int(np.prod(entry["shape"]))
        array = np.frombuffer(content, kind, count, at).reshape(entry["shape"])
        at += array.nbytes
        out[entry["name"]] = (
            (array, float(kept["min"]), float(kept["scale"])) if kept else (array, 0.0, 1.0)
        )
    if at != len(content):
        raise SystemExit(f"{len(content)} bytes of weights, but the manifest names {at}.")
    return out


def shipped_tensors(published: dict[str, tuple[Array, float, float]]) -> dict[str, Array]:
    """What `models.identity.network` reads."""
    names = ["conv32_down", *(f"{block}/conv{k}" for block, _ in BLOCKS for k in (1, 2))]
    out: dict[str, Array] = {}
    for name in names:
        stored, low, step = published[f"{name}/conv/filters"]
        gain, shift = (_values(published[f"{name}/scale/{part}"]) for part in ("weights", "biases"))
        out[f"{name}.filters"] = np.ascontiguousarray(stored.transpose(3, 2, 0, 1))
        out[f"{name}.range"] = np.array([low, step], np.float32)
        out[f"{name}.gain"] = gain
        out[f"{name}.bias"] = _values(published[f"{name}/conv/bias"]) * gain + shift
    stored, low, step = published["fc"]
    out["fc.filters"], out["fc.range"] = stored.copy(), np.array([low, step], np.float32)
    return out


def _values(kept: tuple[Array, float, float]) -> npt.NDArray[np.float32]:
    stored, low, step = kept
    return np.asarray(stored.astype(np.float32) * step + low, np.float32)


if __name__ == "__main__":
    main()
