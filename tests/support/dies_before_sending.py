"""Serves like ``facsimile serve``, and dies in the gap between commit and message."""

from __future__ import annotations

import os
import signal

from sqlalchemy.orm import Session

from service.config import load_settings
from service.embedded import serve
from service.jobs.queue import JobQueue


def commit_and_die(_queue: JobQueue, session: Session) -> None:
    """What happens instead of committing and sending."""
    session.commit()
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    JobQueue.commit = commit_and_die  # type: ignore[assignment]
    serve(load_settings())
