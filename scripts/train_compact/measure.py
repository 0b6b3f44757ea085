"""Measures a trained `compact` on people who were in neither training nor choice, and ships it.

Run as ``python -m scripts.train_compact.measure --data DATA --drawn FOLDER --run FOLDER
[--ship]``. Temperatures are fitted on validation people. Writes ``figures-SPLIT.json`` beside the
run; with ``--ship`` the checkpoint, its card and its figure into ``models/weights/compact``, for
for which `personal` (split test) and `scripts.measure_identity` must have run.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file

from models.corpora.table import Split
from models.estimators.augment import Augment, AugmentConfig
from models.estimators.blendshapes import as_action_units
from models.estimators.calibration import put_in, temperatures
from models.estimators.compact import Compact
from models.estimators.faces import LabelledFaces
from models.estimators.ordinal import class_probabilities
from models.estimators.reliability import Reliability, reliability
from models.facs import SUPPORTED_AUS
from models.metrics import icc31, mae, mean_defined, per_column, spearman, two_afc
from scripts.train_compact.drawn_check import as_answered, read_drawn
from scripts.train_compact.groups import by_group, groups_of
from scripts.train_compact.photographs import Photographs
from scripts.train_compact.portrait_check import read_portraits, read_under_cameras
from scripts.train_compact.portraits import Portraits
from scripts.train_compact.redraw import drawn_now
from scripts.train_compact.ship import ship
from scripts.train_compact.smile_check import SMILE_AUS, PlainSmileCheck, SmileCheck
from scripts.train_compact.teach import started
from scripts.train_compact.train import drawn_faces

FloatArray = npt.NDArray[np.float32]
OTHER_CAMERA: Final = AugmentConfig(
    mirror=0, cutout=0, grey=0, side_light=0.2, noise=0.02, cast=0.06
)
"""What a neutral reference goes through: compared with its very own pixels, neutral reads 0."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drawn", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with london/")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--ship", action="store_true")
    parser.add_argument("--before", type=Path, help="with --ship: run measured before, to compare")
    parser.add_argument("--identity", type=Path, help="with --ship: of scripts.measure_identity")
    parser.add_argument("--split", choices=("validation", "test"), default="test")
    args = parser.parse_args()
    torch.set_num_threads(1)
    photographs = Photographs.load(args.drawn / "people.npz")
    network = Compact()
    network.load_state_dict(load_file(args.run / "network.safetensors"))
    network.eval()
    fitted = read_drawn(network, referenced(args.drawn, "validation", photographs))
    truth = torch.from_numpy(np.load(args.drawn / "validation_labels.npy"))
    put_in(network, temperatures(fitted.absolute, truth), temperatures(fitted.comparing, truth))
    held_out = referenced(args.drawn, args.split, photographs)
    drawn, curves = on_drawings(network, held_out, groups_of(args.data, photographs))
    figures = {
        "split": args.split,
        "people": len(photographs.pairs(args.split)[0]),
        "drawn": drawn,
        "drawn now": on_drawings(network, drawn_now(args.data, held_out))[0],
        "photographs": on_photographs(network, photographs, args.split),
        "portraits": on_portraits(network, Portraits.load(args.drawn).of(args.split)),
    }
    (args.run / f"figures-{args.split}.json").write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
    if args.ship:
        training = json.loads((args.run / "training.json").read_text())
        personal = json.loads((args.run / "personal-test.json").read_text())
        before = json.loads((args.before / f"figures-{args.split}.json").read_text())
        identity = json.loads(args.identity.read_text())
        ship(network, figures, curves, training, args.drawn, personal, before, identity)


def referenced(folder: Path, split: Split, photographs: Photographs) -> LabelledFaces:
    """The drawings of a split, their neutral references seen by another camera."""
    faces = drawn_faces(folder, split, photographs)
    varied = Augment(OTHER_CAMERA)(faces.neutrals, np.random.default_rng(7))
    neutrals = ((varied.permute(0, 2, 3, 1).numpy() + 1) * 127.5).round().astype(np.uint8)
    return LabelledFaces(faces.images, faces.labels, faces.person, neutrals)


def on_drawings(
    network: Compact,
    faces: LabelledFaces,
    groups: Mapping[str, Mapping[int, str]] | None = None,
) -> tuple[dict[str, Any], dict[str, Reliability]]:
    """ICC, MAE and calibration of each way of reading, by AU, by group and on average."""
    logits = read_drawn(network, faces)
    absolute = as_answered(logits.absolute)
    neutral = as_answered(logits.neutral)[faces.person]
    people = np.unique(faces.person)
    shifted = dict(zip(people.tolist(), np.roll(people, 1).tolist(), strict=True))
    wrong = LabelledFaces(
        faces.images,
        faces.labels,
        np.array([shifted[person] for person in faces.person.tolist()]),
        faces.neutrals,
    )
    readings = {
        "absolute": absolute,
        "minus own neutral": np.clip(absolute - neutral, 0, 5),
        "one neutral frame": as_answered(logits.comparing),
        "another person's neutral": as_answered(read_drawn(network, wrong).comparing),
    }
    curves = {
        "absolute": reliability(class_probabilities(logits.absolute).numpy(), faces.labels),
        "one neutral frame": reliability(
            class_probabilities(logits.comparing).numpy(), faces.labels
        ),
    }
    out: dict[str, Any] = {"faces": len(faces.images)}
    for name, read in readings.items():
        icc, error = per_column(icc31, faces.labels, read), per_column(mae, faces.labels, read)
        out[name] = {
            "icc": round(mean_defined(icc).value, 4),
            "mae": round(mean_defined(error).value, 4),
            "by AU": {
                au: {"icc": round(one, 3), "mae": round(other, 3)}
                for au, one, other in zip(SUPPORTED_AUS, icc, error, strict=True)
            },
        }
    for name, curve in curves.items():
        out[name]["calibration error"] = round(curve.error, 4)
    if groups is not None:
        ways = {name: readings[name] for name in curves}
        out["groups"] = by_group(faces.labels, faces.person, ways, groups)
    return out, curves


