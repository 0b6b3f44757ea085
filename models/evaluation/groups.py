"""Which people of a corpus belong together: by what a table says of them, and by their skin."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

SUBJECT: Final = "subject"
SKIN: Final = "skin"
"""The grouping that is measured from the photos (`models.evaluation.skin`)."""
MAX_COLUMNS: Final = 16
MAX_VALUES: Final = 24
"""Of one grouping: more groups than this is a column of names or ages in years."""

Grouping = Mapping[str, str]
"""Person -> the group they are in."""


class GroupsError(ValueError):
    """A table of groups that cannot be used; the message says what to change."""


@dataclass(frozen=True)
class Groups:
    """Groupings by name, such as gender: {S1: woman}; people not named are in none."""

    by_name: Mapping[str, Grouping]

    def people(self, grouping: str, subjects: Sequence[str]) -> dict[str, list[int]]:
        """Group -> indices into `subjects`, groups in alphabetical order."""
        found: dict[str, list[int]] = {}
        for index, subject in enumerate(subjects):
            value = self.by_name[grouping].get(subject)
            if value is not None:
                found.setdefault(value, []).append(index)
        return dict(sorted(found.items()))

    def with_skin(self, skin: Grouping) -> Groups:
        """With the measured grouping beside those that were given, which win by their names."""
        return self if SKIN in self.by_name or not skin else Groups({**self.by_name, SKIN: skin})


def read_groups(text: str) -> Groups:
    """Read a CSV table: a column `subject`, and one of words for each grouping.

    Raises:
        GroupsError: there is no such column, a person is named twice, or a column is no grouping.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), skipinitialspace=True)
    names = [name.strip() for name in rows.fieldnames or ()]
    rows.fieldnames = names
    if SUBJECT not in names or len(names) < 2:
        raise GroupsError(
            "A table of groups needs a column 'subject' and one for each grouping, such as "
            f"'gender'; this one has {', '.join(names) or 'none'}."
        )
    columns = [name for name in names if name not in (SUBJECT, "")]
    if len(columns) > MAX_COLUMNS:
        raise GroupsError(f"{len(columns)} groupings are too many; {MAX_COLUMNS} are accepted.")
    by_name: dict[str, dict[str, str]] = {name: {} for name in columns}
    seen: set[str] = set()
    for row in rows:
        subject = (row[SUBJECT] or "").strip()
        if not subject:
            continue
        if subject in seen:
            raise GroupsError(f"Line {rows.line_num}: {subject} is there twice.")
        seen.add(subject)
        for name in columns:
            value = (row[name] or "").strip()
            if value:
                by_name[name][subject] = value
    for name, grouping in by_name.items():
        if len(set(grouping.values())) > MAX_VALUES:
            raise GroupsError(
                f"Column {name!r} has {len(set(grouping.values()))} different values; a grouping "
                f"has {MAX_VALUES} at most. Put ages into bands."
            )
    return Groups(by_name)
