"""One person filmed, found in every frame and registered: what a corpus keeps of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.simulated.behaviour import shown_over_time
from benchmarks.simulated.camera import head_poses, photograph, setting
from benchmarks.simulated.databases import DatabaseSpec
from benchmarks.simulated.own_face import own_face
from models.estimators.crop import crop_faces
from models.facs import SUPPORTED_AUS, level_indices
from models.registration import NoFaceError, Registrar
from models.registration.face import FloatArray, ImageArray, RegisteredFace, RegistrationKind
from models.registration.kept import keep_face, registered_face
from models.rig.model import rig_model

KINDS: Final[tuple[RegistrationKind, ...]] = ("3d", "2d")
_HEAD_PACE: Final = 3.0
"""Frames over which heads turn, as `behaviour.Behaviour.pace`."""


@dataclass(frozen=True, eq=False)
class Recording:
    """One person's frames. The first is a neutral one, with every AU at 0, and is coded so.

    Attributes:
        kept: uint8, the frames' kept faces after one another (`models.registration.kept`).
        ends: int64 (N,), where each ends.
        labels: float32 (N, 18), whole levels as coders write them, NaN for AUs not coded.
        crops_3d, crops_2d: uint8 (N, 128, 96, 3), registered, as `compact` sees them.
        lost: frames in which no face was found.
    """

    kept: npt.NDArray[np.uint8]
    ends: npt.NDArray[np.int64]
    labels: FloatArray
    crops_3d: ImageArray
    crops_2d: ImageArray
    lost: int

    def crops(self, kind: RegistrationKind) -> ImageArray:
        """The frames, registered so."""
        return self.crops_3d if kind == "3d" else self.crops_2d

    def face(self, frame: int, kind: RegistrationKind) -> RegisteredFace:
        """One frame's face, registered so."""
        start = int(self.ends[frame - 1]) if frame else 0
        return registered_face(self.kept[start : int(self.ends[frame])].tobytes(), kind)

    def save(self, path: Path) -> None:
        """Write it in one step, so that a run that was killed leaves whole files alone."""
        temporary = path.with_name(f".{path.name}.part.npz")
        np.savez(temporary, **vars(self))
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return cls(**{**arrays, "lost": int(arrays["lost"])})


def film(
    spec: DatabaseSpec, face: RegisteredFace, number: int, frames: int, registrar: Registrar
) -> Recording:
    """Film person `number` of a database, `frames` frames after the neutral one.

    Args:
        face: their neutral photo, registered in 3D.
        registrar: finds them again in each frame, as in a photo of a stranger.
    """
    rng = np.random.default_rng((spec.seed, number))
    own = own_face(rig_model(), spec.spread, rng)
    where = setting(spec.camera, rng)
    shown = shown_over_time(spec.behaviour, frames, rng)
    shown = np.concatenate([np.zeros_like(shown[:1]), shown])
    poses = head_poses(spec.camera, len(shown), _HEAD_PACE, rng)
    kept, rows = [], []
    for row, (intensities, pose) in enumerate(zip(shown, poses, strict=True)):
        photo = photograph(spec.camera, where, face, own, intensities, pose, rng)
        try:
            kept.append(keep_face(registrar, photo))
            rows.append(row)
        except NoFaceError:
            if not row:
                raise
    faces = {kind: [registered_face(one, kind).image for one in kept] for kind in KINDS}
    return Recording(
        kept=np.frombuffer(b"".join(kept), np.uint8),
        ends=np.cumsum([len(one) for one in kept]).astype(np.int64),
        labels=coded(spec, shown[rows]),
        crops_3d=crop_faces(np.stack(faces["3d"])),
        crops_2d=crop_faces(np.stack(faces["2d"])),
        lost=len(shown) - len(rows),
    )


def coded(spec: DatabaseSpec, shown: FloatArray) -> FloatArray:
    """What coders write down of intensities (N, 18): whole levels, of the AUs they look for."""
    looked_for = np.isin(SUPPORTED_AUS, spec.coded)
    return np.where(looked_for, level_indices(shown), np.nan).astype(np.float32)
