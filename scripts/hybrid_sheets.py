"""Draws the contact sheets of ``hybrid`` under ``docs/``: real smiles, and every AU beside the rig.

Run as ``python -m scripts.hybrid_sheets --data DATA`` where DATA holds ``london/`` and ``canada/``.
The people are of those whom ``hybrid`` did not learn from, and the rig's smile map, an average, is
fitted without them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from models.contact_sheet import contact_sheet
from models.facs import AU_NAMES, SUPPORTED_AUS, Target
from models.generators.base import Generator
from models.generators.hybrid import HybridGenerator
from models.generators.paste import drawing_size, paste_back
from models.generators.rig import RigGenerator
from models.hybrid.corrector import shipped_checkpoint, shipped_corrector
from models.images import ImageArray
from models.registration import load_registrar
from models.registration.face import FloatArray, RegisteredFace
from models.rig.model import rig_model
from models.rig.shown import READ_AUS
from scripts.fit_rig.photos import read_face
from scripts.rig_sheets import save
from scripts.train_compact.people import split_people
from scripts.train_hybrid.pairs import Photographed, photographed, rig_without, smile_of

_ROWS: Final = 8
_ALL_AUS: Final = 3
_ELSEWHERE: Final = ("canada/024f.jpg", "canada/115m.jpg")
"""Other cameras and lamps than those that hybrid learnt from."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds london/ and canada/")
    parser.add_argument("--out", type=Path, default=Path("docs"))
    parser.add_argument("--png", action="store_true", help="write large PNGs, to look closely")
    parser.add_argument("--rows", type=int, default=_ROWS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    held_out = set(shipped_checkpoint().config["lineage"]["held out"])
    registrar = load_registrar()
    everybody = photographed(registrar, split_people(options.data))
    known = [one for one in everybody if one.name not in held_out]
    shown = [one for one in everybody if one.name in held_out]
    chosen = [shown[int(i)] for i in np.linspace(0, len(shown) - 1, options.rows).round()]
    rig = rig_without(rig_model(), known, everybody)
    pair = RigGenerator(rig), HybridGenerator(shipped_corrector(), rig)
    cell = 224 if options.png else 150
    elsewhere = [read_face(registrar, options.data / name) for name in _ELSEWHERE]
    sheets = {"hybrid_elsewhere": _elsewhere(elsewhere, pair, cell)}
    for name, sheet in (*_sheets(chosen, pair, cell), *sheets.items()):
        if options.png:
            Image.fromarray(sheet).save(options.out / f"{name}.png")
        else:
            save(sheet, options.out / f"{name}.jpg")


def _sheets(
    people: Sequence[Photographed], pair: tuple[Generator, Generator], cell: int
) -> Iterator[tuple[str, ImageArray]]:
    rows = [_smile_row(one, pair) for one in people]
    columns = ["neutral\nphoto", "smile\nrig", "smile\nhybrid", "smile\nphoto", "taken off\nrig",
               "taken off\nhybrid"]  # fmt: skip
    yield "hybrid_smiles", contact_sheet(rows, [""] * len(rows), columns, int(1.2 * cell))
    few = people[:: max(1, len(people) // _ALL_AUS)][:_ALL_AUS]
    for name, aus in (("hybrid_upper", SUPPORTED_AUS[:7]), ("hybrid_lips", SUPPORTED_AUS[7:13]),
                      ("hybrid_mouth", SUPPORTED_AUS[13:])):  # fmt: skip
        asked = {f"{au} {level}\n{AU_NAMES[au]}": Target.parse({au: level}).array()
                 for au in aus for level in "CE"}  # fmt: skip
        rows, labels = [], []
        for one in few:
            for generator in pair:
                rows.append([_drawn(generator, one.neutral, target) for target in asked.values()])
                labels.append(generator.name)
        yield name, contact_sheet(rows, labels, list(asked), cell)


def _elsewhere(
    faces: Sequence[RegisteredFace], pair: tuple[Generator, Generator], cell: int
) -> ImageArray:
    """Two smiles and parted lips, rig beside hybrid, pasted."""
    asked = {
        "AU12 D": {"AU12": "D"},
        "AU06 C, AU12 D,\nAU25 D": {"AU06": "C", "AU12": "D", "AU25": "D"},
        "AU25 C": {"AU25": "C"},
    }
    targets = [Target.parse(one).array() for one in asked.values()]
    rows = [
        [_cropped(face, face.photo)]
        + [_pasted(generator, face, target) for target in targets for generator in pair]
        for face in faces
    ]
    columns = ["photo", *(f"{label}\n{one.name}" for label in asked for one in pair)]
    return contact_sheet(rows, [""] * len(rows), columns, int(1.2 * cell))


def _smile_row(one: Photographed, pair: tuple[Generator, Generator]) -> list[ImageArray]:
    smile, shown = smile_of(rig_model(), one), smile_of(rig_model(), one, READ_AUS)
    rig, hybrid = pair
    nothing = np.zeros_like(smile)
    return [
        _cropped(one.neutral, one.neutral.photo),
        _pasted(rig, one.neutral, smile),
        _pasted(hybrid, one.neutral, smile),
        _cropped(one.smiling, one.smiling.photo),
        _pasted(rig, one.smiling, nothing, shown),
        _pasted(hybrid, one.smiling, nothing, shown),
    ]


def _drawn(generator: Generator, face: RegisteredFace, target: FloatArray) -> ImageArray:
    return np.asarray(generator.generate([face], target[None])[0])


def _pasted(
    generator: Generator, face: RegisteredFace, target: FloatArray,
    source: FloatArray | None = None,
) -> ImageArray:  # fmt: skip
    sources = None if source is None else source[None]
    drawing = generator.generate([face], target[None], sources, size=drawing_size(face))[0]
    return _cropped(face, paste_back(face, drawing, target, source))


def _cropped(face: RegisteredFace, photo: ImageArray) -> ImageArray:
    """The photo from the eyes down."""
    points = face.photo_view.project(face.mesh)[:, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, (high[0] - low[0]) * 0.58
    middle[1] += 0.12 * (high[1] - low[1])
    corner = np.maximum(middle - half, 0).astype(int)
    end = (middle + half).astype(int)
    return np.ascontiguousarray(photo[corner[1] : end[1], corner[0] : end[0]])


if __name__ == "__main__":
    main()
