"""Which frames of a corpus an estimator is evaluated on."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from models.corpora.splits import subject_disjoint
from models.corpora.table import SPLITS, LabelTable, Split

IndexArray = npt.NDArray[np.int32]

OWN_SPLIT: Final = (
    "The corpus says of nobody which split they are in, so people were put into splits as datasets "
    "of this corpus put them."
)


class NoFramesError(ValueError):
    """There is nothing to evaluate on; the message says why."""


def chosen_frames(table: LabelTable, split: Split | None) -> tuple[IndexArray, tuple[str, ...]]:
    """Indices of the frames of a split, or of all, and what to say of it.

    Where the corpus has no splits, they are those that datasets of it have
    (`models.corpora.splits.subject_disjoint`), so that a model trained on its training people is
    held against others.

    Raises:
        NoFramesError: nobody is in the split, or there are too few people to make splits.
    """
    if split is None:
        return np.arange(len(table), dtype=np.int32), ()
    notes: tuple[str, ...] = ()
    if not (table.split >= 0).any():
        try:
            table = table.with_splits(subject_disjoint(table.subjects))
        except ValueError as error:
            raise NoFramesError(f"The corpus has no splits, and {error}.") from error
        notes = (OWN_SPLIT,)
    frames = np.flatnonzero(table.split == SPLITS.index(split)).astype(np.int32)
    if not len(frames):
        there = [name for number, name in enumerate(SPLITS) if (table.split == number).any()]
        raise NoFramesError(
            f"No frame of the corpus is in the split {split!r}; it has {', '.join(there)}."
        )
    return frames, notes
