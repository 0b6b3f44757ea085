"""Splits that no person is in twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from models.corpora.table import SPLITS, LabelTable, Split

BP4D_TRAIN: Final = frozenset(
    {f"F{number:03d}" for number in range(1, 24, 2)}
    | {f"M{number:03d}" for number in range(1, 18, 2)}
)
BP4D_VALIDATION: Final = frozenset(
    {f"F{number:03d}" for number in range(2, 24, 2)}
    | {f"M{number:03d}" for number in range(2, 19, 2)}
)
"""FERA 2015's partition of BP4D: 21 subjects to train, 20 to develop (Valstar et al. 2015)."""


def bp4d_split(subject: str) -> Split | None:
    """The official split of a BP4D subject; None for names FERA 2015 did not partition."""
    if subject in BP4D_TRAIN:
        return "train"
    return "validation" if subject in BP4D_VALIDATION else None


def subject_disjoint(
    subjects: Iterable[str],
    fractions: tuple[float, float, float] = (0.7, 0.15, 0.15),
    seed: int = 0,
) -> dict[str, Split]:
    """Give every subject to one split, at random but always the same way.

    The order of subjects is that of SHA-256 over seed and name, so it depends on neither the
    order they come in nor the version of a random generator. Sizes are the nearest to `fractions`
    of the number of subjects; a split with a fraction above 0 gets a subject while there are
    enough, training first.

    Args:
        subjects: names; doubles count once.
        fractions: of train, validation and test; at least 0, summing to 1.

    Raises:
        ValueError: the fractions are negative or do not sum to 1, or there are fewer subjects
            than splits that want one.
    """
    if min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-6:
        raise ValueError(f"fractions must be at least 0 and sum to 1, not {fractions}")
    ordered = sorted(
        set(subjects), key=lambda name: hashlib.sha256(f"{seed}\0{name}".encode()).digest()
    )
    wanted = sum(fraction > 0 for fraction in fractions)
    if len(ordered) < wanted:
        raise ValueError(f"{len(ordered)} subjects cannot fill {wanted} splits without sharing one")
    sizes = [max(round(fraction * len(ordered)), int(fraction > 0)) for fraction in fractions]
    while sum(sizes) != len(ordered):
        # the split furthest from its share gives or takes one, never below its first
        step = 1 if sum(sizes) < len(ordered) else -1
        excess = [
            step * (size - fraction * len(ordered)) if fraction > 0 and size + step >= 1 else 1e9
            for size, fraction in zip(sizes, fractions, strict=True)
        ]
        sizes[excess.index(min(excess))] += step
    names = (split for split, size in zip(SPLITS, sizes, strict=True) for _ in range(size))
    return dict(zip(ordered, names, strict=True))


def shared_subjects(table: LabelTable) -> tuple[str, ...]:
    """Subjects with frames in more than one split; a split to be trusted has none."""
    seen: dict[int, set[int]] = {}
    for subject, split in set(zip(table.subject.tolist(), table.split.tolist(), strict=True)):
        if split >= 0:
            seen.setdefault(subject, set()).add(split)
    return tuple(
        sorted(table.subjects[subject] for subject, splits in seen.items() if len(splits) > 1)
    )
