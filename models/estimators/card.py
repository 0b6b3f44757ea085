"""The model card of an estimator that was trained on a dataset."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.estimators.config import EstimatorConfig
from models.estimators.estimates import Estimates
from models.estimators.reliability import reliability
from models.metrics import f1, icc31, mae, mean_defined, per_column, two_afc

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class AuFigures:
    """How well one AU is read; NaN where it is not defined."""

    au: str
    icc: float
    mae: float
    two_afc: float
    f1: float


@dataclass(frozen=True)
class Figures:
    """How well an estimator reads faces of people it was not trained on.

    Attributes:
        faces, people: how many it was measured on.
        by_au: each AU's figures.
        icc, mae: means over the AUs where they are defined.
        undefined: AUs whose ICC is not.
        calibration_error: expected, of all forecasts.
        drawn: whether the faces are drawings, and not real frames.
        chose: whether the same people chose the stopping point.
        notes: what fell short, or is otherwise than somebody might take it to be.
    """

    faces: int
    people: int
    by_au: tuple[AuFigures, ...]
    icc: float
    mae: float
    undefined: int
    calibration_error: float
    drawn: bool
    chose: bool
    notes: tuple[str, ...] = ()


def figures(
    estimates: Estimates,
    labels: FloatArray,
    people: int,
    *,
    drawn: bool,
    chose: bool,
    notes: tuple[str, ...] = (),
) -> Figures:
    """Measure estimates of faces against labels (N, A) of the same AUs; see `Figures`."""
    read = estimates.intensities
    columns = [per_column(metric, labels, read) for metric in (icc31, mae, two_afc, f1)]
    by_au = tuple(
        AuFigures(au, *values) for au, *values in zip(estimates.aus, *columns, strict=True)
    )
    icc = mean_defined(columns[0])
    error = reliability(estimates.probabilities, labels).error
    return Figures(
        len(estimates),
        people,
        by_au,
        icc.value,
        mean_defined(columns[1]).value,
        icc.undefined,
        error,
        drawn,
        chose,
        notes,
    )


def kind_of_faces(drawn: bool) -> str:
    """What a figure was taken on, as cards and commands say it."""
    return "drawings" if drawn else "real frames"


def card(name: str, config: EstimatorConfig, measured: Figures) -> str:
    """A model card in Markdown: what it reads, how well, and where it comes from."""
    stopping = (
        "the stopping point was chosen on the same people"
        if measured.chose
        else "nor was the stopping point chosen on them"
    )
    rows = "\n".join(
        f"| {row.au} | {row.icc:.3f} | {row.mae:.3f} | {row.two_afc:.3f} | {row.f1:.3f} |"
        for row in measured.by_au
    )
    undefined = (
        f" ({measured.undefined} AUs do not vary there and have none)" if measured.undefined else ""
    )
    remarks = "".join(f"\n- {note}" for note in measured.notes)
    return f"""# {name}

Reads the intensity (0 to 5) of {len(config.aus)} facial action units ({", ".join(config.aus)}) from
faces registered in {config.registration}. Network: `{config.architecture}`; normalisation:
{config.normalisation}; fitted to a person: {config.method}.

## How well it reads

On {measured.faces:,} {kind_of_faces(measured.drawn)} of {measured.people} people it was not trained
on; {stopping}. Mean ICC(3,1) {measured.icc:.3f}{undefined}, mean MAE
{measured.mae:.3f}, expected calibration error {measured.calibration_error:.3f}. 2AFC and F1 are of
intensity A and above.

| AU | ICC(3,1) | MAE | 2AFC | F1 |
|---|---|---|---|---|
{rows}
{remarks}

## Where it comes from

```json
{json.dumps(dict(config.lineage), indent=2, sort_keys=True, ensure_ascii=False)}
```
"""
