"""How close drawings come to photographs, person by person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.rig_quality import BLUR, likeness
from models.registration.canonical import canonical_face
from models.registration.face import FloatArray, ImageArray, RegisteredFace

_RESAMPLES: Final = 4_000


@dataclass(frozen=True)
class Closeness:
    """One drawing against the photograph it should look like.

    Attributes:
        ssim, sharpness: as `benchmarks.rig_quality.likeness` has them.
        l1: mean absolute difference in grey levels where both show skin.
        mouth: the same in the box around the photographed lips.
    """

    ssim: float
    sharpness: float
    l1: float
    mouth: float


def judge(
    rows: dict[str, list[Closeness]], real: RegisteredFace,
    controls: Mapping[str, ImageArray], drawn: Mapping[str, ImageArray],
) -> None:  # fmt: skip
    soft = {f"{name}, blurred by {BLUR} px": blurred(image) for name, image in drawn.items()}
    pictures = {**controls, **drawn, **soft, "the real one, blurred alike": blurred(real.image)}
    for name, image in pictures.items():
        rows.setdefault(name, []).append(closeness_of(image, real))


def closeness_of(image: ImageArray, real: RegisteredFace) -> Closeness:
    like = likeness(image, real.image)
    both = np.asarray(image.any(axis=2) & real.image.any(axis=2), np.uint8)
    inside = cv2.erode(both, np.ones((11, 11), np.uint8)) > 0
    apart = np.abs(image.astype(np.float32) - real.image).mean(axis=2)
    lips = canonical_face().outer_lips
    at = real.view.project(real.mesh[[*lips.upper, *lips.lower]])[:, :2]
    low, high = at.min(axis=0).astype(int) - 3, at.max(axis=0).astype(int) + 4
    mouth = apart[low[1] : high[1], low[0] : high[0]]
    return Closeness(like.ssim, like.sharpness, float(apart[inside].mean()), float(mouth.mean()))


def print_rows(rows: Mapping[str, Sequence[Closeness]]) -> None:
    print("| | SSIM | L1, grey levels | L1 about the mouth | sharpness |\n|---|---|---|---|---|")
    for name, found in rows.items():
        ssim, l1, mouth = (
            spread([getattr(one, key) for one in found], digits)
            for key, digits in (("ssim", 3), ("l1", 2), ("mouth", 2))
        )
        sharp = float(np.median([one.sharpness for one in found]))
        print(f"| {name} | {ssim} | {l1} | {mouth} | {sharp:.2f} |")
    print()


def print_gain(
    rows: Mapping[str, Sequence[Closeness]], generator: str, some: str, these: Sequence[bool]
) -> None:
    print(f"| {generator} less rig, paired | SSIM | L1 | L1 about the mouth |\n|---|---|---|---|")
    for label, chosen in (("everybody", [True] * len(these)), (some, these)):
        pairs = [
            (rig, other)
            for rig, other, use in zip(rows["rig"], rows[generator], chosen, strict=True)
            if use
        ]
        if not pairs:
            continue
        cells = []
        for key, sign in (("ssim", 1), ("l1", -1), ("mouth", -1)):
            change = np.array([getattr(b, key) - getattr(a, key) for a, b in pairs])
            low, high = _interval(change)
            better = int((change * sign > 0).sum())
            cells.append(f"{change.mean():+.3f} [{low:+.3f}, {high:+.3f}], {better} better")
        print(f"| {label} ({len(pairs)}) | {' | '.join(cells)} |")
    print()


def _interval(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """95% of the mean, by the bootstrap over people."""
    rng = np.random.default_rng(0)
    means = values[rng.integers(0, len(values), (_RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def blurred(image: ImageArray) -> ImageArray:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), BLUR), np.uint8)


def spread(values: Sequence[float] | FloatArray, digits: int) -> str:
    array = np.asarray(values, np.float64)
    return f"{array.mean():.{digits}f} ± {array.std(ddof=1):.{digits}f}"
