"""The one type every reader returns: frames with labels, their pixels not yet decoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models import facs
from models.corpora.errors import CorpusError, FrameMissingError
from models.corpora.options import Layout
from models.corpora.pixels import FrameReader, FrameSource, Video, cut_short
from models.corpora.table import SPLITS, CodeArray, IndexArray, LabelTable, Split, label_table
from models.corpora.wording import counted, were

FloatArray = npt.NDArray[np.float32]
ImageArray = npt.NDArray[np.uint8]

__all__ = ["Corpus", "Frame", "LabelledSequence", "Layout", "assemble"]


@dataclass(frozen=True)
class Frame:
    """One labelled frame, without its pixels.

    `number` is the frame's number as the corpus prints it, `position` where its pixels are in
    the sequence's source; `labels` is float32 (18,) with NaN for AUs that were not coded.
    """

    index: int
    subject: str
    sequence: str
    number: int
    position: int
    file: Path
    labels: FloatArray


@dataclass(frozen=True, eq=False)
class LabelledSequence:
    """What a reader found of one sequence; `assemble` makes a corpus of many.

    Attributes:
        intensity: float32 (n, 18), NaN where not coded.
        occurrence: int8 (n, 18) of presence-only coding, -1 where not coded; None where none is.
        numbers: int32 (n,), frame numbers as the corpus prints them.
        positions: int32 (n,), where each frame's pixels are in `source`.
    """

    name: str
    subject: str
    source: FrameSource
    numbers: IndexArray
    positions: IndexArray
    intensity: FloatArray
    occurrence: CodeArray | None = None
    split: Split | None = None


@dataclass(frozen=True, eq=False)
class Corpus:
    """Labelled frames somebody collected, in the order of sequences and frames.

    Attributes:
        name: what to call it.
        layout: the layout it was read in.
        root: the folder it was read from.
        licence: what its owner allows, in words; carried into every dataset made of it.
        table: labels, subjects and official splits of the N frames.
        sequences: names of the sequences, with the source of their pixels.
        sequence: int32 (N,), index into `sequences`.
        numbers, positions: int32 (N,), see `Frame`.
        notes: what was left out or had to be interpreted, for a person to read.
    """

    name: str
    layout: Layout
    root: Path
    licence: str
    table: LabelTable
    sequences: tuple[tuple[str, FrameSource], ...]
    sequence: IndexArray
    numbers: IndexArray
    positions: IndexArray
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.table)

    def frame(self, index: int) -> Frame:
        """One frame by its index.

        Raises:
            IndexError: there is no such frame.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"frame {index} of {len(self)}")
        name, source = self.sequences[self.sequence[index]]
        position = int(self.positions[index])
        return Frame(
            index=index,
            subject=self.table.subjects[self.table.subject[index]],
            sequence=name,
            number=int(self.numbers[index]),
            position=position,
            file=source.file(position),
            labels=self.table.intensity[index],
        )

    def pixels(
        self, indices: Iterable[int] | None = None
    ) -> Iterator[tuple[int, ImageArray | FrameMissingError]]:
        """Decode frames one at a time, all of them or those of ascending `indices`.

        One source is open at a time and no frame is kept, so memory does not grow. A frame that
        cannot be decoded comes as the error that says why, so that the others still come.

        Raises:
            CorpusError: a video cannot be opened at all.
            IndexError: there is no such frame.
        """
        reader: FrameReader | None = None
        current = -1
        try:
            for index in range(len(self)) if indices is None else indices:
                if not 0 <= index < len(self):
                    raise IndexError(f"frame {index} of {len(self)}")
                if reader is None or self.sequence[index] != current:
                    if reader is not None:
                        reader.__exit__(None, None, None)
                        reader = None
                    current = int(self.sequence[index])
                    reader = self.sequences[current][1].reader()
                try:
                    picture: ImageArray | FrameMissingError = reader.read(
                        int(self.positions[index])
                    )
                except FrameMissingError as error:
                    picture = error
                yield index, picture
        finally:
            if reader is not None:
                reader.__exit__(None, None, None)

    def files(self) -> set[Path]:
        """The pictures and videos that its frames are in."""
        found: set[Path] = set()
        for _, source in self.sequences:
            found.update(source.files())
        return found

    def describe(self) -> dict[str, object]:
        """A summary fit for JSON: sizes, coded AUs with counts by level, splits, licence, notes."""
        counts = self.table.level_counts()
        split_counts = {
            name: int((self.table.split == number).sum()) for number, name in enumerate(SPLITS)
        }
        return {
            "name": self.name,
            "layout": self.layout,
            "frames": len(self),
            "subjects": len(self.table.subjects),
            "sequences": len(self.sequences),
            "aus": {
                au: dict(
                    zip(facs.LEVELS, counts[facs.SUPPORTED_AUS.index(au)].tolist(), strict=True)
                )
                for au in self.table.coded_aus
            },
            "splits": {name: count for name, count in split_counts.items() if count},
            "licence": self.licence,
            "notes": list(self.notes),
        }


