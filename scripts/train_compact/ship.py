"""Puts `compact` among the shipped weights, with its card."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.estimators.compact import Compact
from models.estimators.config import EstimatorConfig
from models.estimators.estimator import Estimator
from models.estimators.reliability import Reliability, reliability_figure
from models.estimators.shipped import ship_checkpoint
from models.facs import SUPPORTED_AUS
from models.shipped import save_shipped
from scripts.train_compact.card_sections import (
    beside_before,
    groups_section,
    identity_section,
    portraits_section,
)

NAME: Final = "compact"
_FIGURE: Final = "reliability.png"
_RIG: Final = "commit 6f68e26"
_VERDICT: Final = """Drawings of a
person teach an estimator the rig's idea of them: it reads their drawings better and hears their
real smiles weaker, surely in the cheeks (AU06), and for some people in the lip corners (AU12). One
neutral frame alone takes no training and hears real smiles loudest, so it is what the service, the
command line and `default_method` do unless asked. Who fine-tunes gets the recipe `careful`, which
keeps the weights half-way between the base's and those of the paper's recipe (here "half paper"):
most of what is gained on drawings, and little of the loss. It was chosen on other people, among
more (docs/estimators.md)."""
"""What was made of these figures."""
_LICENCES: Final = {
    "Face Research Lab London Set (DeBruine & Jones, 10.6084/m9.figshare.5047666)": "CC BY 4.0",
    "Canadian faces (DeBruine & Jones, 10.6084/m9.figshare.4220517)": "CC BY 4.0",
    "ICT Face Model Light, by way of the rig (USC)": "MIT",
}


def ship(
    network: Compact,
    figures: dict[str, Any],
    curves: dict[str, Reliability],
    training: dict[str, Any],
    drawn: Path,
    personal: dict[str, Any],
    before: dict[str, Any],
    identity: dict[str, Any],
) -> None:
    """Write ``models/weights/compact/``: float16 weights, configuration, card and figure.

    Args:
        network: calibrated.
        figures, curves: what `measure` measured on test people.
        training: ``training.json`` of the run.
        drawn: the folder of drawings.
        personal: ``personal-test.json`` of the run.
        before: figures of the network before, measured alike.
        identity: ``identity.json`` of `scripts.measure_identity`.
    """
    shape = network.config
    rows = {split: len(np.load(drawn / f"{split}_person.npy")) for split in ("train", "validation")}
    config = EstimatorConfig(
        "compact",
        SUPPORTED_AUS,
        network={
            "au_count": shape.au_count,
            "stem": shape.stem,
            "widths": list(shape.widths),
            "blocks": list(shape.blocks),
            "compare": shape.compare,
            "dropout": shape.dropout,
        },
        lineage={
            "made by": "scripts/train_compact",
            "generator": "rig",
            "drawings": rows,
            "taught": training,
            "licences": _LICENCES,
        },
    )
    card = (
        _card(network, figures, training, rows)
        + beside_before(figures, before)
        + portraits_section(figures["portraits"])
        + groups_section(figures["drawn"]["groups"])
        + _personal(personal)
        + identity_section(identity)
    )
    estimator = Estimator(config, network, card=card)
    ship_checkpoint(NAME, estimator.checkpoint(half=True))
    save_shipped(f"{NAME}/{_FIGURE}", reliability_figure(curves))


def _personal(personal: dict[str, Any]) -> str:
    ways = [way for way in personal if way not in ("seconds", "people")]
    spread = ("icc", "mae", "AU12 rise", "AU06 rise", "on neutral")
    rows = "\n".join(
        f"| {way} | "
        + " | ".join(f"{personal[way][f'AUC {au}']:.3f}" for au in ("AU12", "AU06"))
        + " | "
        + " | ".join(_spread(personal[way][name]) for name in spread)
        + " |"
        for way in ways
    )
    against = "\n".join(
        f"| {way} | " + " | ".join(_interval(personal[way][name]) for name in spread) + " |"
        for way in ways
        if way != "one frame"
    )
    seconds = ", ".join(f"{name} {taken:.0f} s" for name, taken in personal["seconds"].items())
    return f"""
