"""Which expressions are drawn: each AU at each intensity equally often, in varied company."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from models.facs import SUPPORTED_AUS

FloatArray = npt.NDArray[np.float32]

_NATURAL: Final[tuple[tuple[str, ...], ...]] = (
    ("AU06", "AU12"),
    ("AU06", "AU12", "AU25"),
    ("AU06", "AU07", "AU12", "AU25"),
    ("AU06", "AU12", "AU25", "AU26"),
    ("AU10", "AU12", "AU25"),
    ("AU12", "AU14"),
    ("AU01", "AU02"),
    ("AU01", "AU02", "AU05"),
    ("AU01", "AU02", "AU05", "AU25", "AU26"),
    ("AU01", "AU02", "AU12", "AU25"),
    ("AU01", "AU04"),
    ("AU01", "AU04", "AU15"),
    ("AU01", "AU04", "AU15", "AU17"),
    ("AU04", "AU07"),
    ("AU04", "AU05", "AU07", "AU23"),
    ("AU04", "AU07", "AU24"),
    ("AU04", "AU06", "AU07", "AU09", "AU10"),
    ("AU04", "AU06", "AU09", "AU10", "AU43"),
    ("AU09", "AU10", "AU17"),
    ("AU10", "AU25"),
    ("AU14", "AU24"),
    ("AU15", "AU17"),
    ("AU17", "AU24"),
    ("AU20", "AU25"),
    ("AU01", "AU04", "AU05", "AU20", "AU25"),
    ("AU25", "AU26"),
)
"""Companies AUs keep in life: smiles, surprise, sadness, anger, pain, disgust, fear."""

_EXCLUDE: Final[frozenset[frozenset[str]]] = frozenset(
    frozenset(pair)
    for pair in (
        ("AU05", "AU43"),
        ("AU07", "AU43"),
        ("AU24", "AU25"),
        ("AU24", "AU26"),
        ("AU23", "AU26"),
        ("AU17", "AU26"),
        ("AU12", "AU15"),
        ("AU15", "AU20"),
        ("AU12", "AU20"),
    )
)
"""Pairs that no face shows together, or that hide one another from view."""

_ONE_SIDED: Final = ("AU01", "AU02", "AU04", "AU10", "AU12", "AU14", "AU15", "AU20")
_INDEX: Final = {au: index for index, au in enumerate(SUPPORTED_AUS)}


def balanced_targets(
    count: int, rng: np.random.Generator, aus: Sequence[str] = SUPPORTED_AUS
) -> FloatArray:
    """(count, 18, 2) intensities 0..5: each of `aus` at every level equally often (to within one).

    Each row is drawn for one of them at one level. Half the rows put it into a company it keeps in
    life, at levels near its own, half into that of 0 to 4 others at random. Rows are shuffled, so
    any prefix is balanced too, to within chance.
    """
    cells = np.arange(count) % (len(aus) * 6)
    rng.shuffle(cells)
    rows = [_row(aus[int(cell) // 6], int(cell) % 6, rng) for cell in cells]
    return np.stack(rows) if rows else np.zeros((0, len(SUPPORTED_AUS), 2), np.float32)


def _row(name: str, level: int, rng: np.random.Generator) -> FloatArray:
    levels: dict[str, int] = {name: level}
    companies = [company for company in _NATURAL if name in company]
    if companies and rng.random() < 0.5:
        near = level if level else int(rng.integers(1, 6))
        for other in companies[int(rng.integers(len(companies)))]:
            if other != name:
                levels[other] = int(np.clip(near + rng.integers(-2, 2), 1, 5))
    else:
        for other in rng.choice(SUPPORTED_AUS, int(rng.integers(0, 5)), replace=False):
            if other != name and _goes_with(str(other), levels):
                levels[str(other)] = int(rng.integers(1, 6))
    _part_lips(levels, name)
    out = np.zeros((len(SUPPORTED_AUS), 2), np.float32)
    for other, value in levels.items():
        out[_INDEX[other]] = value
    active = [other for other in levels if other in _ONE_SIDED and levels[other]]
    if active and rng.random() < 0.12:
        weaker = rng.integers(0, 2)
        out[_INDEX[active[int(rng.integers(len(active)))]], weaker] *= rng.uniform(0, 0.6)
    return out


def _goes_with(au: str, levels: dict[str, int]) -> bool:
    return all(not levels[other] or frozenset((au, other)) not in _EXCLUDE for other in levels)


def _part_lips(levels: dict[str, int], asked: str) -> None:
    """A jaw that drops parts the lips, and FACS then scores AU25 as well as AU26.

    Were AU26 drawn alone, the open mouth would have to be told from AU25 by nothing visible.
    """
    if not levels.get("AU26"):
        return
    if asked == "AU25":
        if levels["AU25"] < 1:
            del levels["AU26"]
        else:
            levels["AU26"] = min(levels["AU26"], levels["AU25"])
        return
    levels["AU25"] = max(levels.get("AU25", 0), levels["AU26"])
