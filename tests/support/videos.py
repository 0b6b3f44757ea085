"""Videos for tests: of any pictures, with any times."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from models.images import ImageArray
from tests.support.faces import calm
from tests.support.pictures import portrait_image

_CODECS = {".avi": "MJPG", ".mp4": "mp4v"}
_HOLDERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def write_video(path: Path, pictures: Iterable[ImageArray], rate: float = 25) -> Path:
    """Pictures uint8 (H, W, 3) RGB, all of one size, as an AVI or MP4."""
    writer: cv2.VideoWriter | None = None
    for picture in pictures:
        if writer is None:
            codec = cv2.VideoWriter_fourcc(*_CODECS[path.suffix])  # type: ignore[attr-defined]
            writer = cv2.VideoWriter(str(path), codec, rate, picture.shape[1::-1])
        writer.write(np.ascontiguousarray(picture[:, :, ::-1]))
    if writer is not None:
        writer.release()
    return path


def smiling_and_calm(smiling: int, calm_side: int) -> ImageArray:
    """A woman who smiles on the left, herself without her smile on the right; 640x320."""
    canvas = np.full((320, 640, 3), 200, np.uint8)
    left = np.asarray(portrait_image(smiling), np.uint8)
    right = cv2.resize(calm().photo, (calm_side, calm_side), interpolation=cv2.INTER_AREA)
    canvas[:smiling, :smiling] = left
    canvas[:calm_side, 320 : 320 + calm_side] = right
    return canvas


def with_times(mp4: bytes, times: Sequence[int]) -> bytes:
    """An MP4 whose frames are shown at these ticks: a variable frame rate.

    Only the table of durations is written anew (stts; ISO/IEC 14496-12, 8.6.1.2); it lies behind
    the frames, so that nothing else moves.
    """
    durations = [*np.diff(times).tolist(), 1]
    entries = b"".join(struct.pack(">II", 1, duration) for duration in durations)
    table = struct.pack(">I4sII", 16 + len(entries), b"stts", 0, len(durations)) + entries
    return _rewritten(mp4, table)


def _rewritten(boxes: bytes, table: bytes) -> bytes:
    out, at = b"", 0
    while at < len(boxes):
        size, kind = struct.unpack_from(">I4s", boxes, at)
        body = boxes[at + 8 : at + size]
        if kind == b"stts":
            out += table
        elif kind == b"edts":  # shows the former length of it
            out += struct.pack(">I4s", size, b"free") + body
        elif kind in _HOLDERS:
            inner = _rewritten(body, table)
            out += struct.pack(">I4s", 8 + len(inner), kind) + inner
        else:
            out += boxes[at : at + size]
        at += size
    return out
