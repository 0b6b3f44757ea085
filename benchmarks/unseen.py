"""People that a network has not learned from, or been chosen by: the only ones it is judged on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LEARNT = "learnt from"
CHOSEN = "chosen by"
"""Under these names a configuration's lineage lists people, as ``london-014``."""


class SeenPeopleError(ValueError):
    """A benchmark was to judge a network on people that it has seen."""


def seen(lineage: Mapping[str, Any]) -> frozenset[str]:
    """Who is in a network's lineage, in whichever role."""
    return frozenset((*lineage.get(LEARNT, ()), *lineage.get(CHOSEN, ())))


def unseen(people: Sequence[str], lineage: Mapping[str, Any]) -> list[str]:
    """Those of `people` whom the network has not seen, in their order."""
    known = seen(lineage)
    return [name for name in people if name not in known]


def insist_unseen(people: Iterable[str], lineage: Mapping[str, Any]) -> None:
    """Refuse people that the network has seen.

    Raises:
        SeenPeopleError: it names them.
    """
    known = sorted(seen(lineage) & set(people))
    if known:
        raise SeenPeopleError(
            f"{len(known)} of these people taught or chose what is to be judged: {', '.join(known)}"
        )
