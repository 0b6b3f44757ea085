"""The worker: takes a job's id, loads the rest, calls `models`, stores what comes out."""

from worker.app import run

__all__ = ["run"]
