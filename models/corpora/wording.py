"""Counts as people read them."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """``1 row``, ``2,100 rows``."""
    return f"1 {noun}" if count == 1 else f"{count:,} {plural or noun + 's'}"


def were(count: int) -> str:
    """``was`` of one, ``were`` of more."""
    return "was" if count == 1 else "were"
