"""Command line of the fit; see the package's docstring."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from models.facs import SUPPORTED_AUS
from models.registration.canonical import canonical_face
from models.registration.face import FloatArray
from models.registration.registrar import Registrar, load_registrar
from models.rig.appearance import map_grid
from models.rig.model import LEVELS, WEIGHTS, lower_lip_side, rim_distance
from models.rig.subdivision import subdivide
from models.shipped import save_shipped
from scripts.fit_rig.au_basis import au_basis
from scripts.fit_rig.correspondence import correspond
from scripts.fit_rig.ict import load_ict
from scripts.fit_rig.photos import read_face
from scripts.fit_rig.smiles import skin_window, smile_map
from scripts.fit_rig.teeth import teeth_sets
from scripts.fit_rig.wrinkles import wrinkle_maps


_SMILE_TO_E = 1.4
"""The photographed smiles are about 3.5 on the scale of 5; folds are taken to grow with it."""


def _smiles(registrar: Registrar, london: Path) -> FloatArray:
    """What a smile does to skin outside the eyes and lips, (H, W) log ratio."""
    face = canonical_face()
    dense = subdivide(np.array(face.all_triangles), len(face.mesh), LEVELS)
    pairs = (
        (read_face(registrar, london / "neutral" / path.name), read_face(registrar, path))
        for path in sorted((london / "smiling").glob("*.jpg"))
    )
    skin = len(face.triangles) * 4**LEVELS
    return smile_map(pairs, dense, dense.refine(face.mesh), skin) * skin_window(*map_grid())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with london/ and ict/")
    args = parser.parse_args()
    face = canonical_face()
    dense = subdivide(np.array(face.all_triangles), len(face.mesh), LEVELS).refine(face.mesh)
    below = lower_lip_side(face, dense)
    near_mouth = np.abs(dense[:, 0]) < 0.995 * face.mesh[308, 0]
    upper = near_mouth & ~below & (dense[:, 1] > face.mesh[2, 1])
    lower = near_mouth & below
    ict = load_ict(args.data / "ict" / "ict_face.npz")
    match = correspond(ict, face.mesh.astype(np.float64), dense.astype(np.float64), upper, lower)
    rim = rim_distance(face, dense)
    basis = au_basis(ict, match, dense.astype(np.float64), rim)
    registrar = load_registrar()
    teeth = teeth_sets(registrar, args.data / "london")
    maps = wrinkle_maps()
    maps[SUPPORTED_AUS.index("AU12")] += _SMILE_TO_E * _smiles(registrar, args.data / "london")
    appearance = np.clip(np.round(maps * 127), -127, 127).astype(np.int8)
    arrays = {"basis": basis.astype(np.float16), "appearance": appearance, "teeth": teeth}
    save_shipped(WEIGHTS, save(arrays))
    print({name: (array.shape, str(array.dtype)) for name, array in arrays.items()})


if __name__ == "__main__":
    main()
