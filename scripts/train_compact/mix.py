"""Chooses how much of a taught network to keep beside the one that ships.

Run as ``python -m scripts.train_compact.mix --drawn FOLDER --run RUN --out FOLDER``, after the last
run of `teach`: each run keeps a share of what it started from, and this one of what all of them
started from. Writes ``network.safetensors`` and ``training.json`` of the chosen mixture.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

import cv2
import torch
from safetensors.torch import save_file

from scripts.train_compact.photographs import Photographs
from scripts.train_compact.portraits import Portraits
from scripts.train_compact.teach import Choice, mixed, started
from scripts.train_compact.train import drawn_faces

_SHARES: Final = (0.5, 0.7, 0.85, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drawn", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    photographs = Photographs.load(args.drawn / "people.npz")
    before, network = started(None), started(args.run)
    choice = Choice(
        drawn_faces(args.drawn, "validation", photographs),
        photographs,
        Portraits.load(args.drawn).of("validation"),
        before,
        args.out / "choice.csv",
    )
    share, score = mixed(network, before, choice, _SHARES)
    tensors = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(tensors, args.out / "network.safetensors")
    training = json.loads((args.run / "training.json").read_text())
    training |= {"share_beside_shipped": share, "score": round(score, 4)}
    (args.out / "training.json").write_text(json.dumps(training, indent=2) + "\n")
    print(json.dumps({"share": share, "score": round(score, 4)}))


if __name__ == "__main__":
    main()
