"""The index of kept frames reads back as it was written."""

from __future__ import annotations

import numpy as np

from models.corpora.frames import FrameIndex, read_index, write_index


def index(count: int) -> FrameIndex:
    numbers = np.arange(count)
    return FrameIndex(
        packs=("a" * 64, "b" * 64) if count else (),
        pack=(numbers % 2).astype(np.int32),
        offset=(numbers * 2**33).astype(np.int64),
        length=(numbers + 1).astype(np.int32),
        frame=(numbers * 3).astype(np.int32),
        source=np.asarray([f"SN001/{number} ü" for number in numbers], np.str_),
    )


def test_it_reads_back() -> None:
    for count in (0, 1, 1_000):
        written = index(count)
        read = read_index(write_index(written))
        assert read.packs == written.packs
        assert len(read) == count
        for name in ("pack", "offset", "length", "frame"):
            assert getattr(read, name).dtype == getattr(written, name).dtype
            assert np.array_equal(getattr(read, name), getattr(written, name))
        assert read.source.tolist() == written.source.tolist()


def test_the_same_index_is_the_same_bytes() -> None:
    assert write_index(index(50)) == write_index(index(50))
