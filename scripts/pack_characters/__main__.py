"""Command line of the packing; see the package's docstring."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from models.characters.head import WEIGHTS
from models.shipped import save_shipped
from scripts.pack_characters.fields import au_fields, gaze_fields
from scripts.pack_characters.model import load_whole
from scripts.pack_characters.openness import openness
from scripts.pack_characters.paint import lash_mask, lip_mask
from scripts.pack_characters.sizes import reduced

SIZES = (3000, 8000)
"""Vertices of the smaller meshes, about."""
MODES = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds ict/ict_face.npz")
    whole = load_whole(parser.parse_args().data / "ict" / "ict_face.npz")
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "rest": whole.vertices.astype(np.float32),
        "triangles": whole.triangles.astype(np.int32),
        "part": whole.part,
        "au": au_fields(whole).astype(np.float16),
        "gaze": gaze_fields(whole).astype(np.float16),
        "identity": whole.identities[:MODES].astype(np.float16),
        "lip": _byte(lip_mask(whole)),
        "lash": _byte(lash_mask(whole)),
        "open": _byte(openness(whole)),
    }
    for number, size in enumerate(SIZES):
        kept, triangles = reduced(whole, size)
        arrays[f"kept.{number}"], arrays[f"triangles.{number}"] = kept, triangles
    # The format keeps bytes as they lie in memory, and knows one order of axes.
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    save_shipped(WEIGHTS, save(arrays))
    for name, array in arrays.items():
        print(name, array.shape, array.dtype, f"{array.nbytes / 1e6:.2f} MB")


def _byte(share: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    return np.asarray(np.clip(np.round(share * 255), 0, 255), np.uint8)


if __name__ == "__main__":
    main()
