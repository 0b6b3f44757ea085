"""Pictures of what the people of a dataset usually look like, beside its images.

A dataset's own images do not tell: balanced drawings of a person average to nobody's usual face.
Whoever reads frames later takes the mean of natural ones, or a neutral one, so these are kept too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.datasets.facts import KeptReference
from models.datasets.zip_writer import StoredZipWriter
from models.images import encode_png

ImageArray = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Reference:
    """Of one person, from natural frames registered as the dataset's images are.

    Attributes:
        subject: who it is.
        frames: natural frames behind the mean.
        mean_texture: uint8 (224, 224, 3), see `models.normalisation.mean_texture`.
        neutral: uint8 (224, 224, 3), a frame on which every known AU is 0, or None.
    """

    subject: str
    frames: int
    mean_texture: ImageArray
    neutral: ImageArray | None


def write_references(
    archive: StoredZipWriter, references: Iterable[Reference]
) -> list[KeptReference]:
    """Write the pictures; where each is."""
    kept = []
    for number, one in enumerate(references):
        files: dict[str, str | None] = {}
        for kind, image in (("mean_texture", one.mean_texture), ("neutral", one.neutral)):
            files[kind] = None if image is None else f"references/{number:06d}_{kind}.png"
            if image is not None:
                archive.add(str(files[kind]), encode_png(image))
        kept.append(KeptReference(one.subject, one.frames, **files))
    return kept
