"""The action-unit (AU) vocabulary, intensities and target vectors.

Everything that names an AU or an intensity goes through here, so that presence and intensity,
the order of columns and the meaning of left and right can never disagree between two places.
Source: Ekman, Friesen & Hager, Facial Action Coding System (2002).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
LevelArray = npt.NDArray[np.int8]

SUPPORTED_AUS: Final[tuple[str, ...]] = (
    "AU01", "AU02", "AU04", "AU05", "AU06", "AU07", "AU09", "AU10", "AU12",
    "AU14", "AU15", "AU17", "AU20", "AU23", "AU24", "AU25", "AU26", "AU43",
)  # fmt: skip
"""The supported AUs, in the one order every vector, column and network output uses."""

AU_NAMES: Final[Mapping[str, str]] = {
    "AU01": "inner brow raiser",
    "AU02": "outer brow raiser",
    "AU04": "brow lowerer",
    "AU05": "upper lid raiser",
    "AU06": "cheek raiser",
    "AU07": "lid tightener",
    "AU09": "nose wrinkler",
    "AU10": "upper lip raiser",
    "AU12": "lip corner puller",
    "AU14": "dimpler",
    "AU15": "lip corner depressor",
    "AU17": "chin raiser",
    "AU20": "lip stretcher",
    "AU23": "lip tightener",
    "AU24": "lip pressor",
    "AU25": "lips part",
    "AU26": "jaw drop",
    "AU43": "eyes closed",
}

Side = Literal["L", "R"]
SIDES: Final[tuple[Side, Side]] = ("L", "R")
"""The subject's own left and right, in the order of the last axis of a target array."""

MAX_INTENSITY: Final = 5.0
Level = Literal["0", "A", "B", "C", "D", "E"]
LEVELS: Final[tuple[Level, ...]] = ("0", "A", "B", "C", "D", "E")
"""FACS intensity levels; the index is the numeric intensity."""

_AU_PATTERN: Final = re.compile(r"AU([0-9]{1,2})([LR]?)\Z")
_MEANT: Final[Mapping[str, str]] = {
    "AU45": "AU45, a blink, is AU43 for as long as the eyes are closed: write AU43",
    "AU46": "AU46, a wink, is AU43 of one eye: write AU43L or AU43R",
}
"""What to write instead of units that others code apart."""

_INDEX: Final[Mapping[str, int]] = {au: index for index, au in enumerate(SUPPORTED_AUS)}


class TargetError(ValueError):
    """A target that cannot be drawn. `field` is the key in the target that is wrong."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class UnknownActionUnitError(TargetError):
    """The name is not a supported AU such as ``AU12``, ``AU12L`` or ``AU12R``."""


class IntensityError(TargetError):
    """The intensity is not a letter A..E or a number from 0 to 5."""


class ContradictorySidesError(TargetError):
    """One side has two intensities: an AU is named beside one of its sides, or twice."""


def split_side(name: str) -> tuple[str, Side | None]:
    """``"AU12L"`` -> ``("AU12", "L")``; ``"AU12"`` -> ``("AU12", None)``; ``"AU1"`` is ``"AU01"``.

    Raises:
        UnknownActionUnitError: the name is not of this form, or the AU is not supported.
    """
    match = _AU_PATTERN.match(name) if isinstance(name, str) else None
    au = f"AU{match[1]:0>2}" if match else ""
    if match is None or au not in _INDEX:
        if au in _MEANT:
            raise UnknownActionUnitError(f"{_MEANT[au]}.", name)
        raise UnknownActionUnitError(
            f"{name!r} is not a supported action unit; use one of {', '.join(SUPPORTED_AUS)}, "
            "with L or R behind it for the subject's own left or right side.",
            str(name),
        )
    side: Side | None = "L" if match[2] == "L" else "R" if match[2] == "R" else None
    return au, side


def au_name(name: str) -> str:
    """The name as it is written everywhere: ``"AU1"`` -> ``"AU01"``, ``"AU6L"`` -> ``"AU06L"``.

    Raises:
        UnknownActionUnitError: as `split_side`.
    """
    au, side = split_side(name)
    return f"{au}{side or ''}"


def parse_intensity(value: object, field: str = "intensity") -> float:
    """A letter ``A``..``E`` or a number 0..5 as a float in [0, 5].

    Raises:
        IntensityError: anything else, NaN and booleans included.
    """
    if isinstance(value, str) and value.strip().upper() in LEVELS:
        return float(LEVELS.index(value.strip().upper()))
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise IntensityError(f"{field} must be a letter A to E or a number 0 to 5.", field)
    try:
        number = float(value)
    except OverflowError:  # JSON has integers of any length
        number = math.inf
    if not math.isfinite(number) or not 0.0 <= number <= MAX_INTENSITY:
        raise IntensityError(f"{field} is {number:g}; intensities go from 0 to 5.", field)
    return number


def printed(intensities: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Intensities to two decimals, as every page prints them; NaN stays.

    Levels and presence are decided by these and by nothing else, so what a reader sees of an
    intensity says its level and presence too.
    """
    return np.asarray(np.rint(np.asarray(intensities, np.float64) * 100) / 100)