def on_photographs(network: Compact, photographs: Photographs, split: Split) -> dict[str, Any]:
    """Real smiles against real neutral faces, as they are and under made-up cameras."""
    out: dict[str, Any] = {}
    for camera, check in (
        ("as they are", PlainSmileCheck(photographs, split)),
        ("six made-up cameras", SmileCheck(photographs, split, 6)),
    ):
        absolute = check.read(network, compare=False)
        comparing = check.read(network, compare=True)
        own = expected_of_references(network, check)
        readings = {
            "absolute": (absolute.neutral, absolute.smiling),
            "minus own neutral": (
                np.clip(absolute.neutral - own, 0, 5),
                np.clip(absolute.smiling - own, 0, 5),
            ),
            "one neutral frame": (comparing.neutral, comparing.smiling),
        }
        out[camera] = {name: _smile_row(*read) for name, read in readings.items()}
    return out


def on_portraits(network: Compact, portraits: Portraits) -> dict[str, Any]:
    """Ordinary portraits that neither taught nor chose: agreement in order, by AU.

    With the blendshapes, with the network that ships now, and of two cameras with each other; 95 %
    intervals over portraits.
    """
    read, cameras = read_portraits(network, portraits), read_under_cameras(network, portraits, 2)
    earlier = read_portraits(started(None), portraits)
    units = as_action_units(portraits.blendshapes)
    out: dict[str, Any] = {"portraits": len(portraits.names), "by AU": {}}
    for column, au in enumerate(SUPPORTED_AUS):
        pairs = {
            "blendshapes": None if au not in units else (read[:, column], units[au]),
            "before, blendshapes": None if au not in units else (earlier[:, column], units[au]),
            "before": (read[:, column], earlier[:, column]),
            "cameras": (cameras[0, :, column], cameras[1, :, column]),
        }
        out["by AU"][au] = {
            name: None if pair is None else _agreement(*pair) for name, pair in pairs.items()
        }
    for name in ("blendshapes", "before, blendshapes", "before", "cameras"):
        values = [row[name][0] for row in out["by AU"].values() if row[name] is not None]
        out[name] = round(float(np.mean(values)), 3)
    return out


def _agreement(one: FloatArray, other: FloatArray) -> list[float]:
    """Rank correlation with its 95 % interval over portraits."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, len(one), (300, len(one)))
    low, high = np.nanquantile([spearman(one[k], other[k]) for k in rows], [0.025, 0.975])
    return [round(float(value), 3) for value in (spearman(one, other), low, high)]


def expected_of_references(network: Compact, check: SmileCheck) -> FloatArray:
    """What the absolute head reads on the references themselves."""
    with torch.inference_mode():
        parts = [as_answered(network(images)) for images in check.reference]
    return np.concatenate(parts)


def _smile_row(neutral: FloatArray, smiling: FloatArray) -> dict[str, Any]:
    worst = int(neutral.mean(axis=0).argmax())
    row: dict[str, Any] = {
        "mean on neutral": round(float(neutral.mean()), 3),
        "worst on neutral": f"{SUPPORTED_AUS[worst]} {neutral.mean(axis=0)[worst]:.2f}",
    }
    for au in SMILE_AUS:
        column = SUPPORTED_AUS.index(au)
        spread = _bootstrapped(neutral[:, column], smiling[:, column])
        row[f"AUC {au}"] = round(_auc(neutral[:, column], smiling[:, column]), 3)
        row[f"AUC {au} 95%"] = [round(value, 3) for value in spread]
        row[f"smile mean {au}"] = round(float(smiling[:, column].mean()), 2)
    return row


def _auc(neutral: FloatArray, smiling: FloatArray) -> float:
    true = np.repeat(np.array([0, 5], np.float32), [len(neutral), len(smiling)])
    return two_afc(true, np.concatenate([neutral, smiling]))


def _bootstrapped(neutral: FloatArray, smiling: FloatArray) -> tuple[float, float]:
    """95% interval of the AUC over people drawn with replacement."""
    rng = np.random.default_rng(0)
    values = []
    for _ in range(500):
        rows = rng.integers(0, len(neutral), len(neutral))
        values.append(_auc(neutral[rows], smiling[rows]))
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    main()
