"""Packs: pieces come back, alone or all, and damage is seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models.packs import (
    HEADER_SIZE,
    PackError,
    directory_size,
    read_directory,
    read_pack,
    write_pack,
)

PIECES = [b"one", b"", b"three" * 1000]


def test_pieces_come_back_in_order() -> None:
    assert read_pack(write_pack([7, 3, 2**31 - 1], PIECES)) == list(
        zip([7, 3, 2**31 - 1], PIECES, strict=True)
    )
    assert read_pack(write_pack([], [])) == []


def test_one_piece_is_found_by_the_directory_alone() -> None:
    pack = write_pack([4, 5, 6], PIECES)
    size = directory_size(pack[:HEADER_SIZE])
    numbers, offsets, lengths = read_directory(pack[:size])
    assert numbers.tolist() == [4, 5, 6]
    for piece, offset, length in zip(PIECES, offsets, lengths, strict=True):
        assert pack[offset : offset + length] == piece


@pytest.mark.parametrize("damage", [lambda p: p[:-1], lambda p: p + b"x", lambda p: b"ZZ" + p])
def test_damage_is_seen(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(PackError):
        read_pack(damage(write_pack([1, 2, 3], PIECES)))


def test_a_directory_that_is_cut_short() -> None:
    pack = write_pack([1, 2, 3], PIECES)
    with pytest.raises(PackError, match="32 bytes"):
        read_directory(pack[:20])
    with pytest.raises(PackError):
        directory_size(b"FP")


def test_numbers_and_pieces_have_to_be_as_many() -> None:
    with pytest.raises(ValueError, match="2 numbers for 3 pieces"):
        write_pack([1, 2], PIECES)