def level_indices(intensities: npt.ArrayLike) -> LevelArray:
    """The index into `LEVELS` of every intensity as printed, rounded half up; NaN is -1."""
    rounded = np.floor(printed(intensities) + 0.5)
    return np.where(np.isnan(rounded), -1, np.clip(rounded, 0, len(LEVELS) - 1)).astype(np.int8)


def presence(intensities: npt.ArrayLike, at_least: Level = "A") -> BoolArray:
    """Whether each AU is there: its level is A, a trace (FACS 2002), or what is asked, or above.

    No other rule for presence exists: labels of corpora, drawn targets and readings alike. NaN
    (not coded) is not present.
    """
    return np.asarray(level_indices(intensities) >= LEVELS.index(at_least), np.bool_)


def level(intensity: float) -> Level:
    """The FACS letter of an intensity in [0, 5]: 2.5 -> ``"C"``, .49 -> ``"0"``."""
    return LEVELS[int(level_indices(intensity))]


def is_present(intensity: float, at_least: Level = "A") -> bool:
    """`presence` of one intensity."""
    return bool(presence(intensity, at_least))


@dataclass(frozen=True)
class Target:
    """The AU intensities asked of one drawing; AUs that are not named are 0.

    `intensities` maps names (``AU06``, ``AU12L``) to floats in [0, 5], in the order of
    `SUPPORTED_AUS`, so that equal targets are equal, hash alike and print alike.
    """

    intensities: tuple[tuple[str, float], ...]

    @classmethod
    def parse(cls, mapping: Mapping[str, object]) -> Target:
        """Check and normalise a mapping from AU name to letter or number.

        Raises:
            UnknownActionUnitError, IntensityError, ContradictorySidesError.
        """
        parsed: dict[str, float] = {}
        for given, value in mapping.items():
            name = au_name(given)
            if name in parsed:
                raise ContradictorySidesError(f"{given} is {name}, which is given too.", given)
            parsed[name] = parse_intensity(value, given)
        for name in parsed:
            au, side = split_side(name)
            if side is not None and au in parsed:
                raise ContradictorySidesError(
                    f"{name} contradicts {au}: {au} already sets both sides. "
                    f"Give {au}L and {au}R, or {au} alone.",
                    name,
                )
        return cls(tuple(sorted(parsed.items(), key=lambda item: item[0])))

    def as_dict(self) -> dict[str, float]:
        """The named intensities, as a plain dict fit for JSON."""
        return dict(self.intensities)

    def array(self) -> FloatArray:
        """Intensities 0..5 as float32 of shape (18, 2): AU by `SUPPORTED_AUS`, side by `SIDES`."""
        out = np.zeros((len(SUPPORTED_AUS), len(SIDES)), np.float32)
        for name, intensity in self.intensities:
            au, side = split_side(name)
            if side is None:
                out[_INDEX[au]] = intensity
            else:
                out[_INDEX[au], SIDES.index(side)] = intensity
        return out


def targets_array(targets: Iterable[Target]) -> FloatArray:
    """Stack targets to float32 (N, 18, 2), intensities 0..5; what generators take."""
    rows = [target.array() for target in targets]
    return np.stack(rows) if rows else np.zeros((0, len(SUPPORTED_AUS), len(SIDES)), np.float32)


def from_vector(vector: Sequence[float] | FloatArray) -> Target:
    """A target from 18 bilateral intensities in the order of `SUPPORTED_AUS`; zeros are left out.

    Raises:
        ValueError: the vector does not have 18 entries.
        IntensityError: an entry is not in [0, 5].
    """
    if len(vector) != len(SUPPORTED_AUS):
        raise ValueError(f"an AU vector has {len(SUPPORTED_AUS)} entries, not {len(vector)}")
    pairs = zip(SUPPORTED_AUS, vector, strict=True)
    return Target.parse({au: float(value) for au, value in pairs if float(value) != 0.0})


def bilateral(array: FloatArray) -> FloatArray:
    """(..., 18, 2) sided intensities -> (..., 18): the stronger side, as FACS scores an AU."""
    if array.shape[-2:] != (len(SUPPORTED_AUS), len(SIDES)):
        raise ValueError(f"expected (..., {len(SUPPORTED_AUS)}, 2), got {array.shape}")
    return np.asarray(array.max(axis=-1), np.float32)
