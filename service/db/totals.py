"""Adding to the figures of /metrics, from any number of processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.db.tables import Total

ITEMS_DONE: Final = "items_done"
"""Count of finished items; the label is the kind of job."""
STAGE_SECONDS: Final = "stage_seconds"
"""Seconds of work and how often it was done; the label is the stage."""


def add_totals(session: Session, name: str, amounts: Mapping[str, tuple[int, float]]) -> None:
    """Add ``{label: (count, seconds)}`` to the totals called `name`."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # Sorted, so that two workers take the rows' locks in the same order.
    for label, (count, seconds) in sorted(amounts.items()):
        new = insert(Total).values(name=name, label=label, count=count, seconds=seconds)
        session.execute(
            new.on_conflict_do_update(
                index_elements=[Total.name, Total.label],
                set_={
                    "count": Total.count + new.excluded.count,
                    "seconds": Total.seconds + new.excluded.seconds,
                },
            )
        )
