"""Tables of what there is, as commands print them."""

from __future__ import annotations

from rich.table import Column, Table


def listing(*columns: str) -> Table:
    """An empty table whose first column holds ids: whole, because other commands ask for them."""
    return Table(Column("id", no_wrap=True, min_width=36), *columns)