## Made personal

{personal["people"]} test people, each with an estimator made from their one neutral photo
(fine-tuning: six drawings of each AU). AUC: real smiles against real neutral faces, both under
four made-up cameras. Then the mean over people and, in brackets, their standard deviation: of
ICC(3,1) and MAE on drawings; of how much higher the smile reads than the neutral face; and of
what all outputs read on the neutral face.

| | AUC AU12 | AUC AU06 | ICC(3,1) | MAE | AU12 rises by | AU06 rises by | on neutral |
|---|---|---|---|---|---|---|---|
{rows}

The same as the difference to one neutral frame, 95 % interval of the mean over people:

| | ICC(3,1) | MAE | AU12 rises by | AU06 rises by | on neutral |
|---|---|---|---|---|---|
{against}

Processor time of fine-tuning, on a crowded machine: {seconds}. {_VERDICT}
"""


def _lessons(training: dict[str, Any]) -> str:
    """The runs of `train` and `teach` that made the weights, the first one first."""
    runs = []
    run: Any = training
    while isinstance(run, dict):
        runs.append(
            f"{run['chosen_step']} steps of `teach` with {run['drawings']:,} drawings and "
            f"{run['portraits']['train']} ordinary portraits, of which a share of "
            f"{run['share_of_taught']:g} was kept and the rest left as it was"
        )
        run = run["started_from"]
    first = (
        "What shipped before: 1,500 steps of `train` with 28,000 drawings of 72 people by the rig "
        "as it was then"
    )
    last = (
        f"Of all that {training['share_beside_shipped']:g} is kept, the rest is what shipped before"
    )
    told = "; then ".join([first, *reversed(runs)])
    return textwrap.fill(f"{told}. {last}. The last drawings are by the rig of {_RIG}.", 98)


def _spread(figure: dict[str, Any]) -> str:
    return f"{figure['mean']:.3f} ({figure['sd']:.2f})"


def _interval(figure: dict[str, Any]) -> str:
    low, high = figure["against one frame"]
    return f"{low:+.3f} to {high:+.3f}"


def _card(
    network: Compact,
    figures: dict[str, Any],
    training: dict[str, Any],
    rows: dict[str, int],
) -> str:
    drawn, now, photographs = figures["drawn"], figures["drawn now"], figures["photographs"]
    count = sum(parameter.numel() for parameter in network.parameters())
    ways = ("absolute", "minus own neutral", "one neutral frame", "another person's neutral")
    overall = "\n".join(
        f"| {way} | {drawn[way]['icc']:.3f} | {drawn[way]['mae']:.3f} |" for way in ways
    )
    by_au = "\n".join(
        f"| {au} | "
        + " | ".join(
            f"{drawn[way]['by AU'][au]['icc']:.2f} / {drawn[way]['by AU'][au]['mae']:.2f}"
            for way in ("absolute", "one neutral frame")
        )
        + " |"
        for au in SUPPORTED_AUS
    )
    smiles = "\n".join(
        f"| {camera}, {way} | "
        + " | ".join(
            f"{row[f'AUC {au}']:.3f} ({row[f'AUC {au} 95%'][0]:.2f}-{row[f'AUC {au} 95%'][1]:.2f})"
            for au in ("AU12", "AU06", "AU25", "AU10")
        )
        + f" | {row['mean on neutral']:.2f}, {row['worst on neutral']}"
        + f" | {row['smile mean AU12']:.1f} |"
        for camera, ways_ in photographs.items()
        for way, row in ways_.items()
    )
    now_icc = [now[way]["icc"] for way in ("absolute", "one neutral frame")]
    errors = [drawn[way]["calibration error"] for way in ("absolute", "one neutral frame")]
    sources = "; ".join(f"{name}, {licence}" for name, licence in _LICENCES.items())
    return f"""# compact

