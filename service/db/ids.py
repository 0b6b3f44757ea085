"""UUIDv7 ids: sortable by time of making, so that indexes grow at one end (RFC 9562, 5.7)."""

from __future__ import annotations

import os
import time
import uuid


def new_id() -> uuid.UUID:
    """A new UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    high = (milliseconds << 16) | 0x7000 | (random >> 68) & 0x0FFF
    low = (0b10 << 62) | random & ((1 << 62) - 1)
    return uuid.UUID(int=(high << 64) | low)


def parse_id(text: str) -> uuid.UUID | None:
    """The id that `text` writes in its canonical form, else None."""
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None
