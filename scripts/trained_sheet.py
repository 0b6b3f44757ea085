"""Draws the contact sheet of a trained generator: every AU at C and E beside the rig.

Run as ``python -m scripts.trained_sheet --data DATA --trained RUN/generator --out SHEET.jpg`` where
DATA holds ``london/``. The people are of those that `scripts.train_ganimation` holds out.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from models.contact_sheet import contact_sheet
from models.facs import SUPPORTED_AUS, Target
from models.generators.base import Generator
from models.generators.learned import load_learned
from models.generators.rig import RigGenerator
from models.images import ImageArray
from models.registration import load_registrar
from scripts.rig_sheets import save
from scripts.train_compact.people import split_people
from scripts.train_hybrid.pairs import Photographed, photographed

_PEOPLE: Final = 2
_CELL: Final = 110
_LEVELS: Final = "CE"
_FACE: Final = (slice(20, 214), slice(30, 194))
"""Rows and columns of a registered image that hold the face."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds london/ and canada/")
    parser.add_argument("--trained", type=Path, required=True, help="checkpoint of a generator")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    generators: dict[str, Generator] = {
        "rig": RigGenerator(),
        "trained": load_learned(options.trained),
    }
    test = [one for one in split_people(options.data) if one.split == "test" and one.smiling]
    chosen = [test[int(i)] for i in np.linspace(0, len(test) - 1, _PEOPLE).round()]
    people = photographed(load_registrar(), chosen)
    rows = [
        [image for one in people for image in _cells(one, au, generators)] for au in SUPPORTED_AUS
    ]
    levels = [f"{name}\n{level}" for name in generators for level in _LEVELS]
    columns = ["photo", *levels] * len(people)
    save(contact_sheet(rows, list(SUPPORTED_AUS), columns, _CELL), options.out)


def _cells(one: Photographed, au: str, generators: Mapping[str, Generator]) -> list[ImageArray]:
    targets = np.stack([Target.parse({au: level}).array() for level in _LEVELS])
    drawn = [made.generate([one.neutral] * len(targets), targets) for made in generators.values()]
    return [image[_FACE] for image in (one.neutral.image, *np.concatenate(drawn))]


if __name__ == "__main__":
    main()
