"""Ordinary portraits to learn from: registered once, with what the blendshapes say of them.

Run as ``python -m scripts.train_compact.portraits --photos FOLDER --out FOLDER``. Writes
``portraits.npz``. Nobody coded these photographs; blendshapes order them (`teachers`).
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.corpora.splits import subject_disjoint
from models.corpora.table import Split
from models.estimators.blendshapes import BLENDSHAPES, load_blendshape_reader
from models.estimators.crop import crop_faces
from models.images import decode_image
from models.registration.face import ImageArray, RegisteredFace
from models.registration.refined import load_refined_finder
from models.registration.registrar import RegistrationError, load_registrar

FloatArray = npt.NDArray[np.float32]
FILE: Final = "portraits.npz"
_SUFFIXES: Final = (".jpg", ".jpeg", ".png")
_SHARES: Final = (0.64, 0.18, 0.18)
"""Of the portraits that are learnt from, that choose, and that are only measured on."""


@dataclass(frozen=True, eq=False)
class Portraits:
    """Portraits of N people, one each.

    Attributes:
        names: of the files.
        splits: by the file's name alone.
        images: uint8 (N, 128, 96, 3), what `compact` sees.
        blendshapes: float32 (N, 52).
    """

    names: tuple[str, ...]
    splits: tuple[Split, ...]
    images: ImageArray
    blendshapes: FloatArray

    @classmethod
    def load(cls, folder: Path) -> Portraits:
        """Read what `main` wrote into `folder`."""
        with np.load(folder / FILE) as stored:
            return cls(
                tuple(stored["name"].tolist()),
                tuple(stored["split"].tolist()),
                stored["images"],
                stored["blendshapes"],
            )

    def of(self, split: Split) -> Portraits:
        """Those of a split."""
        rows = [row for row, one in enumerate(self.splits) if one == split]
        return Portraits(
            tuple(self.names[row] for row in rows),
            tuple(self.splits[row] for row in rows),
            self.images[rows],
            self.blendshapes[rows],
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="a folder of portraits")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    registrar, refined, reader = load_registrar(), load_refined_finder(), load_blendshape_reader()
    names, images, coefficients = [], [], []
    for path in sorted(args.photos.iterdir()):
        if path.suffix.lower() not in _SUFFIXES:
            continue
        try:
            face: RegisteredFace = registrar.register(decode_image(path.read_bytes()).rgb)
        except RegistrationError as error:
            print(f"{path.name}: {error}")
            continue
        points = refined.refine(face.photo, face.photo_view.project(face.mesh)).points
        names.append(path.stem)
        images.append(crop_faces(face.image[None])[0])
        coefficients.append(reader.read(points))
    if not names:
        raise SystemExit(f"{args.photos} has no portraits in which a face is found")
    splits = subject_disjoint(names, _SHARES)
    np.savez(
        args.out / FILE,
        name=names,
        split=[splits[name] for name in names],
        images=np.stack(images),
        blendshapes=np.stack(coefficients).reshape(-1, len(BLENDSHAPES)),
    )
    print(f"{len(names)} portraits; {Counter(splits.values())}")


if __name__ == "__main__":
    main()
