"""Who is learnt from, who chooses, and who is only measured on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.corpora.splits import subject_disjoint
from models.corpora.table import Split
from scripts.fit_rig.teeth import PEOPLE as TEETH_PEOPLE


@dataclass(frozen=True)
class Person:
    """One photographed person; `smiling` is None for those photographed neutral only."""

    name: str
    split: Split
    neutral: Path
    smiling: Path | None


def split_people(data: Path) -> tuple[Person, ...]:
    """Everybody in the folder `data`, which holds ``london/`` and ``canada/``, with their split.

    Validation (12) and test (24) are drawn from the people photographed smiling, because a real
    smile of a stranger is what counts. The four whose teeth the rig wears are left to training.

    Raises:
        FileNotFoundError: the photographs are not there.
    """
    smiling = sorted(path.stem for path in (data / "london" / "smiling").glob("*.jpg"))
    if len(smiling) < 48:
        raise FileNotFoundError(f"{data} shows {len(smiling)} smiling people of 68 in london/")
    free = [name for name in smiling if name not in TEETH_PEOPLE]
    counts = (len(free) - 36, 12, 24)
    total = float(len(free))
    splits = subject_disjoint(free, (counts[0] / total, counts[1] / total, counts[2] / total))
    london = tuple(
        Person(
            f"london-{name}",
            splits.get(name, "train"),
            data / "london" / "neutral" / f"{name}.jpg",
            data / "london" / "smiling" / f"{name}.jpg",
        )
        for name in smiling
    )
    canada = tuple(
        Person(f"canada-{path.stem}", "train", path, None)
        for path in sorted((data / "canada").glob("*.jpg"))
    )
    return london + canada
