"""Measures what personalising gains, and what it costs, on people held out.

Run as ``python -m scripts.train_compact.personal --data DATA --drawn FOLDER --run FOLDER --split
validation`` to choose a recipe, and with ``--split test`` to report. Prints and writes
``personal-SPLIT.json``: for each way of reading, by the tuned weights and by those half-way to
them, ICC(3,1) and MAE on drawings the person's estimator has not seen; on photographs under four
made-up cameras the AUC of real smiles, how much higher the smile reads than the neutral face, and
what all outputs read on the neutral face. Each is the mean over people with their standard
deviation, and the difference to one neutral frame with its 95 % interval over people.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file

from models.estimators.augment import Augment, AugmentConfig
from models.estimators.compact import Compact
from models.estimators.config import EstimatorConfig
from models.estimators.crop import crop_faces
from models.estimators.estimator import Estimator
from models.estimators.faces import ImageArray, LabelledFaces, to_tensor
from models.estimators.ordinal import expected_intensity
from models.facs import SUPPORTED_AUS
from models.generators.rig import RigGenerator
from models.metrics import two_afc
from models.personalisation.personalise import blend, personalise
from models.personalisation.recipes import PAPER, Recipe
from models.registration.registrar import load_registrar
from scripts.fit_rig.photos import read_face
from scripts.train_compact.drawn_check import agreement, read_drawn
from scripts.train_compact.measure import referenced
from scripts.train_compact.people import split_people
from scripts.train_compact.photographs import Photographs
from scripts.train_compact.train import drawn_faces

FloatArray = npt.NDArray[np.float32]
CANDIDATES: Final[Mapping[str, Recipe]] = {
    "paper": PAPER,
    "varied": Recipe(3e-5, epochs=15, varied=True, anchor=1e-3),
    "anchored": Recipe(3e-5, epochs=15, varied=True, anchor=0.1),
    "heads alone": Recipe(3e-4, epochs=15, layers="heads", varied=True),
    "rehearsed": Recipe(3e-5, epochs=15, varied=True, rehearsal=0.5),
}
BASELINE: Final = "one frame"
_CAMERAS: Final = AugmentConfig(mirror=0, cutout=0)
_SMILES: Final = ("AU12", "AU06", "AU25")


class Tally:
    """Readings of one way of reading, gathered person by person.

    Of each person: intensities (D, 18) of drawings and their labels, and (C, 18) of the neutral
    and of the smiling photograph under C cameras.
    """

    def __init__(self) -> None:
        self.labels: list[FloatArray] = []
        self.drawn: list[FloatArray] = []
        self.neutral: list[FloatArray] = []
        self.smiling: list[FloatArray] = []

    def by_person(self) -> dict[str, FloatArray]:
        """Each figure of each person, (P,)."""
        agreed = [agreement(t, r) for t, r in zip(self.labels, self.drawn, strict=True)]
        out = {
            "icc": [icc for icc, _ in agreed],
            "mae": [error for _, error in agreed],
            "on neutral": [float(read.mean()) for read in self.neutral],
        }
        for au in _SMILES:
            column = SUPPORTED_AUS.index(au)
            out[f"{au} rise"] = [
                float(smile[:, column].mean() - rest[:, column].mean())
                for smile, rest in zip(self.smiling, self.neutral, strict=True)
            ]
        return {name: np.array(values, np.float32) for name, values in out.items()}

    def auc(self, au: str) -> float:
        """Chance that a smile reads higher than a neutral face, any two people and cameras."""
        column = SUPPORTED_AUS.index(au)
        rest, smile = (np.concatenate(all_)[:, column] for all_ in (self.neutral, self.smiling))
        true = np.repeat(np.array([0, 5], np.float32), [len(rest), len(smile)])
        return two_afc(true, np.concatenate([rest, smile]))

    def row(self, baseline: Tally) -> dict[str, Any]:
        """Figures over everybody so far, beside those of `baseline`."""
        out: dict[str, Any] = {f"AUC {au}": round(self.auc(au), 3) for au in _SMILES}
        other = baseline.by_person()
        for name, values in self.by_person().items():
            out[name] = {
                "mean": round(float(values.mean()), 3),
                "sd": round(float(values.std(ddof=1)), 3) if len(values) > 1 else None,
                "against one frame": _interval(values - other[name]),
            }
        return out


def _interval(differences: FloatArray) -> list[float]:
    """95 % interval of the mean over people drawn with replacement."""
    rng = np.random.default_rng(0)
    drawn = rng.choice(differences, (2_000, len(differences))).mean(axis=1)
    return [round(float(value), 3) for value in np.quantile(drawn, [0.025, 0.975])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--drawn", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--people", type=int, default=12)
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
        pictures = _seen(photographs.smiling[smile]), _seen(photographs.neutral[person])
        _add(tallies, "generic", BASELINE, base, mine, face.image, pictures)
        for name in args.recipes:
            start = time.process_time()
            tuned = personalise(base, face, rig, "fine-tune", CANDIDATES[name], rehearsal=general)
            seconds[name].append(time.process_time() - start)
            _add(tallies, name, f"{name} + one frame", tuned, mine, face.image, pictures)
            blend(tuned.network, base.network, 0.5)
            half = f"half {name}"
            _add(tallies, half, f"{half} + one frame", tuned, mine, face.image, pictures)
        table: dict[str, Any] = {
            name: tally.row(tallies[BASELINE]) for name, tally in tallies.items()
        }
        table["seconds"] = {name: round(float(np.median(s)), 1) for name, s in seconds.items()}
        table["people"] = len(tallies["generic"].labels)
        (args.run / f"personal-{args.split}.json").write_text(json.dumps(table, indent=2) + "\n")
        print(table["people"], table["seconds"], flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{json.dumps(table, indent=2)}\nPeak memory {peak:.0f} MB")


def _seen(photo: ImageArray) -> torch.Tensor:
    """A registered photograph under four made-up cameras, (4, 3, H, W)."""
    return Augment(_CAMERAS)(crop_faces(np.stack([photo] * 4)), np.random.default_rng(5))


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
    pictures: tuple[torch.Tensor, torch.Tensor],
) -> None:
    """Read everything of one person, alone and beside the neutral photo."""
    network = estimator.network
    if not isinstance(network, Compact):
        raise TypeError("expected a compact network")
    logits = read_drawn(network, drawn)
    with torch.inference_mode():
        smiling, neutral = (network.features(images) for images in pictures)
        reference = network.features(to_tensor(crop_faces(neutral_photo[None])))
        for name, read, against in (
            (alone, logits.absolute, None),
            (compared, logits.comparing, reference),
        ):
            tally = tallies.setdefault(name, Tally())
            tally.labels.append(drawn.labels)
            tally.drawn.append(expected_intensity(read).numpy())
            for kept, features in ((tally.neutral, neutral), (tally.smiling, smiling)):
                kept.append(expected_intensity(network.logits(features, against)).numpy())


if __name__ == "__main__":
    main()
