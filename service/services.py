"""The parts a running service is made of, opened once and handed to every request."""

from __future__ import annotations

from dataclasses import dataclass

from models.registration import Registrar, load_registrar
from service.artifacts import ArtifactStore, open_store
from service.config import Settings
from service.db.engine import Database, open_database
from service.drawing.room import DrawingRoom
from service.jobs.queue import JobQueue


@dataclass(frozen=True)
class Services:
    """Everything a use case may need."""

    settings: Settings
    database: Database
    store: ArtifactStore
    queue: JobQueue
    registrar: Registrar
    room: DrawingRoom

    def close(self) -> None:
        """Let go of connections, and of the processes that draw."""
        self.room.close()
        self.queue.close()
        self.database.close()


def open_services(settings: Settings) -> Services:
    """Open every part; fails at once, and names it, when a part cannot be had."""
    return Services(
        settings=settings,
        database=open_database(settings.database),
        store=open_store(settings),
        queue=JobQueue(settings),
        registrar=load_registrar(),
        room=DrawingRoom(settings),
    )
