"""Whether a small GANimation or StarGAN learns one person's smile within two minutes, and what for.

Run as ``python -m benchmarks.generator_overfit --neutral FILE --smiling FILE --out FOLDER``; both
photographs show the same person. Prints Markdown: seconds of the processor, and how far drawings
are from the photographs in grey levels, with all losses, without the idiosyncratic one, and with
the norm behind the first layer that was published.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from benchmarks.machine import described
from models.contact_sheet import contact_sheet
from models.generators.config import GanConfig, GeneratorConfig, LossWeights, Precision, told
from models.generators.learned import LearnedGenerator
from models.generators.pairs import PeopleFaces, PeoplePairs, scaled
from models.generators.teacher import smile_shown
from models.generators.training import TrainedGenerator, train_generator
from models.images import decode_image, encode_png
from models.registration import load_registrar

ImageArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]

CONFIG: Final = GanConfig(
    GeneratorConfig(aus=("AU06", "AU12", "AU25", "AU26"), size=64, channels=32, blocks=3),
    steps=400,
    batch=4,
    critic_steps=2,
    learning_rate=5e-4,
    average=0.95,
    discriminator_channels=32,
    discriminator_layers=4,
    sample_every=0,
)
PRECISIONS: Final[tuple[Precision, ...]] = ("float32", "bfloat16")
VARIANTS: Final = {
    "ganimation": CONFIG,
    "ganimation without the idiosyncratic loss": replace(
        CONFIG, losses=LossWeights(idiosyncratic=0)
    ),
    "ganimation, norm behind the first layer": replace(
        CONFIG, generator=replace(CONFIG.generator, stem_norm=True)
    ),
    "stargan": replace(CONFIG, generator=replace(CONFIG.generator, kind="stargan")),
}


@dataclass(frozen=True, eq=False)
class Person:
    """Two photographs, registered, and what they are told to show."""

    images: ImageArray
    aus: FloatArray

    def pairs(self) -> PeoplePairs:
        """Both directions."""
        aus = CONFIG.generator.aus
        both = np.zeros(2, np.int64)
        faces = PeopleFaces(aus, self.images, 5 * self.aus, both, np.ones(2, np.bool_))
        return PeoplePairs(faces, strangers=0)


def read_person(neutral: Path, smiling: Path) -> Person:
    """The photographs of one person."""
    registrar = load_registrar()
    faces = [registrar.register(decode_image(path.read_bytes()).rgb) for path in (neutral, smiling)]
    shown = smile_shown(faces[1])
    aus = told(CONFIG.generator, np.stack([np.zeros_like(shown), shown]))
    return Person(np.stack([scaled(face.image, CONFIG.generator.size) for face in faces]), aus)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--neutral", type=Path, required=True)
    parser.add_argument("--smiling", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=CONFIG.steps)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--seconds", type=float, default=1e6, help="stop, resumable, after so long")
    parser.add_argument("--only", choices=VARIANTS, help="this variant alone")
    parser.add_argument("--sheet", type=Path, help="where to write the drawings, a PNG file")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    person = read_person(options.neutral, options.smiling)
    print(f"{described()} torch {torch.__version__}, {options.threads} threads.\n")
    print(
        "| trained | processor s | smile drawn | smile removed | nothing asked |"
        " D_exp of both photographs | bfloat16, mean and largest |"
    )
    print("|---|---|---|---|---|---|---|")
    apart = _apart(person.images[0], person.images[1])
    print(f"| the photograph as it is | | {apart:.1f} | {apart:.1f} | 0.0 | | |", flush=True)
    rows, labels = [], []
    for name, config in VARIANTS.items():
        if options.only in (None, name):
            folder = options.out / name.replace(" ", "-")
            start = time.process_time()
            end = start + options.seconds
            made = train_generator(
                replace(config, steps=options.steps),
                person.pairs(),
                folder,
                should_stop=partial(_after, end),
            )
            taken = _spent(folder, time.process_time() - start)
            if made is None:
                raise SystemExit(f"{name}: stopped after {taken:.0f} s; the same command goes on.")
            rows.append(_report(name, made, person, taken))
            labels.append(name.replace(" ", "\n"))
    if options.sheet is not None:
        columns = ["neutral", "smiling", "smile\ndrawn", "smile\nremoved", "nothing\nasked"]
        options.sheet.write_bytes(encode_png(contact_sheet(rows, labels, columns, cell=128)))


def _after(end: float) -> bool:
    return time.process_time() > end


def _spent(folder: Path, seconds: float) -> float:
    """Seconds of the processor that this run and those before it took."""
    path = folder / "seconds.txt"
    before = float(path.read_text()) if path.exists() else 0.0
    path.write_text(str(before + seconds))
    return before + seconds


def _report(name: str, made: TrainedGenerator, person: Person, seconds: float) -> list[ImageArray]:
    (neutral, smiling), (none, smile) = person.images, person.aus
    asked = np.stack([neutral, smiling, neutral]), np.stack([smile, none, none])
    exact, coarse = (
        LearnedGenerator(made.generator.config, made.generator.network, "", precision=precision)
        for precision in PRECISIONS
    )
    drawn, removed, same = exact.draw(*asked)
    off = np.abs(np.stack([drawn, removed, same]).astype(float) - coarse.draw(*asked))
    grown = np.stack([scaled(image, 224) for image in person.images])
    read = made.expressions.estimate(grown).column("AU12")
    figures = [_apart(drawn, smiling), _apart(removed, neutral), _apart(same, neutral)]
    cells = " | ".join(f"{figure:.1f}" for figure in figures)
    levels = f"{read[0]:.1f}, {read[1]:.1f} of 0.0, {5 * smile[1]:.1f}"
    rounding = f"{off.mean():.2f}, {off.max():.0f}"
    print(f"| {name} | {seconds:.0f} | {cells} | {levels} | {rounding} |", flush=True)
    return [neutral, smiling, drawn, removed, same]


def _apart(one: ImageArray, other: ImageArray) -> float:
    """Mean difference in grey levels where either shows a face."""
    face = one.any(axis=-1) | other.any(axis=-1)
    return float(np.abs(one.astype(float) - other)[face].mean())


if __name__ == "__main__":
    main()
