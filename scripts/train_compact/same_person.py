"""Fits and measures the check that a reference shows the same person.

Run as ``python -m scripts.train_compact.same_person --data DATA --drawn FOLDER``. Learns from
training people's smiles and drawn expressions, registered again, and writes
``models/weights/same_person.safetensors``; prints how sure it is on the people
held out, which ``same_person.json`` beside the drawings keeps for the card.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.corpora.table import Split
from models.estimators.same_person import WEIGHTS, PersonModel, fit_person_model
from models.generators.expressions import balanced_targets
from models.generators.rig import RigGenerator
from models.registration.registrar import RegistrationError, load_registrar
from models.shipped import save_shipped
from scripts.fit_rig.photos import read_face
from scripts.train_compact.people import split_people
from scripts.train_compact.photographs import Photographs

FloatArray = npt.NDArray[np.float32]
_EXPRESSIONS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--drawn", type=Path, required=True)
    args = parser.parse_args()
    photographs = Photographs.load(args.drawn / "people.npz")
    drawn = {split: _drawn_pairs(args.data, split) for split in ("train", "test")}
    people, smiles = photographs.pairs("train")
    training = [index for index, split in enumerate(photographs.splits) if split == "train"]
    # drawings move a face as far as it goes: let smiles count for as much as they do together
    repeats = max(1, len(drawn["train"][0]) // len(people))
    pairs = (
        np.concatenate([drawn["train"][0], *[photographs.neutral_mesh[people]] * repeats]),
        np.concatenate([drawn["train"][1], *[photographs.smiling_mesh[smiles]] * repeats]),
    )
    model = fit_person_model(photographs.neutral_mesh[training], pairs)
    save_shipped(WEIGHTS, model.content())
    figures = json.dumps(measured(model, photographs, drawn["test"]), indent=2)
    (args.drawn / "same_person.json").write_text(f"{figures}\n")
    print(figures)


def measured(
    model: PersonModel, photographs: Photographs, drawn: tuple[FloatArray, FloatArray]
) -> dict[str, float]:
    """How sure the check is on test people: real smiles against neutrals, and drawn ones."""
    people, smiles = photographs.pairs("test")
    neutral = model.signature(photographs.neutral_mesh[people])
    smiling = model.signature(photographs.smiling_mesh[smiles])
    apart = np.linalg.norm(neutral[:, None] - smiling[None], axis=-1)
    same, other = np.diag(apart), apart[~np.eye(len(apart), dtype=bool)]
    changed = np.linalg.norm(model.signature(drawn[0]) - model.signature(drawn[1]), axis=-1)
    return {
        "limit": round(model.limit, 2),
        "people": float(len(people)),
        "AUC, own against others' smiles": round(float((same[:, None] < other[None]).mean()), 4),
        "own smile refused": round(float((same > model.limit).mean()), 4),
        "own drawn expression refused": round(float((changed > model.limit).mean()), 4),
        "other person let through": round(float((other <= model.limit).mean()), 4),
    }


def _drawn_pairs(data: Path, split: Split) -> tuple[FloatArray, FloatArray]:
    """Meshes of neutral photographs and of drawn expressions found in the drawings."""
    registrar, rig = load_registrar(), RigGenerator()
    rng = np.random.default_rng(21)
    before, after = [], []
    for person in split_people(data):
        if person.split != split:
            continue
        face = read_face(registrar, person.neutral)
        for drawing in rig.generate([face] * _EXPRESSIONS, balanced_targets(_EXPRESSIONS, rng)):
            try:
                found = registrar.register(drawing)
            except RegistrationError:
                continue
            before.append(face.mesh)
            after.append(found.mesh)
    return np.stack(before), np.stack(after)


if __name__ == "__main__":
    main()
