"""Shards: a job cut into jobs that any number of workers take at the same time.

The larger job plans, adds its shards and *parks*: its row stays ``running``, with no lease, so it
occupies nobody and nobody can claim it. In the transaction that ends the last shard it is queued
again, and goes on from there. Whoever changes both a shard's row and its parent's takes the shard's
first; the parent's row then lets one at a time count what is left, so that one, and only one, is
the last.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from service.db.ids import new_id
from service.db.tables import Job, Shard
from service.db.types import now
from service.jobs.contracts import CANCELLED, FAILED, QUEUED, RUNNING, WAITING_STAGE


def add_shards(
    session: Session, parent: Job, kind: str, stretches: Sequence[tuple[int, int]]
) -> list[uuid.UUID]:
    """Add a queued job for each stretch ``(start, stop)`` of the parent's items; their ids."""
    ids = [new_id() for _ in stretches]
    session.add_all(
        Job(
            id=job_id,
            owner_id=parent.owner_id,
            kind=kind,
            resource_id=parent.resource_id,
            parent_id=parent.id,
            total=stop - start,
            request_id=parent.request_id,
        )
        for job_id, (start, stop) in zip(ids, stretches, strict=True)
    )
    session.flush()
    session.add_all(
        Shard(
            job_id=job_id,
            resource_id=parent.resource_id,
            number=number,
            start=start,
            stop=stop,
        )
        for number, (job_id, (start, stop)) in enumerate(zip(ids, stretches, strict=True))
    )
    session.flush()
    return ids


def shards_of(session: Session, parent_id: uuid.UUID) -> Sequence[tuple[Shard, Job]]:
    """The shards of a job with their own jobs, in order."""
    query = select(Shard, Job).join(Job, Job.id == Shard.job_id).where(Job.parent_id == parent_id)
    return [(row[0], row[1]) for row in session.execute(query.order_by(Shard.number))]


def is_parked() -> ColumnElement[bool]:
    """Whether a job waits for its shards."""
    return (Job.state == RUNNING) & Job.lease_token.is_(None)


def shard_ended(session: Session, parent_id: uuid.UUID) -> bool:
    """To be called in the transaction that ends a shard: True when its parent is queued now."""
    session.execute(select(Job.id).where(Job.id == parent_id).with_for_update())
    return bool(_wake(session, Job.id == parent_id))


def wake_parents(session: Session) -> list[uuid.UUID]:
    """Queue parked jobs whose shards have all ended, or one of which has failed, in any way."""
    return _wake(session, is_parked())


def cancel_shards(session: Session, parent_id: uuid.UUID) -> None:
    """Stop the shards of a job: waiting ones at once, others as soon as their worker looks."""
    moment = now()
    mine = Job.parent_id == parent_id
    session.execute(
        update(Job)
        .where(mine, Job.state == QUEUED)
        .values(state=CANCELLED, cancel_requested=True, finished_at=moment)
    )
    session.execute(update(Job).where(mine, Job.state == RUNNING).values(cancel_requested=True))


def _wake(session: Session, which: ColumnElement[bool]) -> list[uuid.UUID]:
    shard = aliased(Job)
    of_it = shard.parent_id == Job.id
    unfinished = exists().where(of_it, shard.state.in_((QUEUED, RUNNING)))
    failed = exists().where(of_it, shard.state == FAILED)
    woken = session.scalars(
        update(Job)
        .where(which, is_parked(), or_(~unfinished, failed))
        .values(state=QUEUED, stage=WAITING_STAGE, publish_after=now(), publishes=0)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    return list(woken)
