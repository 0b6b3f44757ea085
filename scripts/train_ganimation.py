"""Trains a GANimation or StarGAN on photographs of people, the rig drawing what they do not show.

Run as ``python -m scripts.train_ganimation --data DATA --out FOLDER --minutes 55`` where DATA holds
``london/`` and ``canada/``, again and again until it says that it has ended: each run goes on where
the one before was stopped or killed. On several GPUs:
``torchrun --nproc-per-node=4 -m scripts.train_ganimation …``. Learns from 72 people; the
validation and test people of `scripts.train_compact.people` are not looked at. `CONFIG` is what
weights to ship would be trained with; on a CPU, where that would take months, `--small` tries it
out.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2

from models.generators.config import GanConfig, GeneratorConfig
from models.generators.pairs import PeopleFaces, PeoplePairs
from models.generators.processes import joined
from models.generators.teacher import PersonPhotos, photo_faces
from models.generators.training import train_generator
from models.registration.registrar import load_registrar
from scripts.fit_rig.photos import read_face
from scripts.train_compact.people import split_people

LINEAGE: Final = {
    "photographs": "DeBruine & Jones, Face Research Lab London Set (CC BY 4.0); Canadian faces "
    "(CC BY 4.0): the people of the training split",
    "drawings": "the rig that ships",
}
CONFIG: Final = GanConfig(
    GeneratorConfig(lineage=LINEAGE), steps=150_000, batch=16, precision="bfloat16"
)
SMALL: Final = GanConfig(
    GeneratorConfig(size=64, channels=32, blocks=3, lineage=LINEAGE),
    steps=20_000,
    batch=8,
    learning_rate=2e-4,
    discriminator_channels=32,
    discriminator_layers=4,
    sample_every=200,
)
DRAWINGS: Final = 108
"""Of each person: every AU at every level once."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds london/ and canada/")
    parser.add_argument("--out", type=Path, required=True, help="of the run; checkpoints end there")
    parser.add_argument("--kind", choices=("ganimation", "stargan"), default="ganimation")
    parser.add_argument("--minutes", type=float, default=55, help="stop, resumable, after so long")
    parser.add_argument("--small", action="store_true", help="64 pixels and half the channels")
    parser.add_argument("--drawings", type=int, default=DRAWINGS, help="of each person")
    parser.add_argument("--compile", action="store_true", help="torch.compile the generator")
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    cv2.setNumThreads(1)
    base = SMALL if options.small else CONFIG
    config = replace(
        base, generator=replace(base.generator, kind=options.kind), compile=options.compile
    )
    with joined() as (processes, device):
        # each process draws for itself, alike: nobody waits for files that another writes
        scratch = options.out / f"pairs-{options.drawings}-{processes.rank}"
        scratch.mkdir(parents=True, exist_ok=True)
        pairs = drawn_pairs(options.data, scratch, config.generator, options.drawings)
        made = train_generator(
            config,
            pairs,
            options.out,
            name=options.kind,
            device=device,
            processes=processes,
            should_stop=lambda: time.monotonic() > end,
        )
        if processes.first:
            ended = None if made is None else made.losses
            print(json.dumps({"ended": made is not None, "losses": ended}))


def drawn_pairs(data: Path, scratch: Path, config: GeneratorConfig, drawings: int) -> PeoplePairs:
    """The training people's photographs, and drawings of each; drawn by the first run."""
    if PeopleFaces.kept(scratch):
        return PeoplePairs(PeopleFaces.load(scratch))
    registrar = load_registrar()
    people = [
        PersonPhotos(
            read_face(registrar, person.neutral),
            () if person.smiling is None else (read_face(registrar, person.smiling),),
        )
        for person in split_people(data)
        if person.split == "train"
    ]
    faces = photo_faces(people, scratch, config, drawings=drawings)
    faces.save(scratch)
    return PeoplePairs(faces)


if __name__ == "__main__":
    main()
