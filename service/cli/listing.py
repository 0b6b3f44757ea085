"""Tables of what there is, as commands print them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table

WIDE: Final = 10_000
"""Columns where there is no terminal: what reads the lines finds a whole row in each."""


@dataclass
class Listing:
    """Things with an id, each a row.

    Ids take 36 columns and are printed whole, because other commands ask for them. Where the
    terminal is too narrow for the rest beside them, names go below.
    """

    columns: Sequence[Column]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add_row(self, *cells: str) -> None:
        """Add a thing: its id, its name, and a cell for every other column."""
        self.rows.append(cells)

    def table(self, width: int) -> Table:
        """The table for a terminal of `width` columns."""
        whole = table(word("id"), *self.columns)
        for row in self.rows:
            whole.add_row(*row)
        wide = plain_console(WIDE)
        if Measurement.get(wide, wide.options, whole).maximum <= width:
            return whole
        name, *others = self.columns
        stacked = table(Column(f"id, {name.header}", width=36), *others)
        for id_, called, *cells in self.rows:
            stacked.add_row(f"{id_}\n{called}", *cells)
        return stacked


def listing(name: str, *columns: Column) -> Listing:
    """An empty listing: ids, names under the header `name`, and further columns."""
    return Listing([Column(name), *columns])


def table(*columns: str | Column, title: str | None = None) -> Table:
    """An empty table with no line but the one below its header, so that 80 columns hold much."""
    made = Table(*columns, title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    made.padding = (0, 1, 0, 0)
    made.pad_edge = False
    return made


def number(header: str) -> Column:
    """A column of numbers: set to the right, and never cut."""
    return Column(header, justify="right", no_wrap=True)


def word(header: str) -> Column:
    """A column of one short word: never cut. What is left of a line goes to the other columns."""
    return Column(header, no_wrap=True)


def plain_console(width: int | None = None) -> Console:
    """A console that prints brackets as they are: names of files and corpora may have some."""
    return Console(width=width, markup=False)


def show(filled: Listing | Table) -> None:
    """Print a table: as wide as the terminal, and elsewhere a row a line."""
    console = plain_console()
    if not console.is_terminal:
        console = plain_console(WIDE)
    console.print(filled.table(console.width) if isinstance(filled, Listing) else filled)
