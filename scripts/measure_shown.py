"""How much of what photos show is found, and what is left when it was taken off.

Run as ``python -m scripts.measure_shown --data DATA [--people 8]``; prints Markdown. Smiles and
neutral faces are real; other action units are drawn by the rig into photos of people held out, put
back, found again and taken off; `compact` reads what is left.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from models.estimators.reader import Reader
from models.estimators.shipped import shipped_checkpoint
from models.expressions.shown import ShownReader
from models.facs import LEVELS, SUPPORTED_AUS
from models.generators.paste import paste_back
from models.generators.rig import RigGenerator
from models.registration.registrar import load_registrar
from models.rig.shown import shown_expression
from scripts.fit_rig.photos import read_face
from scripts.train_compact.people import split_people

_AUS: Final = ("AU01", "AU02", "AU04", "AU10", "AU12", "AU15", "AU17", "AU20", "AU24", "AU25")
_NOTHING: Final = np.zeros((len(SUPPORTED_AUS), 2), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--people", type=int, default=8)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    registrar, reader, rig = (
        load_registrar(),
        Reader(shipped_checkpoint("compact"), 1),
        RigGenerator(),
    )
    shown, smile = ShownReader(reader), SUPPORTED_AUS.index("AU12")
    everybody = split_people(args.data)
    neutral = [read_face(registrar, person.neutral) for person in everybody]
    found = shown.read(neutral)
    print(f"{int(found.any(axis=(1, 2)).sum())} of {len(neutral)} neutral faces show something.")
    for name, some in (
        ("everybody", [one for one in everybody if one.smiling]),
        ("held out", [one for one in everybody if one.smiling and one.split != "train"]),
    ):
        smiling = [read_face(registrar, one.smiling) for one in some if one.smiling]
        mesh = np.mean([shown_expression(face)[smile].any() for face in smiling])
        both = np.mean(shown.read(smiling)[:, smile].any(axis=1))
        print(f"Smiles of {len(smiling)} people, {name}: by the mesh {mesh:.0%}, now {both:.0%}.")
    held_out = [row for row, one in enumerate(everybody) if one.split == "test"][: args.people]
    faces = [neutral[row] for row in held_out]
    rest = reader.estimate(np.stack([face.image for face in faces])).intensities
    print("\n| drawn | found in | reads before | left, median | left, half a level or less |")
    print("|---|---|---|---|---|")
    for au in _AUS:
        column = SUPPORTED_AUS.index(au)
        for level in (3, 5):
            target = _NOTHING.copy()
            target[column] = level
            drawings = rig.generate(faces, np.repeat(target[None], len(faces), axis=0))
            photos = [
                registrar.register(paste_back(face, one, target))
                for face, one in zip(faces, drawings, strict=True)
            ]
            seen = shown.read(photos)
            before = reader.estimate(np.stack([one.image for one in photos])).intensities[:, column]
            cleared = [
                registrar.register(
                    paste_back(
                        one,
                        rig.generate([one], _NOTHING[None], what[None])[0],
                        _NOTHING,
                        what,
                    )
                )
                for one, what in zip(photos, seen, strict=True)
            ]
            after = reader.estimate(np.stack([one.image for one in cleared])).intensities[:, column]
            left = after - rest[:, column]
            hits = int(np.count_nonzero(seen[:, column].max(axis=1)))
            print(
                f"| {au} {LEVELS[level]} | {hits} of {len(faces)} | {before.mean():.1f} | "
                f"{np.median(left):.1f} | {(left <= 0.5).mean():.0%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
