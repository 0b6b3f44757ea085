"""What is read of the frames of a corpus, batch by batch, by one estimator or by two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from models.estimators.reader import Reader
from models.evaluation.evaluate import Readings
from models.evaluation.skin import skin_group, typology_angle
from models.registration.face import RegistrationKind

ImageArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]
IndexArray = npt.NDArray[np.int32]

BATCH: Final = 64
"""Faces read at a time: 64 * 224 * 224 * 3 B = 9.6 MB."""

Faces = Mapping[RegistrationKind, ImageArray]
"""One frame's face, uint8 (224, 224, 3), in every registration that the estimators take."""


@dataclass(frozen=True, eq=False)
class Collected:
    """Readings of the K frames that were read so far.

    Attributes:
        frame: int32 (K,), the frames' indices.
        readings: of each estimator, (K, A).
        angle: float32 (K,), skin by `skin.typology_angle`, NaN where it does not show.
    """

    frame: IndexArray
    readings: tuple[Readings, ...]
    angle: FloatArray

    @classmethod
    def none(cls, readers: Sequence[Reader]) -> Collected:
        """Nothing yet."""
        empty = tuple(
            Readings(
                reader.aus,
                np.zeros((0, len(reader.aus)), np.float32),
                np.zeros((0, len(reader.aus)), np.bool_),
            )
            for reader in readers
        )
        return cls(np.zeros(0, np.int32), empty, np.zeros(0, np.float32))

    def with_faces(
        self, readers: Sequence[Reader], frames: Sequence[int], faces: Sequence[Faces]
    ) -> Collected:
        """With the faces of some more frames read."""
        if not frames:
            return self
        joined = []
        for reader, before in zip(readers, self.readings, strict=True):
            kind = reader.config.registration
            found = reader.estimate(np.stack([face[kind] for face in faces]))
            joined.append(
                Readings(
                    before.aus,
                    np.concatenate([before.intensities, found.intensities]),
                    np.concatenate([before.present, found.presence()]),
                )
            )
        angles = np.array([_angle(face) for face in faces], np.float32)
        return Collected(
            np.concatenate([self.frame, np.asarray(frames, np.int32)]),
            tuple(joined),
            np.concatenate([self.angle, angles]),
        )

    def skin(self, subject: IndexArray, subjects: Sequence[str]) -> dict[str, str]:
        """Person -> skin group, of those whose skin shows.

        Args:
            subject: int32 (K,), whose face each frame shows, an index into `subjects`.
            subjects: names.
        """
        groups = {
            subjects[index]: skin_group(self.angle[subject == index].tolist())
            for index in np.unique(subject)
        }
        return {name: group for name, group in groups.items() if group is not None}

    def save(self, path: Path) -> None:
        """Keep it in a file; whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        arrays: dict[str, npt.NDArray[np.generic]] = {"frame": self.frame, "angle": self.angle}
        for number, readings in enumerate(self.readings):
            arrays[f"intensities.{number}"] = readings.intensities
            arrays[f"present.{number}"] = readings.present
        unfinished = path.with_suffix(".unfinished")
        try:
            unfinished.write_bytes(save(arrays))
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path, readers: Sequence[Reader]) -> Collected:
        """Read what `save` kept; nothing if it is not there, damaged, or of other estimators."""
        try:
            arrays = load_file(path)
            return cls(
                arrays["frame"],
                tuple(
                    Readings(
                        reader.aus, arrays[f"intensities.{number}"], arrays[f"present.{number}"]
                    )
                    for number, reader in enumerate(readers)
                ),
                arrays["angle"],
            )
        except (OSError, SafetensorError, KeyError, ValueError):
            return cls.none(readers)


def _angle(face: Faces) -> float:
    return typology_angle(face["3d"]) if "3d" in face else float("nan")


def kinds(readers: Sequence[Reader]) -> tuple[RegistrationKind, ...]:
    """The registrations that a frame is wanted in: the estimators', and 3D for its skin."""
    return tuple(dict.fromkeys(("3d", *(reader.config.registration for reader in readers))))
