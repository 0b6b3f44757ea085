"""Trains `compact` on what `draw` drew, and chooses the stopping point by real smiles.

Run as ``python -m scripts.train_compact.train --drawn FOLDER --out FOLDER``; interrupted, it goes
on where it was. Writes ``network.safetensors`` (float32), ``log.csv`` and ``state.safetensors``.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from safetensors.torch import save_file

from models.corpora.table import Split
from models.estimators.augment import Augment
from models.estimators.compact import Compact
from models.estimators.crop import crop_faces
from models.estimators.faces import Batches, LabelledFaces, MixedBatches, PeopleBatches
from models.estimators.objective import both_heads
from models.estimators.ordinal import expected_intensity
from models.estimators.training import Record, TrainingConfig, train
from models.estimators.training_state import load_state, save_state
from scripts.train_compact.drawn_check import agreement, read_drawn
from scripts.train_compact.photographs import Photographs
from scripts.train_compact.smile_check import SmileCheck
from scripts.train_compact.smiles import resting_faces, smiling_faces

CONFIG = TrainingConfig(
    steps=1_600,
    learning_rate=1.5e-3,
    warmup=100,
    cosine=True,
    decoupled_decay=0.05,
    average=0.995,
    clip=5.0,
    precision="bfloat16",
    validate_every=150,
)


def drawn_faces(folder: Path, split: Split, photographs: Photographs) -> LabelledFaces:
    """The drawings of a split, with the neutral photographs as references."""
    return LabelledFaces(
        images=np.load(folder / f"{split}_images.npy", mmap_mode="r"),
        labels=np.load(folder / f"{split}_labels.npy"),
        person=np.load(folder / f"{split}_person.npy").astype(np.int64),
        neutrals=crop_faces(photographs.neutral),
    )


class Choice:
    """Scores a network by real smiles of validation people, and keeps a table of all it saw."""

    def __init__(self, drawn: LabelledFaces, photographs: Photographs, table: Path) -> None:
        self._drawn, self._table = drawn, table
        self._check = SmileCheck(photographs, "validation")
        self._start = time.monotonic()

    def __call__(self, network: torch.nn.Module) -> float:
        """Mean AUC of AU06 and AU12 of both heads, less a tenth of what neutral faces read, plus a
        fifth of the ICC of drawings.

        Drawings keep getting better long after photographs do not, so they decide only between
        steps that photographs of 12 people can hardly tell apart.
        """
        assert isinstance(network, Compact)
        row: dict[str, float] = {"seconds": round(time.monotonic() - self._start)}
        logits = read_drawn(network, self._drawn)
        parts = []
        for name, compare in (("absolute", False), ("comparing", True)):
            read = self._check.read(network, compare=compare)
            aucs = {au: read.auc(au) for au in ("AU06", "AU10", "AU12", "AU25")}
            quiet = float(read.neutral.mean())
            drawn = getattr(logits, name)
            icc, error = agreement(self._drawn.labels, expected_intensity(drawn).numpy())
            row |= {f"{name} {au}": round(value, 4) for au, value in aucs.items()}
            row |= {f"{name} neutral": round(quiet, 4)}
            row |= {f"{name} icc": round(icc, 4), f"{name} mae": round(error, 4)}
            parts.append((aucs["AU06"] + aucs["AU12"]) / 2 - 0.1 * quiet + 0.2 * icc)
        score = float(np.mean(parts))
        row["score"] = round(score, 4)
        _append(self._table, row)
        return score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drawn", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=CONFIG.steps)
    parser.add_argument("--minutes", type=float, default=60, help="stop, resumable, after so long")
    parser.add_argument("--smiles", type=int, default=4, help="real smiles in each batch")
    parser.add_argument("--neutrals", type=int, default=4, help="real neutral faces in each batch")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    photographs = Photographs.load(args.drawn / "people.npz")
    drawn = PeopleBatches(drawn_faces(args.drawn, "train", photographs), Augment())
    sources: list[Batches] = [drawn]
    for count, faces in (
        (args.smiles, smiling_faces(photographs, "train")),
        (args.neutrals, resting_faces(photographs, "train")),
    ):
        if count:
            sources.append(PeopleBatches(faces, Augment(), count, per_person=1, seed=len(sources)))
    batches = MixedBatches(tuple(sources))
    watched = drawn_faces(args.drawn, "validation", photographs)
    choice = Choice(watched, photographs, args.out / "choice.csv")
    config = dataclasses.replace(CONFIG, steps=args.steps)
    torch.manual_seed(0)
    network = Compact()
    torch.nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
    state_path = args.out / "state.safetensors"
    end = time.monotonic() + 60 * args.minutes
    result = train(
        network,
        both_heads,
        batches,
        config,
        validate=choice,
        should_stop=lambda: time.monotonic() > end,
        log=lambda record: _log(args.out / "log.csv", record),
        save=lambda state: save_state(state_path, state),
        state=load_state(state_path) if state_path.exists() else None,
        chosen_by=(watched, photographs),
    )
    tensors = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(tensors, args.out / "network.safetensors")
    summary: dict[str, Any] = {
        "finished": result.finished,
        "chosen_step": result.step,
        "score": result.score,
        "training": dataclasses.asdict(config),
    }
    (args.out / "training.json").write_text(json.dumps(summary, indent=2) + "\n")
    print(json.dumps(summary))


def _log(path: Path, record: Record) -> None:
    _append(
        path,
        {
            "step": record.step,
            "rate": record.rate,
            **{name: round(value, 5) for name, value in record.losses.items()},
        },
    )


def _append(path: Path, row: dict[str, float]) -> None:
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if new:
            writer.writeheader()
        writer.writerow(row)


if __name__ == "__main__":
    main()
