"""Measures what personalising gains, and what it costs, on people held out.

Run as ``python -m scripts.train_compact.personal --data DATA --drawn FOLDER --run FOLDER --split
validation --people 6`` to choose a recipe, and with ``--split test`` to report. Prints and writes
``personal-SPLIT.json``: for each way of reading, ICC(3,1) and MAE on drawings the person's
estimator has not seen, and on photographs the AUC of real smiles, the mean of all outputs on the
neutral face under another camera, and the mean AU12 of the smile.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file

from models.estimators.compact import Compact
from models.estimators.config import EstimatorConfig
from models.estimators.crop import crop_faces
from models.estimators.estimator import Estimator
from models.estimators.faces import ImageArray, LabelledFaces, to_tensor
from models.estimators.ordinal import expected_intensity
from models.facs import SUPPORTED_AUS
from models.generators.rig import RigGenerator
from models.metrics import two_afc
from models.personalisation.personalise import personalise
from models.personalisation.recipes import RECIPES, Recipe
from models.registration.registrar import load_registrar
from scripts.fit_rig.photos import read_face
from scripts.train_compact.drawn_check import agreement, read_drawn
from scripts.train_compact.measure import referenced
from scripts.train_compact.people import split_people
from scripts.train_compact.photographs import Photographs
from scripts.train_compact.train import drawn_faces

FloatArray = npt.NDArray[np.float32]
CANDIDATES: Final[Mapping[str, Recipe]] = {
    "paper": RECIPES["paper"],
    "heads alone": Recipe(3e-4, epochs=15, layers="heads", varied=True),
    "careful": RECIPES["careful"],
    "rehearsed": Recipe(3e-5, epochs=15, varied=True, rehearsal=0.5),
}


class Tally:
    """Readings of one way of reading, gathered person by person."""

    def __init__(self) -> None:
        self.labels: list[FloatArray] = []
        self.drawn: list[FloatArray] = []
        self.neutral: list[FloatArray] = []
        self.smiling: list[FloatArray] = []

    def row(self) -> dict[str, float]:
        """Figures over everybody so far; agreement is the mean over people."""
        each = [agreement(t, r) for t, r in zip(self.labels, self.drawn, strict=True)]
        neutral, smiling = np.stack(self.neutral), np.stack(self.smiling)
        true = np.repeat(np.array([0, 5], np.float32), len(neutral))
        out = {
            "icc": float(np.mean([icc for icc, _ in each])),
            "mae": float(np.mean([error for _, error in each])),
            "mean on neutral": float(neutral.mean()),
        }
        for au in ("AU12", "AU06"):
            column = SUPPORTED_AUS.index(au)
            read = np.concatenate([neutral[:, column], smiling[:, column]])
            out[f"AUC {au}"] = two_afc(true, read)
            out[f"smile mean {au}"] = float(smiling[:, column].mean())
        return {name: round(value, 3) for name, value in out.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--drawn", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--recipes", nargs="*", default=list(CANDIDATES))
    args = parser.parse_args()
    torch.set_num_threads(1)
    base = _base(args.run)
    photographs = Photographs.load(args.drawn / "people.npz")
    drawn = referenced(args.drawn, args.split, photographs)
    general = drawn_faces(args.drawn, "train", photographs)
    registrar, rig = load_registrar(), RigGenerator()
    people, smiles = photographs.pairs(args.split)
    paths = {person.name: person.neutral for person in split_people(args.data)}
    tallies: dict[str, Tally] = {}
    seconds: dict[str, list[float]] = {name: [] for name in args.recipes}
    for person, smile in list(zip(people, smiles, strict=True))[: args.people]:
        face = read_face(registrar, paths[photographs.names[person]])
        mine = _of(drawn, int(person))
        pictures = crop_faces(photographs.smiling[smile][None]), drawn.neutrals[person][None]
        _add(tallies, "generic", "one frame", base, mine, face.image, pictures)
        for name in args.recipes:
            start = time.process_time()
            tuned = personalise(base, face, rig, "fine-tune", CANDIDATES[name], rehearsal=general)
            seconds[name].append(time.process_time() - start)
            _add(tallies, name, f"{name} + one frame", tuned, mine, face.image, pictures)
        table: dict[str, Any] = {name: tally.row() for name, tally in tallies.items()}
        table["seconds"] = {name: round(float(np.median(s)), 1) for name, s in seconds.items()}
        table["people"] = len(tallies["generic"].labels)
        (args.run / f"personal-{args.split}.json").write_text(json.dumps(table, indent=2) + "\n")
        print(json.dumps(table), flush=True)


def _base(run: Path) -> Estimator:
    network = Compact()
    network.load_state_dict(load_file(run / "network.safetensors"))
    return Estimator(EstimatorConfig("compact", SUPPORTED_AUS, network={"au_count": 18}), network)


def _of(faces: LabelledFaces, person: int) -> LabelledFaces:
    """The drawings of one person."""
    rows = np.flatnonzero(faces.person == person)
    return LabelledFaces(faces.images[rows], faces.labels[rows], faces.person[rows], faces.neutrals)


def _add(
    tallies: dict[str, Tally],
    alone: str,
    compared: str,
    estimator: Estimator,
    drawn: LabelledFaces,
    neutral_photo: ImageArray,
    pictures: tuple[ImageArray, ImageArray],
) -> None:
    """Read everything of one person, alone and beside the neutral photo."""
    network = estimator.network
    if not isinstance(network, Compact):
        raise TypeError("expected a compact network")
    logits = read_drawn(network, drawn)
    with torch.inference_mode():
        smiling, neutral = (network.features(to_tensor(image)) for image in pictures)
        reference = network.features(to_tensor(crop_faces(neutral_photo[None])))
        for name, read, against in (
            (alone, logits.absolute, None),
            (compared, logits.comparing, reference),
        ):
            tally = tallies.setdefault(name, Tally())
            tally.labels.append(drawn.labels)
            tally.drawn.append(expected_intensity(read).numpy())
            for kept, features in ((tally.neutral, neutral), (tally.smiling, smiling)):
                kept.append(expected_intensity(network.logits(features, against)).numpy()[0])


if __name__ == "__main__":
    main()
