"""Tables are readable on 80 columns, and a row a line for whatever else reads them."""

from __future__ import annotations

import io
import uuid
from typing import Final

import pytest
from rich.console import Console
from rich.table import Column

from service.cli import listing

ID: Final = str(uuid.UUID(int=2**128 - 1))
LONG: Final = "Smiles of the second wave, both sites"


def corpora() -> listing.Listing:
    rows = listing.listing(
        "name", *map(listing.word, ("layout", "state")), *map(listing.number, ("frames", "people"))
    )
    rows.add_row(ID, LONG, "fera2017", "succeeded", "146,847", "1,041")
    return rows


def datasets() -> listing.Listing:
    rows = listing.listing("name", listing.word("state"), *map(listing.number, ("images", "size")))
    rows.add_row(ID, LONG, "succeeded", "146,847", "1,230.1 MB")
    rows.add_row(ID, LONG, "running", "12,345 of 146,847", "")
    return rows


def subjects() -> listing.Listing:
    rows = listing.listing("label", Column("basis"), *map(listing.word, ("given", "expires")))
    rows.add_row(ID, "P07", "consent form of the study", "2026-11-02", "2027-11-02")
    return rows


def printed(rows: listing.Listing, width: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width).print(rows.table(width))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("rows", [corpora(), datasets(), subjects()])
def test_80_columns_show_everything_with_names_below_ids(rows: listing.Listing) -> None:
    lines = printed(rows, 80)
    assert max(map(len, lines)) <= 80
    told = "\n".join(lines)
    assert "…" not in told
    words = [word for row in rows.rows for cell in row for word in cell.split()]
    assert [word for word in words if word not in told] == []
    assert len(lines) <= 2 + 3 * len(rows.rows)


def test_a_wide_terminal_shows_a_row_a_line() -> None:
    lines = printed(subjects(), 120)
    assert len(lines) == 3
    assert lines[2].split()[:2] == [ID, "P07"]


def test_what_is_no_terminal_gets_a_row_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    listing.show(corpora())
    lines = capsys.readouterr().out.splitlines()
    (row,) = [line for line in lines if ID in line]
    assert row.split("  ")[0].startswith(ID)
    assert LONG in row
    assert "1,041" in row
    assert len(row.rstrip()) < 140


def test_brackets_in_names_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    rows = listing.listing("name", listing.word("state"))
    rows.add_row(ID, "[red] smiles [/b]", "running")
    listing.show(rows)
    assert "[red] smiles [/b]" in capsys.readouterr().out
