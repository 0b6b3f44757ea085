"""Draws pairs, learns from them and ships the result.

Run as ``python -m scripts.train_hybrid --data DATA`` where DATA holds ``london/`` and ``canada/``.
It learns from 38 people, 6 others say which weights are best, and nobody looks at the 24 who are
left to be measured on. Interrupted, or after ``--minutes``, the same command goes on where it was.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import cv2
import torch

from models.hybrid.config import HybridConfig
from models.registration.registrar import load_registrar
from models.rig.model import rig_model
from scripts.train_compact.people import split_people
from scripts.train_hybrid.pairs import draw_pairs, names, photographed, rig_without
from scripts.train_hybrid.ship import ship
from scripts.train_hybrid.train import CONFIG, Run, learn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds london/ and canada/")
    parser.add_argument(
        "--work", type=Path, default=Path(tempfile.gettempdir()) / "facsimile-hybrid",
        help="where pairs and the state of the run are kept",
    )  # fmt: skip
    parser.add_argument("--each", type=int, default=16, help="pairs of each kind a person")
    parser.add_argument("--steps", type=int, default=CONFIG.steps)
    parser.add_argument("--rate", type=float, default=CONFIG.learning_rate)
    parser.add_argument("--widths", type=int, nargs="+", default=list(HybridConfig().widths))
    parser.add_argument("--softness", type=float, default=HybridConfig().softness)
    parser.add_argument("--minutes", type=float, default=60, help="stop, resumable, after so long")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--dry", action="store_true", help="train, but ship nothing")
    parser.add_argument("--run", default="run", help="name of this run's folder below --work")
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)

    people = split_people(options.data)
    pairs = options.work / f"pairs-{options.each}-{options.seed}"
    others = names(people, "validation")
    learnt, watched = [*names(people, "train"), *others[::2]], others[1::2]
    if not all((pairs / f"{name}.npz").exists() for name in (*learnt, *watched)):
        everybody = photographed(load_registrar(), people)
        known = [one for one in everybody if one.name in {*learnt, *watched}]
        rig = rig_without(rig_model(), known, everybody)
        draw_pairs(rig, known, pairs, options.each, options.seed)
    run = Run(
        pairs, learnt, watched, options.work / options.run,
        network=HybridConfig(tuple(options.widths), softness=options.softness),
        training=replace(CONFIG, steps=options.steps, learning_rate=options.rate),
        seed=options.seed,
    )  # fmt: skip
    network, result = learn(
        run,
        should_stop=lambda: time.monotonic() > end,
        say=lambda line: print(line, flush=True),
    )
    if not result.finished:
        print(f"stopped at step {result.step}; run the same command to go on")
    elif not options.dry:
        ship(network, run, names(people, "test"))


if __name__ == "__main__":
    main()
