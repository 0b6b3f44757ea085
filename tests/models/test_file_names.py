"""Names of any bytes as text that everything can read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.file_names import printable


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"plain.jpg", "plain.jpg"),
        ("дом/顔 1.jpg".encode(), "дом/顔 1.jpg"),
        (b"caf\xe9.jpg", r"caf\xe9.jpg"),
        (b"\xd0\xb4\xff/\xed\xa0\x80", r"д\xff/\xed\xa0\x80"),
    ],
)
def test_bytes_that_are_no_utf8_are_written_out(name: bytes, shown: str) -> None:
    assert printable(Path(os.fsdecode(name))) == shown
    shown.encode()
