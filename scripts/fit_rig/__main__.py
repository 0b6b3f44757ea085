"""Command line of the fit; see the package's docstring."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from models.facs import SUPPORTED_AUS
from models.registration.canonical import CanonicalFace, canonical_face
from models.registration.face import FloatArray
from models.registration.registrar import load_registrar
from models.rig.corners import to_the_corners
from models.rig.model import LEVELS, STEPS, WEIGHTS, below_lips, rim_distance
from models.rig.subdivision import Subdivision, subdivide
from models.shipped import save_shipped
from scripts.fit_rig.au_basis import au_basis
from scripts.fit_rig.correspondence import correspond
from scripts.fit_rig.ict import IctModel, load_ict
from scripts.fit_rig.photos import read_face
from scripts.fit_rig.shown import shown_reading
from scripts.fit_rig.smiles import smile_at_e
from scripts.fit_rig.teeth import teeth_sets
from scripts.fit_rig.wrinkles import wrinkle_maps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="london/, canada/ and ict/")
    data = parser.parse_args().data
    face, registrar = canonical_face(), load_registrar()
    mesh = subdivide(np.array(face.all_triangles), len(face.mesh), LEVELS)
    dense = to_the_corners(mesh.refine(face.mesh))
    names = sorted(path.name for path in (data / "london" / "smiling").glob("*.jpg"))
    neutral = [read_face(registrar, data / "london" / "neutral" / name) for name in names]
    smiling = [read_face(registrar, data / "london" / "smiling" / name) for name in names]
    others = [read_face(registrar, path) for path in sorted((data / "canada").glob("*.jpg"))]

    basis = _basis(face, mesh, dense, load_ict(data / "ict" / "ict_face.npz"))
    maps, relief = wrinkle_maps()
    maps[SUPPORTED_AUS.index("AU12")] += smile_at_e(zip(neutral, smiling, strict=True))
    slope, offset = shown_reading(
        face,
        basis.astype(np.float64),
        [found.mesh for found in neutral],
        [found.mesh for found in smiling],
        [found.mesh for found in others],
    )
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "basis": basis.astype(np.float16),
        "appearance": _in_steps(maps),
        "relief": _in_steps(relief),
        "teeth": teeth_sets(registrar, data / "london"),
        "shown_slope": slope.astype(np.float32),
        "shown_offset": offset.astype(np.float32),
    }
    save_shipped(WEIGHTS, save(arrays))
    print({name: (array.shape, str(array.dtype)) for name, array in arrays.items()})


def _in_steps(maps: FloatArray) -> npt.NDArray[np.int8]:
    return np.clip(np.round(maps * STEPS), -STEPS, STEPS).astype(np.int8)


def _basis(face: CanonicalFace, mesh: Subdivision, dense: FloatArray, ict: IctModel) -> FloatArray:
    below = below_lips(mesh, dense)
    near_mouth = np.abs(dense[:, 0]) < 0.995 * dense[308, 0]
    upper = near_mouth & ~below & (dense[:, 1] > dense[2, 1])
    match = correspond(
        ict,
        dense[: len(face.mesh)].astype(np.float64),
        dense.astype(np.float64),
        upper,
        near_mouth & below,
    )
    return au_basis(ict, match, dense.astype(np.float64), rim_distance(face, dense))


if __name__ == "__main__":
    main()
