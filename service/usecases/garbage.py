"""Removing blobs that nothing refers to: left by processes that died, and by what was deleted.

Files that a writer died on are removed as well, by the same period of grace.

Blobs are put before the rows that refer to them, so a young blob without a row may be an upload
under way; only blobs older than a period of grace are looked at. And as equal bytes are one blob,
an old blob may be just about to be referred to again: whoever adds such a row holds the blob's
lock and looks whether it is still there, and it is removed with that lock held alone.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

import structlog

from service.artifacts import ArtifactStore
from service.config import Settings
from service.db.blobs import needed, remove_unneeded
from service.db.engine import Database
from service.db.types import now

BATCH = 500

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Collected:
    """What a collection saw and removed: blobs and their bytes, and files half-written."""

    seen: int
    removed: int
    bytes: int
    unfinished: int


def collect(database: Database, store: ArtifactStore, grace_hours: float) -> Collected:
    """Remove every blob older than `grace_hours` that no row refers to, and what has not been
    written to for as long and is no blob yet.

    Raises:
        StoreUnavailableError: some are left; nothing that is referred to was touched.
    """
    youngest = now() - timedelta(hours=grace_hours)
    seen = removed = size = 0
    for page in store.blobs():
        seen += len(page)
        old = {blob.sha256: blob.size for blob in page if blob.modified <= youngest}
        for garbage in _unneeded(database, list(old)):
            gone = remove_unneeded(database, store, [garbage])
            removed += gone
            size += gone * old[garbage]
    unfinished = store.remove_unfinished(youngest)
    if removed or unfinished:
        log.info("removed garbage", blobs=removed, bytes=size, unfinished=unfinished)
    return Collected(seen, removed, size, unfinished)


def _unneeded(database: Database, addresses: list[str]) -> list[str]:
    """Those that no row refers to now; looked at again, one by one and locked, before removal."""
    found: list[str] = []
    for start in range(0, len(addresses), BATCH):
        batch = addresses[start : start + BATCH]
        with database.read() as session:
            kept = needed(session, batch)
        found += [address for address in batch if address not in kept]
    return found


class Collector:
    """Collects now and then, for whoever has chores done more often than that."""

    def __init__(self, database: Database, store: ArtifactStore, settings: Settings) -> None:
        self._database = database
        self._store = store
        self._settings = settings
        self._due = time.monotonic() + settings.collect_seconds

    def collect_when_due(self) -> None:
        """Collect if `collect_seconds` have passed since the last time."""
        if time.monotonic() >= self._due:
            collect(self._database, self._store, self._settings.garbage_hours)
            self._due = time.monotonic() + self._settings.collect_seconds
