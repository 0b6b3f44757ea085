"""Chooses the distance at which two faces count as two people's, and measures it on others.

Run as ``python -m scripts.measure_identity --data DATA --portraits FOLDER --out FOLDER``;
interrupted, it goes on with the descriptors it has. People who choose are those of the splits train
and validation of `scripts.train_compact.people` who were photographed smiling, and, as strangers to
each other, half of the portraits; those of the split test and the other half are measured on. Every
studio picture is seen by six made-up cameras. Writes ``identity.json``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.estimators.augment import Augment, AugmentConfig
from models.facs import SUPPORTED_AUS
from models.generators.expressions import balanced_targets
from models.generators.paste import paste_back
from models.generators.rig import RigGenerator
from models.identity.chip import face_chip
from models.identity.network import SIDE
from models.identity.recogniser import recogniser
from models.registration.face import ImageArray, RegisteredFace
from models.registration.registrar import Registrar, RegistrationError, load_registrar
from scripts.fit_rig.photos import read_face
from scripts.train_compact.people import Person, split_people

FloatArray = npt.NDArray[np.float32]
CAMERAS: Final = 6
_SINGLE, _MIXED = 4, 3
"""Drawings of each person: single AUs at E, and mixtures of several."""
_AIMS: Final = (0.03, 0.01)
"""Own pictures refused, strangers let through."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Descriptors of P people under C cameras.

    Attributes:
        neutral: float32 (P, C, 128).
        others: by kind of picture, float32 (P, K, C, 128).
    """

    neutral: FloatArray
    others: dict[str, FloatArray]

    @classmethod
    def kept(cls, path: Path, make: Callable[[], Seen]) -> Seen:
        """What lies at `path`, made now if nothing does."""
        if not path.exists():
            made = make()
            np.savez(
                path,
                neutral=made.neutral,
                smile=made.others["smile"],
                drawn=made.others["drawn"],
            )
        with np.load(path) as stored:
            others = {name: stored[name] for name in stored.files if name != "neutral"}
            return cls(stored["neutral"], others)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--portraits", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    registrar = load_registrar()
    people = [person for person in split_people(args.data) if person.smiling is not None]
    choosing = Seen.kept(
        args.out / "choosing.npz",
        lambda: seen(registrar, [one for one in people if one.split != "test"]),
    )
    measured = Seen.kept(
        args.out / "measured.npz",
        lambda: seen(registrar, [one for one in people if one.split == "test"]),
    )
    first, second = portraits(registrar, args.portraits, args.out / "portraits.npy")
    limit = chosen_limit(choosing, first)
    figures = {
        "limit": limit,
        "choosing": rates(choosing, limit),
        "choosing portraits": portrait_rates(first, limit),
        "measured": rates(measured, limit),
        "measured portraits": portrait_rates(second, limit),
    }
    (args.out / "identity.json").write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


def seen(registrar: Registrar, people: list[Person]) -> Seen:
    """Everybody's neutral photograph, smile and drawings, under cameras."""
    rng, augment = np.random.default_rng(17), Augment(AugmentConfig(mirror=0, cutout=0))
    neutral, smiling, drawn = [], [], []
    for person in people:
        assert person.smiling is not None
        face = read_face(registrar, person.neutral)
        neutral.append(under_cameras([face], augment, rng)[0])
        smiling.append(under_cameras([read_face(registrar, person.smiling)], augment, rng))
        drawn.append(under_cameras(drawings(registrar, face, rng), augment, rng))
    return Seen(np.stack(neutral), {"smile": np.stack(smiling), "drawn": np.stack(drawn)})


def drawings(
    registrar: Registrar, face: RegisteredFace, rng: np.random.Generator
) -> list[RegisteredFace]:
    """Single AUs at E and mixtures, put back into the photo and registered again."""
    single = np.zeros((_SINGLE, len(SUPPORTED_AUS), 2), np.float32)
    for row, au in enumerate(rng.choice(len(SUPPORTED_AUS), _SINGLE, replace=False)):
        single[row, au] = 5
    targets = np.concatenate([single, balanced_targets(_MIXED, rng)])
    out = []
    for drawing, target in zip(
        RigGenerator().generate([face] * len(targets), targets), targets, strict=True
    ):
        try:
            out.append(registrar.register(paste_back(face, drawing, target)))
        except RegistrationError:
            out.append(face)
    return out


