"""Draws the faces to learn from, to choose by and to measure on, once, into plain arrays.

Run as ``python -m scripts.train_compact.draw --data DATA --out FOLDER``. Writes for each split
``SPLIT_images.npy`` uint8 (N, 128, 96, 3), ``SPLIT_labels.npy`` float32 (N, 18) in 0..5,
``SPLIT_person.npy`` int16 (N,), and ``people.npz`` with the photographs, registered. Rows are in
random order and written as they are drawn: a part of them is a smaller set of the same kind.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from models.estimators.crop import CROP_HEIGHT, CROP_WIDTH, crop_faces
from models.facs import bilateral
from models.generators.expressions import balanced_targets
from models.generators.rig import RigGenerator
from models.registration.face import ImageArray, RegisteredFace
from models.registration.registrar import Registrar, RegistrationError, load_registrar
from scripts.fit_rig.photos import read_face
from scripts.train_compact.people import Person, split_people
from scripts.train_compact.rig import training_rig

_AGAIN = 0.28
"""Share of drawings that go through registration again, as a photograph would."""
_SEEDS = {"test": 11, "validation": 12, "train": 13}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with london/ and canada/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--train", type=int, default=28_000)
    parser.add_argument("--validation", type=int, default=1_728)
    parser.add_argument("--test", type=int, default=3_888)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    registrar = load_registrar()
    people = split_people(args.data)
    neutral = [read_face(registrar, person.neutral) for person in people]
    smiling = [
        read_face(registrar, person.smiling) if person.smiling else None for person in people
    ]
    _save_photographs(args.out / "people.npz", people, neutral, smiling)
    pairs = [
        (person.split, (before, after))
        for person, before, after in zip(people, neutral, smiling, strict=True)
        if after is not None
    ]
    known = [pair for split, pair in pairs if split == "train"]
    rig = RigGenerator(training_rig([pair for _, pair in pairs], known))
    for split, count in (
        ("validation", args.validation),
        ("test", args.test),
        ("train", args.train),
    ):
        members = [index for index, person in enumerate(people) if person.split == split]
        generator = rig if split == "train" else RigGenerator()
        _draw(args.out, split, members, neutral, generator, registrar, count)


def _save_photographs(
    path: Path,
    people: tuple[Person, ...],
    neutral: list[RegisteredFace],
    smiling: list[RegisteredFace | None],
) -> None:
    np.savez(
        path,
        name=[person.name for person in people],
        split=[person.split for person in people],
        smiles=[face is not None for face in smiling],
        neutral=np.stack([face.image for face in neutral]),
        smiling=np.stack([face.image for face in smiling if face is not None]),
        neutral_mesh=np.stack([face.mesh for face in neutral]),
        smiling_mesh=np.stack([face.mesh for face in smiling if face is not None]),
    )


def _draw(
    out: Path,
    split: str,
    members: list[int],
    faces: list[RegisteredFace],
    generator: RigGenerator,
    registrar: Registrar,
    count: int,
) -> None:
    rng = np.random.default_rng(_SEEDS[split])
    targets = balanced_targets(count, rng)
    person = np.resize(np.array(members, np.int16), count)
    rng.shuffle(person)
    again = rng.random(count) < _AGAIN
    np.save(out / f"{split}_labels.npy", bilateral(targets))
    np.save(out / f"{split}_person.npy", person)
    images = np.lib.format.open_memmap(
        out / f"{split}_images.npy", "w+", np.uint8, (count, CROP_HEIGHT, CROP_WIDTH, 3)
    )
    start = time.monotonic()
    block = 2_000
    for first in range(0, count, block):
        rows = np.arange(first, min(first + block, count))
        # one person after the other: the rig measures a face once a call
        for member in np.unique(person[rows]):
            mine = rows[person[rows] == member]
            drawn = generator.generate(
                [faces[member]] * len(mine), targets[mine], seeds=mine.tolist()
            )
            for place in np.flatnonzero(again[mine]):
                drawn[place] = _registered_again(registrar, drawn[place])
            images[mine] = crop_faces(drawn)
        images.flush()
        rate = (rows[-1] + 1) / (time.monotonic() - start)
        print(f"{split} {rows[-1] + 1}/{count} {rate:.0f}/s", flush=True)


def _registered_again(registrar: Registrar, drawing: ImageArray) -> ImageArray:
    try:
        return registrar.register(drawing).image
    except RegistrationError:
        return drawing


if __name__ == "__main__":
    main()