Reads the intensity (0 to 5) of 18 facial action units from a registered face (3D registration,
224x224), alone or beside one neutral photo of the same person, which serves it much better. One
residual network of {count / 1e6:.1f} million parameters on a 128x96 crop; five ordered questions
("above 0?" to "above D?") for each AU and a head for each way of reading. Weights are float16.

## What it learnt from

{_lessons(training)}

The portraits are official ones of one person each, at hand and not handed on; no picture of them is
kept. They have no labels. Two readers order them, AU by AU: blendshapes (Google's face landmarker,
which learnt from real people) and the network as it was before, by the sum of their ranks; pairs
that lie a quarter of the portraits apart or more are taught as an order (RankNet), in ratios, so
that what is hardly there is ordered without being made louder. AU05, AU09, AU14, AU20 and AU24 have
no such teacher, because blendshapes are blind for them: there the earlier answers are kept. How far
each teacher is trusted follows how it agreed with an independent detector on 406 other portraits.
Every portrait is seen by two made-up cameras and has to read alike.

Beside them, in every step: drawings by Facsimile's rig, the rig's smile measured on the 72 training
people alone, every AU at every level 0 to E equally often, with up to four other AUs, 28 % of them
registered again; the 32 real smiles among these people, with bounds alone (AU12 at B or more, AU06
at A or more, AUs that posed smiles do not have at 0) and above other people's neutral faces; and
the 72 real neutral faces: all 0. Light, colour, blur, noise, compression, occlusion and
registration vary at random. Nobody coded any of these faces. Steps and mixtures were chosen on 12
validation people (real smiles, neutral faces, drawings) and 73 portraits kept apart (order).
Temperatures were fitted on drawings of the same 12.

## How well it reads, on {figures["people"]} people who were in neither

Drawings ({drawn["faces"]:,}; mean over 18 AUs; references are seen by another camera):

| | ICC(3,1) | MAE |
|---|---|---|
{overall}

On {now["faces"]} other drawings of 12 of these people, made by the rig as it was when this was
measured, ICC(3,1) is {now_icc[0]:.3f} absolute and {now_icc[1]:.3f} with one neutral frame.

Real smiles against real neutral faces of the same people: AUC with the 95 % interval over people,
the mean of all outputs on neutral faces with the worst AU, and the mean AU12 read on smiles:

| | AU12 | AU06 | AU25 | AU10 | on neutral | AU12 of smiles |
|---|---|---|---|---|---|---|
{smiles}

The photographs come from one studio ("as they are"); made-up cameras vary light, colour, noise and
compression, as training did, and the 32 smiles of training people are of the same studio. Not
every smile there parts the lips, so AU25 cannot reach 1. That smiles lift the
cheeks was assumed of the 32 (AU06 at A or more), not seen by anybody: a smile without AU06 may
read some. AU26 is always drawn with AU25, as FACS scores a dropped jaw.

By AU, ICC(3,1) / MAE on drawings:

| | absolute | one neutral frame |
|---|---|---|
{by_au}

## Calibration

![Reliability]({_FIGURE})

Forecast "above level k" against what came true, all AUs and levels, drawings of held-out people:
expected calibration error {errors[0]:.3f} absolute, {errors[1]:.3f} with one neutral frame. For
photographs it is not known: nobody coded them.

## Limits

It has seen no FACS-coded photograph; what it calls C is what the rig draws at C, and nobody has
scored the smiles it was measured on. Faint smiles under a beard read near 0. AU14, AU07 and AU05
are its weakest, and people with dark skin are read worse than others. A neutral photo of somebody
else does harm (see the
table): references are checked by a face recogniser. It reads frontal, registered
faces of adults; children, large head turns and strong occlusion were not tried. Do not use it to
judge what people feel.

## Licence and sources

Weights: Apache-2.0. Made from: {sources}.
Made by `scripts/train_compact`; settings are in `config.json` under `lineage`.
"""
