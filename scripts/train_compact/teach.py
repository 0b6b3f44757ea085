"""Teaches `compact` ordinary faces, beside the drawings, and chooses the step and the mixture.

Run as ``python -m scripts.train_compact.teach --drawn FOLDER --out FOLDER``, after `train` has
made the network to start from (``--start RUN``; the one that ships by default), `draw` the
drawings and `portraits` the portraits; a run of this script may be started from as well, with
drawings of another version of the rig. Interrupted, it goes on where it was. Writes
``network.safetensors`` (float32), ``choice.csv``, ``log.csv`` and ``state.safetensors``.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from safetensors.torch import load_file, save_file

from models.estimators.augment import Augment
from models.estimators.compact import Compact
from models.estimators.estimator import load_estimator
from models.estimators.faces import LabelledFaces, PeopleBatches
from models.estimators.ordinal import expected_intensity
from models.estimators.training import Record, TrainingConfig, train
from models.estimators.training_state import load_state, save_state
from models.facs import SUPPORTED_AUS
from scripts.train_compact.drawn_check import agreement, read_drawn
from scripts.train_compact.photographs import Photographs
from scripts.train_compact.portrait_check import (
    agreement_in_order,
    read_portraits,
    read_under_cameras,
)
from scripts.train_compact.portraits import Portraits
from scripts.train_compact.smile_check import SMILE_AUS, SmileCheck
from scripts.train_compact.smiles import resting_faces, smiling_faces
from scripts.train_compact.taught import Taught, TaughtBatches, Weights
from scripts.train_compact.teachers import VOTES, ordered, trust
from scripts.train_compact.train import drawn_faces

CONFIG: Final = TrainingConfig(
    steps=400,
    learning_rate=3e-4,
    warmup=40,
    cosine=True,
    decoupled_decay=0.02,
    average=0.98,
    clip=5.0,
    precision="bfloat16",
    validate_every=80,
)
QUIET: Final = 0.3
"""What the loudest AU may read on neutral faces before it costs."""
MIXTURES: Final = (0.6, 0.8, 1.0)
"""Shares of the taught weights beside those that training started from."""


class Choice:
    """Scores a network by people and portraits that are not learnt from; keeps a table."""

    def __init__(
        self,
        drawn: LabelledFaces,
        photographs: Photographs,
        portraits: Portraits,
        earlier: Compact,
        table: Path,
    ) -> None:
        self._drawn, self._portraits, self._table = drawn, portraits, table
        self._check = SmileCheck(photographs, "validation")
        self._earlier = read_portraits(earlier, portraits)

    def __call__(self, network: torch.nn.Module) -> float:
        """The mean AUC of real smiles over AU06, 10, 12 and 25 and both heads, plus the mean ICC
        of drawings, plus .3 of the portraits' agreement with those who order them, less what
        neutral faces read.
        """
        assert isinstance(network, Compact)
        row = self.measured(network)
        smiles = [
            np.mean([row[f"{head} {au}"] for au in SMILE_AUS]) for head in ("absolute", "comparing")
        ]
        drawn = (row["absolute icc"] + row["comparing icc"]) / 2
        order = 0.75 * row["blendshapes"] + 0.25 * row["earlier"]
        loud = max(0.0, row["absolute worst"] - QUIET) + max(0.0, row["comparing worst"] - QUIET)
        quiet = 0.1 * loud + 0.1 * row["absolute neutral"]
        score = float(np.mean(smiles) + drawn + 0.3 * order - quiet)
        row["score"] = round(score, 4)
        append(self._table, row)
        return score

    def measured(self, network: Compact) -> dict[str, float]:
        """What the score is made of."""
        logits = read_drawn(network, self._drawn)
        row: dict[str, float] = {}
        for name, compare in (("absolute", False), ("comparing", True)):
            read = self._check.read(network, compare=compare)
            icc, _ = agreement(
                self._drawn.labels, expected_intensity(getattr(logits, name)).numpy()
            )
            row |= {f"{name} {au}": round(read.auc(au), 4) for au in SMILE_AUS}
            row |= {f"{name} neutral": round(float(read.neutral.mean()), 4)}
            row |= {f"{name} worst": round(float(read.neutral.mean(axis=0).max()), 4)}
            row |= {f"{name} icc": round(icc, 4)}
        found = agreement_in_order(network, self._portraits, self._earlier)
        names = ("blendshapes", "earlier", "cameras")
        means = (found.mean(tuple(VOTES))[0], *found.mean(SUPPORTED_AUS)[1:])
        row |= {name: round(value, 4) for name, value in zip(names, means, strict=True)}
        for au in ("AU04", "AU06", "AU07", "AU12", "AU25"):
            row[f"order {au}"] = round(found.blendshapes[au], 3)
        return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drawn", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="run of `train` or `teach` to start from")
    parser.add_argument("--steps", type=int, default=CONFIG.steps)
    parser.add_argument("--rate", type=float, default=CONFIG.learning_rate)
    parser.add_argument("--order", type=float, default=Weights.order)
    parser.add_argument("--rows", type=int, help="learn from no more drawings than so many")
    parser.add_argument("--minutes", type=float, default=60, help="stop, resumable, after so long")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    photographs = Photographs.load(args.drawn / "people.npz")
    portraits = Portraits.load(args.drawn)
    earlier, start, network = started(None), started(args.start), started(args.start)
    drawings = drawn_faces(args.drawn, "train", photographs)
    if args.rows is not None:
        drawings = LabelledFaces(
            drawings.images[: args.rows],
            drawings.labels[: args.rows],
            drawings.person[: args.rows],
            drawings.neutrals,
        )
    batches = taught_batches(drawings, photographs, portraits.of("train"), earlier)
    watched = drawn_faces(args.drawn, "validation", photographs)
    apart = portraits.of("validation")
    choice = Choice(
        watched,
        photographs,
        apart,
        earlier,
        args.out / "choice.csv",
    )
    weights = Weights(order=args.order)
    config = dataclasses.replace(CONFIG, steps=args.steps, learning_rate=args.rate)
    torch.nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
    state_path = args.out / "state.safetensors"
    if not state_path.exists():
        choice(network)
    end = time.monotonic() + 60 * args.minutes
    result = train(
        network,
        Taught(torch.from_numpy(trust()), weights),
        batches,
        config,
        validate=choice,
        should_stop=lambda: time.monotonic() > end,
        log=lambda record: _log(args.out / "log.csv", record),
        save=lambda state: save_state(state_path, state),
        state=load_state(state_path) if state_path.exists() else None,
        chosen_by=(watched, photographs, apart),
    )
    share, score = mixed(network, start, choice)
    tensors = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(tensors, args.out / "network.safetensors")
    summary: dict[str, Any] = {
        "finished": result.finished,
        "started_from": _origin(args.start),
        "drawings": len(drawings.images),
        "chosen_step": result.step,
        "share_of_taught": share,
        "score": round(score, 4),
        "training": dataclasses.asdict(config),
        "weights": dataclasses.asdict(weights),
        "votes": {au: dataclasses.asdict(vote) for au, vote in VOTES.items()},
        "portraits": {split: len(portraits.of(split).names) for split in ("train", "validation")},
    }
    (args.out / "training.json").write_text(json.dumps(summary, indent=2) + "\n")
    print(json.dumps(summary))


def _origin(run: Path | None) -> Any:
    """What a run started from: what `teach` wrote of the one before, where it did."""
    if run is None:
        return "the network that shipped before"
    return json.loads((run / "training.json").read_text())


def started(run: Path | None) -> Compact:
    """The network of a run of `train`, or the one that ships, in evaluation mode."""
    if run is None:
        shipped = load_estimator("compact").network
        assert isinstance(shipped, Compact)
        for parameter in shipped.parameters():
            parameter.requires_grad_(True)
        return shipped
    network = Compact()
    network.load_state_dict(load_file(run / "network.safetensors"))
    return network.eval()


def taught_batches(
    faces: LabelledFaces, photographs: Photographs, portraits: Portraits, earlier: Compact
) -> TaughtBatches:
    """Drawings, the smiles and neutral faces of training people, and portraits, by step."""
    smiling, resting = smiling_faces(photographs, "train"), resting_faces(photographs, "train")
    plain = read_portraits(earlier, portraits)
    seen = np.concatenate([plain[None], read_under_cameras(earlier, portraits)]).mean(axis=0)
    return TaughtBatches(
        PeopleBatches(faces, Augment(), people=10),
        PeopleBatches(smiling, Augment(), 6, per_person=1, seed=1),
        PeopleBatches(resting, Augment(), 6, per_person=1, seed=2),
        portraits.images,
        ordered(portraits.blendshapes, seen),
        seen,
        Augment(),
    )


def mixed(
    network: Compact, start: Compact, choice: Choice, shares: Sequence[float] = MIXTURES
) -> tuple[float, float]:
    """Put the best mixture of taught weights and those before into `network`, in place.

    Weights on the way between two networks of which one was trained on from the other read about
    as well as either and keep more of the first (Wortsman et al. 2022, arXiv 2109.01903).
    """
    taught = {name: value.clone() for name, value in network.state_dict().items()}
    before = start.state_dict()
    best, found = -np.inf, 1.0
    for share in shares:
        network.load_state_dict(between(before, taught, share))
        score = choice(network)
        if score > best:
            best, found = score, share
    network.load_state_dict(between(before, taught, found))
    return found, float(best)


def between(
    before: dict[str, torch.Tensor], after: dict[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    """Weights at a share of the way from some to others; what is counted stays the others'."""
    return {
        name: torch.lerp(before[name].to(value.dtype), value, share)
        if value.dtype.is_floating_point
        else value
        for name, value in after.items()
    }


def _log(path: Path, record: Record) -> None:
    append(
        path,
        {
            "step": record.step,
            "rate": record.rate,
            **{name: round(value, 5) for name, value in record.losses.items()},
        },
    )


def append(path: Path, row: dict[str, float]) -> None:
    """Add a row to a table, with a head when it is the first."""
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if new:
            writer.writeheader()
        writer.writerow(row)


if __name__ == "__main__":
    main()
