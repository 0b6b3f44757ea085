"""What handlers of jobs with shards share: fan out, park, and finish a shard once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from service.artifacts import Artifact
from service.db.blobs import keep
from service.db.shards import add_shards, cancel_shards, shards_of
from service.db.tables import Job, Shard
from service.jobs.contracts import ENDED, FAILED, QUEUED, RUNNING, SHARD_QUEUE
from worker.lease import CancelRequestedError
from worker.work import JobFailedError, ShardsPendingError, Work, YieldRequestedError


@dataclass(frozen=True)
class Stretch:
    """Items `start` to `stop` of a larger job; `done` when an earlier attempt finished them."""

    number: int
    start: int
    stop: int
    done: bool


@dataclass(frozen=True)
class Finished:
    """What a shard made: the blob of its pack, if any, and what else it found out."""

    start: int
    stop: int
    sha256: str | None
    result: Mapping[str, Any]


def stretches(total: int, size: int) -> list[tuple[int, int]]:
    """``(start, stop)`` of shards of `size` items, the last one maybe smaller."""
    return [(start, min(start + size, total)) for start in range(0, total, size)]


def fan_out(
    work: Work,
    kind: str,
    parts: Sequence[tuple[int, int]],
    stage: str,
    note: Callable[[Session], None],
) -> NoReturn:
    """Add the shards of a job and park it, in one transaction, in which `note` may add more.

    Raises:
        ShardsPendingError: always, but for:
        LeaseLostError, CancelRequestedError: nothing was added.
    """
    total = sum(stop - start for start, stop in parts)
    with work.database.write() as session:
        work.lease.update(session)  # takes this job's row: whoever cancels it now finds it parked
        work.lease.check()
        # Together with this the job is parked, so that no shard ends before it is.
        work.lease.end(session, RUNNING, stage=stage, total=total, done=0, attempts=0)
        note(session)
        ids = add_shards(session, session.get_one(Job, work.job.id), kind, parts)
    work.send(ids, SHARD_QUEUE)
    raise ShardsPendingError


def finished_shards(work: Work, stage: str) -> list[Finished] | None:
    """What the shards of a job made; None when it has not been cut into shards yet.

    Raises:
        ShardsPendingError: some are not done, so the job is parked again.
        JobFailedError: one has failed, and with it the job.
        LeaseLostError, CancelRequestedError.
    """
    with work.database.write() as session:
        work.lease.update(session)  # takes this job's row: from here on no shard ends unseen
        work.lease.check()
        found = shards_of(session, work.job.id)
        failed = next((job for _, job in found if job.state == FAILED), None)
        pending = any(job.state in (QUEUED, RUNNING) for _, job in found)
        if pending and failed is None:
            work.lease.end(session, RUNNING, stage=stage, attempts=0)
    if failed is not None:
        with work.database.write() as session:
            cancel_shards(session, work.job.id)
        raise _failure_of(failed)
    if pending:
        raise ShardsPendingError
    if not found:
        return None
    return [
        Finished(shard.start, shard.stop, shard.sha256, shard.result or {}) for shard, _ in found
    ]


def stretch(work: Work) -> Stretch:
    """The stretch that this job is.

    Raises:
        CancelRequestedError: the larger job has ended without it.
    """
    with work.database.read() as session:
        shard = session.get(Shard, work.job.id)
        parent = session.get(Job, work.job.parent_id)
        if shard is None or parent is None or parent.state in ENDED:
            raise CancelRequestedError
        return Stretch(shard.number, shard.start, shard.stop, shard.result is not None)


def finish(work: Work, artifact: Artifact | None, result: Mapping[str, Any]) -> None:
    """Write down what this shard made, and count it for the larger job; once only.

    Raises:
        LeaseLostError: another worker has the shard; nothing is written.
        ArtifactMissingError: the pack was deleted before its row was written; make it again.
    """
    with work.database.write() as session:
        keep(session, work.store, [artifact] if artifact else [])
        work.advance(session, work.job.total, work.job.total)
        wrote = session.execute(
            update(Shard)
            .where(Shard.job_id == work.job.id, Shard.result.is_(None))
            .values(sha256=artifact.sha256 if artifact else None, result=dict(result))
            .returning(Shard.job_id)
        ).first()
        if wrote is not None:
            session.execute(
                update(Job)
                .where(Job.id == work.job.parent_id)
                .values(done=Job.done + work.job.total, attempts=0)
            )


def discard(session: Session, parent_id: uuid.UUID) -> list[str]:
    """Forget the shards of a job that has taken over what they made; the blobs they named."""
    found = shards_of(session, parent_id)
    ids = [job.id for _, job in found]
    packs = [shard.sha256 for shard, _ in found if shard.sha256 is not None]
    session.execute(delete(Shard).where(Shard.job_id.in_(ids)))
    session.execute(delete(Job).where(Job.parent_id == parent_id))
    return packs


def check(work: Work) -> None:
    """To be called between two steps of a shard, which is too short to let others go first.

    Raises:
        LeaseLostError, CancelRequestedError, YieldRequestedError.
    """
    work.lease.check()
    if work.stopping():
        raise YieldRequestedError


def _failure_of(job: Job) -> JobFailedError:
    error = job.error or {}
    return JobFailedError(
        str(error.get("type", "job-failed")).rpartition("/")[2],
        str(error.get("title", "The job failed")),
        str(error.get("detail", "A part of the job failed.")),
    )
