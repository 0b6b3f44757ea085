"""What the person of some files looks like on average, for models that are normalised so."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.footage import Frame, all_frames, chunks
from models.normalisation.mean_texture import MeanTexture
from models.registration import Registrar, RegistrationError
from models.registration.face import RegistrationKind

ImageArray = npt.NDArray[np.uint8]


class NoFacesError(ValueError):
    """No frame shows a face to take a mean of."""


def mean_face(
    registrar: Registrar, kind: RegistrationKind, files: Sequence[Path], threads: int = 2
) -> ImageArray:
    """The mean texture over the largest face of every frame, uint8 (224, 224, 3).

    Args:
        files: photos and videos of one person; frames without a face, and files that cannot be
            read, do not count.

    Raises:
        NoFacesError: none shows a face.
    """
    mean, found = MeanTexture(), False

    def registered(frame: Frame) -> ImageArray | None:
        try:
            return registrar.register(frame.image, kind=kind).image
        except RegistrationError:
            return None

    with ThreadPoolExecutor(threads, thread_name_prefix="faces") as pool:
        for chunk in chunks(all_frames(files)):
            for face in pool.map(registered, [one for one in chunk if isinstance(one, Frame)]):
                if face is not None:
                    mean.add(face)
                    found = True
    if not found:
        raise NoFacesError(f"No face was found in {', '.join(str(file) for file in files)}.")
    return mean.image()