def assemble(
    sequences: Sequence[LabelledSequence],
    *,
    name: str,
    layout: Layout,
    root: Path,
    licence: str,
    notes: Sequence[str] = (),
) -> Corpus:
    """Join sequences to a corpus; frames in which nothing is coded are left out and counted.

    Raises:
        CorpusError: no frame has a label.
    """
    kept: list[LabelledSequence] = []
    dropped = 0
    for found in sorted(sequences, key=lambda sequence: (sequence.subject, sequence.name)):
        coded = np.asarray((~np.isnan(found.intensity)).any(axis=1), np.bool_)
        if found.occurrence is not None:
            coded |= np.asarray((found.occurrence >= 0).any(axis=1), np.bool_)
        dropped += int((~coded).sum())
        if coded.any():
            kept.append(_masked(found, coded))
    if not kept:
        raise CorpusError("no frame has an AU label", root)
    sizes = [len(found.numbers) for found in kept]
    unknown = [np.full(found.intensity.shape, -1, np.int8) for found in kept]
    table = label_table(
        np.concatenate([found.intensity for found in kept]),
        [found.subject for found in kept for _ in found.numbers],
        np.concatenate(
            [
                empty if found.occurrence is None else found.occurrence
                for found, empty in zip(kept, unknown, strict=True)
            ]
        ),
        [found.split for found in kept for _ in found.numbers],
    )
    if dropped:
        left = f"{counted(dropped, 'frame')} {were(dropped)} left out: no AU is coded there."
        notes = (*notes, left)
    notes = [*notes, *_cut_notes(kept, root)]
    return Corpus(
        name=name,
        layout=layout,
        root=root,
        licence=licence,
        table=table,
        sequences=tuple((found.name, found.source) for found in kept),
        sequence=np.repeat(np.arange(len(kept), dtype=np.int32), sizes),
        numbers=np.concatenate([found.numbers for found in kept]).astype(np.int32),
        positions=np.concatenate([found.positions for found in kept]).astype(np.int32),
        notes=tuple(notes),
    )


def _cut_notes(sequences: Iterable[LabelledSequence], root: Path) -> Iterator[str]:
    for path in sorted({each.source.path for each in sequences if isinstance(each.source, Video)}):
        if (sizes := cut_short(path)) is not None:
            there, promised = sizes
            yield (
                f"{path.relative_to(root).as_posix()} is cut short, {there:,} of {promised:,} "
                "bytes: labelled frames behind the cut are skipped when it is imported."
            )


def _masked(found: LabelledSequence, frames: npt.NDArray[np.bool_]) -> LabelledSequence:
    return LabelledSequence(
        name=found.name,
        subject=found.subject,
        source=found.source,
        numbers=found.numbers[frames],
        positions=found.positions[frames],
        intensity=found.intensity[frames],
        occurrence=None if found.occurrence is None else found.occurrence[frames],
        split=found.split,
    )