def under_cameras(
    faces: list[RegisteredFace], augment: Augment, rng: np.random.Generator
) -> FloatArray:
    """float32 (N, C, 128)."""
    chips = np.stack([face_chip(face, SIDE) for face in faces])
    return np.stack(
        [recogniser().describe_chips(varied(chips, augment, rng)) for _ in range(CAMERAS)], axis=1
    )


def varied(chips: ImageArray, augment: Augment, rng: np.random.Generator) -> ImageArray:
    """The pictures under another camera, uint8."""
    tensor = augment(chips, rng).permute(0, 2, 3, 1).numpy()
    return np.asarray(np.round((tensor + 1) * 127.5), np.uint8)


def distances(of: Seen) -> tuple[dict[str, FloatArray], FloatArray]:
    """Own distances by kind of picture, and strangers'; each neutral face to each other picture."""
    own, strangers = {}, []
    count = len(of.neutral)
    away = ~np.eye(count, dtype=bool)
    for kind, others in of.others.items():
        # P neutral, C cameras, P others, K pictures, C cameras
        apart = np.linalg.norm(of.neutral[:, :, None, None, None] - others[None, None], axis=-1)
        own[kind] = apart[np.arange(count), :, np.arange(count)].ravel()
        strangers.append(apart.transpose(0, 2, 1, 3, 4)[away].ravel())
    return own, np.concatenate(strangers)


def chosen_limit(of: Seen, portraits: FloatArray) -> float:
    """The limit at which neither kind of error, of the studio or of portraits, is near its aim."""
    own, strangers = distances(of)
    others = pairs(portraits)
    mine = np.concatenate(list(own.values()))
    limits = np.arange(0.3, 0.8, 0.005)
    worst = [
        max(
            (mine > limit).mean() / _AIMS[0],
            (strangers <= limit).mean() / _AIMS[1],
            (others <= limit).mean() / _AIMS[1],
        )
        for limit in limits
    ]
    return round(float(limits[int(np.argmin(worst))]), 3)


def rates(of: Seen, limit: float) -> dict[str, float]:
    """Shares of own pictures refused and of strangers let through."""
    own, strangers = distances(of)
    out = {"people": float(len(of.neutral))}
    for kind, values in own.items():
        out[f"own {kind} refused"] = round(float((values > limit).mean()), 4)
        out[f"own {kind} median"] = round(float(np.median(values)), 3)
    out["strangers let through"] = round(float((strangers <= limit).mean()), 4)
    out["strangers, nearest"] = round(float(strangers.min()), 3)
    out["pairs of strangers"] = float(strangers.size)
    return out


def portraits(registrar: Registrar, folder: Path, kept: Path) -> tuple[FloatArray, FloatArray]:
    """Descriptors of two halves of the portraits, one person each."""
    if not kept.exists():
        faces = []
        for path in sorted(folder.glob("*.jpg")):
            try:
                faces.append(read_face(registrar, path))
            except RegistrationError:
                continue
        np.save(kept, recogniser().describe(faces))
    read: FloatArray = np.load(kept)
    return read[::2], read[1::2]


def pairs(descriptors: FloatArray) -> FloatArray:
    """Distances of all pairs."""
    apart = np.linalg.norm(descriptors[:, None] - descriptors[None], axis=-1)
    return np.asarray(apart[np.triu_indices(len(descriptors), 1)], np.float32)


def portrait_rates(descriptors: FloatArray, limit: float) -> dict[str, float]:
    """Share of pairs of portraits that pass for one person's."""
    apart = pairs(descriptors)
    return {
        "portraits": float(len(descriptors)),
        "strangers let through": round(float((apart <= limit).mean()), 5),
        "strangers, nearest": round(float(apart.min()), 3),
    }


if __name__ == "__main__":
    main()
