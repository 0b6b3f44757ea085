"""Puts `compact` among the shipped weights, with its card."""

from __future__ import annotations

import json
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

NAME: Final = "compact"
_FIGURE: Final = "reliability.png"
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
) -> None:
    """Write ``models/weights/compact/``: float16 weights, configuration, card and figure.

    Args:
        network: calibrated.
        figures, curves: what `measure` measured on test people.
        training: ``training.json`` of the run.
        drawn: the folder of drawings, with ``same_person.json``.
        personal: ``personal-test.json`` of the run.
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
            "training": training["training"],
            "chosen step": training["chosen_step"],
            "licences": _LICENCES,
        },
    )
    person = json.loads((drawn / "same_person.json").read_text())
    card = _card(network, figures, training, rows) + _personal(personal, person)
    estimator = Estimator(config, network, card=card)
    ship_checkpoint(NAME, estimator.checkpoint(half=True))
    save_shipped(f"{NAME}/{_FIGURE}", reliability_figure(curves))


def _personal(personal: dict[str, Any], person: dict[str, float]) -> str:
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
    auc = person["AUC, own against others' smiles"]
    smile, drawn = person["own smile refused"], person["own drawn expression refused"]
    through, people = person["other person let through"], person["people"]
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

## Is the reference the same person?

Registered references are compared by the shape of the face before they are used. On the
{people:.0f} test people: AUC {auc:.3f} of one's own smile against others' by the distance to the
neutral face; at the shipped limit {smile:.0%} of people's own smiles and {drawn:.0%} of their own
drawn expressions are refused, and {through:.0%} of other people are let through. It is a guard
against mix-ups, no proof of identity; how it does across cameras and years is not known.
"""


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

{rows["train"]:,} drawings of 72 people by Facsimile's rig, the rig's smile measured on those people
alone, every AU at every level 0 to E equally often, with up to four other AUs, 28 % of them
registered again; light, colour, blur, noise, compression, occlusion and registration varied at
random. Nobody coded these faces: the labels are what was drawn. Besides, the 32 real smiles among
the 72 people, with bounds alone: AU12 at B or more, AU06 at A or more, AUs that posed smiles do
not have at 0; and the 72 real neutral faces, each also beside itself under another camera: all 0.
Stopped at step {training["chosen_step"]:,}, chosen by how well real smiles of 12 validation people
were told from their neutral faces and, for a fifth, by ICC on their drawings, which decides where
smiles of 12 people cannot. (By smiles alone it would have been step 1,200, which reads smiles of
the test people as well and their drawings worse, 0.865 and 0.905: the fifth was added after that
was seen.) Temperatures were fitted on drawings of the same 12.

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
every smile there parts the lips, so AU25 cannot reach 1. AU10 is hardly told apart: in a smile the
network puts the raised lip down to AU12, as the drawings it learnt from do. That smiles lift the
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
scored the smiles it was measured on. Faint smiles under a beard read near 0. AU23, AU07 and AU05
are its weakest. A neutral photo of somebody else does harm (see the
table): registered references are checked by the shape of the face. It reads frontal, registered
faces of adults; children, large head turns and strong occlusion were not tried. Do not use it to
judge what people feel.

## Licence and sources

Weights: Apache-2.0. Made from: {sources}.
Made by `scripts/train_compact`; settings are in `config.json` under `lineage`.
"""
