"""Whether drawings show what their labels say: their meshes, found again, against their targets.

A drawing and a drawing of the same face with no AU at all differ by the expression alone. The mesh
is found anew in both; what moved between them is taken apart into the fields of the rig's AUs,
all at once, so that an AU gets no credit for one that tends to come along with it. What comes out
is an intensity for each AU, to be compared with the one that was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from models.facs import MAX_INTENSITY, SUPPORTED_AUS
from models.registration.face import VERTEX_COUNT, ImageArray, View
from models.registration.registrar import NoFaceError, Registrar
from models.rig.deform import displaced
from models.rig.model import rig_model

FloatArray = npt.NDArray[np.float32]

MOST_SAMPLED: Final = 600
LEAST_SAMPLED: Final = 100
"""Of a dataset a tenth is looked at, within these bounds: 600 are 18 AUs x 6 intensities x 5.6. A
look takes about as long as a drawing."""
_DAMPING: Final = 0.02
"""Ridge on the fit, as a share of the mean field's power: meshes are found to about a pixel."""


@dataclass(frozen=True, eq=False)
class Sighting:
    """One drawing that was looked at: intensities float32 (18,), asked for and found again.

    `target` is NaN where nothing was asked of an AU.
    """

    target: FloatArray
    found: FloatArray


@dataclass
class PixelCheck:
    """Adds up sightings to a correlation per AU."""

    missed: int = 0
    """Drawings in which no face was found again."""
    sightings: list[Sighting] = field(default_factory=list)

    def add(self, sighting: Sighting | None) -> None:
        """Add a drawing; None where no face was found again."""
        if sighting is None:
            self.missed += 1
        else:
            self.sightings.append(sighting)

    def correlations(self) -> dict[str, tuple[int, float]]:
        """For each AU that was asked for at all: drawings, and Pearson's correlation of the
        intensity asked for with the one found again (NaN where either is constant)."""
        if not self.sightings:
            return {}
        target = np.stack([seen.target for seen in self.sightings]).astype(np.float64)
        found = np.stack([seen.found for seen in self.sightings]).astype(np.float64)
        out: dict[str, tuple[int, float]] = {}
        for column, au in enumerate(SUPPORTED_AUS):
            known = ~np.isnan(target[:, column])
            if (target[known, column] > 0).any():
                pair = target[known, column], found[known, column]
                out[au] = int(known.sum()), _correlation(*pair)
        return out

    def as_dict(self) -> dict[str, object]:
        """Everything, fit for JSON; an undefined correlation is None."""
        return {
            "images": len(self.sightings),
            "face_not_found_again": self.missed,
            "aus": {
                au: {"images": count, "correlation": None if math.isnan(r) else round(r, 3)}
                for au, (count, r) in self.correlations().items()
            },
        }

    def as_markdown(self) -> str:
        """A section for a dataset's card."""
        lines = [
            f"| {au} | {count:,} | {'–' if math.isnan(r) else f'{r:.2f}'} |"
            for au, (count, r) in self.correlations().items()
        ]
        again = f" In {self.missed:,} more no face was found again." if self.missed else ""
        return (
            f"In {len(self.sightings):,} of the images the face's mesh was found anew, and in a "
            f"drawing of the same face with no AU.{again} What moved between the two, taken apart "
            "into the displacement fields of all AUs, gives the intensity each AU has in the "
            "pixels. Its correlation with the intensity in the labels, per AU:\n\n"
            "| AU | images | correlation |\n| --- | ---: | ---: |\n"
            + "\n".join(lines)
            + "\n\nThe mesh is coarse where lids, lips and brows move least: a low value says that "
            "the mesh does not see the AU, or that the pixels do not show it. Shading and folds "
            "are not measured."
        )


def look(
    registrar: Registrar,
    drawing: ImageArray,
    neutral: ImageArray,
    view: View,
    target: FloatArray,
) -> Sighting | None:
    """Measure one drawing; None where no face is found again.

    Args:
        drawing, neutral: uint8 (S, S, 3) of the same face in the same `view`, with the AUs
            `target` and with none.
        target: (18,) intensities 0..5, NaN where nothing was asked.
    """
    meshes = []
    for image in (drawing, neutral):
        try:
            face = registrar.register(image, kind="2d")
        except NoFaceError:
            return None
        meshes.append(face.photo_view.project(face.mesh)[:, :2])
    found = intensities_of(meshes[0] - meshes[1], view)
    return Sighting(np.asarray(target, np.float32), found)


def intensities_of(moved: FloatArray, view: View) -> FloatArray:
    """Intensities (18,) of all AUs that together explain a movement (468, 2) of mesh vertices in
    pixels of `view`, by damped least squares. What moves the whole face alike is left out: it is
    the unsteadiness of where meshes are found."""
    fields = (_fields() @ view.matrix.T)[..., :2].astype(np.float64)
    fields -= np.median(fields, axis=1, keepdims=True)
    design = fields.reshape(len(fields), -1)  # 18, 936
    gram = design @ design.T
    gram += np.eye(len(gram)) * _DAMPING * np.trace(gram) / len(gram)
    own = (moved - np.median(moved, axis=0)).reshape(-1).astype(np.float64)
    share = np.linalg.solve(gram, design @ own)
    return np.asarray(share * MAX_INTENSITY, np.float32)


@lru_cache(maxsize=1)
def _fields() -> FloatArray:
    """float32 (18, 468, 3): how far each AU at E moves the mesh of the mean face, lids and lips
    brought to meet as in a drawing; canonical units."""
    model = rig_model()
    rest = displaced(model, model.neutral, np.zeros((len(SUPPORTED_AUS), 2), np.float32))
    fields = []
    for gain in np.eye(len(SUPPORTED_AUS), dtype=np.float32):
        moved = displaced(model, model.neutral, np.repeat(gain[:, None], 2, axis=1))
        fields.append((moved - rest)[:VERTEX_COUNT])
    return np.stack(fields)


def _correlation(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return math.nan
    return float(np.corrcoef(one, other)[0, 1])


def sampled(start: int, stop: int, total: int) -> Sequence[int]:
    """Which images from `start` to `stop` of a dataset of `total` are looked at: every k-th."""
    wanted = min(MOST_SAMPLED, max(LEAST_SAMPLED, total // 10))
    step = math.ceil(total / wanted)
    return range(start + -start % step, stop, step)
