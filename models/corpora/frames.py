"""Which frames of a corpus were kept at import, and where each one's face lies."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

IndexArray = npt.NDArray[np.int32]
OffsetArray = npt.NDArray[np.int64]

_PACKS: Final = b"packs"


@dataclass(frozen=True, eq=False)
class FrameIndex:
    """The kept frames, in the order of the corpus; 150,000 of them take about 10 MB.

    Attributes:
        packs: SHA-256 of each pack of faces.
        pack: int32 (K,), which of `packs` a frame's face is in.
        offset, length: int64 and int32 (K,), its bytes in there.
        frame: int32 (K,), the frame's index in the corpus as it was read.
        source: (K,) names for people: sequence and frame number.
    """

    packs: tuple[str, ...]
    pack: IndexArray
    offset: OffsetArray
    length: IndexArray
    frame: IndexArray
    source: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.pack)


def write_index(index: FrameIndex) -> bytes:
    """The index as parquet; the same index makes the same bytes."""
    table = pa.table(
        {
            "pack": pa.array(index.pack),
            "offset": pa.array(index.offset),
            "length": pa.array(index.length),
            "frame": pa.array(index.frame),
            "source": pa.array(index.source.tolist(), pa.string()),
        }
    ).replace_schema_metadata({_PACKS: ",".join(index.packs).encode()})
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def read_index(data: bytes) -> FrameIndex:
    """Read what `write_index` wrote.

    Raises:
        pyarrow.ArrowInvalid: the bytes are not parquet.
        KeyError: they are another table.
    """
    table = pq.read_table(io.BytesIO(data))
    metadata: Mapping[bytes, bytes] = table.schema.metadata or {}
    packs = metadata[_PACKS].decode()
    return FrameIndex(
        packs=tuple(packs.split(",")) if packs else (),
        pack=table["pack"].to_numpy().astype(np.int32),
        offset=table["offset"].to_numpy().astype(np.int64),
        length=table["length"].to_numpy().astype(np.int32),
        frame=table["frame"].to_numpy().astype(np.int32),
        source=np.asarray(table["source"].to_pylist(), np.str_),
    )
