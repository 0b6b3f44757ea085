"""Jobs."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, Field
from typing_extensions import TypeAliasType

from service.errors.base import problem_type
from service.jobs.contracts import (
    CORPUS,
    DATASET,
    ESTIMATE,
    EVALUATE,
    EXPRESSIONS,
    PERSONALISE,
    TRAIN,
    TRAIN_GENERATOR,
)
from service.wire.common import JOB_ID, SET_ID, example

if TYPE_CHECKING:
    from service.db import tables

RESOURCES: Final = {
    EXPRESSIONS: "/v1/expressions/{id}",
    CORPUS: "/v1/corpora/{id}",
    DATASET: "/v1/datasets/{id}",
    PERSONALISE: "/v1/models/{id}",
    TRAIN: "/v1/models/{id}",
    TRAIN_GENERATOR: "/v1/generators/{id}",
    ESTIMATE: "/v1/estimates/{id}",
    EVALUATE: "/v1/evaluations/{id}",
}
"""Where the resource of each kind of job is read."""

State = TypeAliasType("State", Literal["queued", "running", "succeeded", "failed", "cancelled"])
"""An alias with a name, under which it is one schema: without, makers of clients see an enum in
`Job` and another in `JobState`, and one gets the name of the model itself."""


class JobError(BaseModel):
    """Why a job failed."""

    model_config = example(
        type=problem_type("worker-lost"),
        title="Workers kept dying on this job",
        detail="Workers died 5 times in a row on this job after 12 of 40 items.",
    )

    type: str
    title: str
    detail: str


class JobState(BaseModel):
    """A job as its resource shows it."""

    model_config = example(id=JOB_ID, state="running", done=3, total=8, stage="drawing", error=None)

    id: uuid.UUID
    state: State
    done: int = Field(description="Items finished.")
    total: int = Field(description="Items asked for.")
    stage: str = Field(description="What the worker is doing.")
    error: JobError | None


def finished(items: int) -> dict[str, Any]:
    """An example of a job that made that many items, for its resource's own example."""
    return {
        "id": JOB_ID,
        "state": "succeeded",
        "done": items,
        "total": items,
        "stage": "finished",
        "error": None,
    }


class Job(JobState):
    """A job."""

    model_config = example(
        id=JOB_ID,
        state="running",
        done=3,
        total=8,
        stage="drawing",
        error=None,
        kind="expressions",
        resource=f"/v1/expressions/{SET_ID}",
        created_at="2026-11-20T15:04:05.123456Z",
        started_at="2026-11-20T15:04:05.223456Z",
        finished_at=None,
    )

    kind: str
    resource: str = Field(description="What the job fills.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobList(BaseModel):
    """A page of jobs, newest first."""

    items: list[Job]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page.")


def finished_job(items: int) -> dict[str, Any]:
    """The same as a job by itself."""
    return {
        **finished(items),
        "kind": "expressions",
        "resource": f"/v1/expressions/{SET_ID}",
        "created_at": "2026-11-20T15:04:05.123456Z",
        "started_at": "2026-11-20T15:04:05.223456Z",
        "finished_at": "2026-11-20T15:04:06.723456Z",
    }


def job_state(row: tables.Job) -> JobState:
    """A job as its resource shows it."""
    return JobState.model_validate(row, from_attributes=True)


def job(row: tables.Job) -> Job:
    """A job by itself."""
    return Job(
        **job_state(row).model_dump(),
        kind=row.kind,
        resource=RESOURCES[row.kind].format(id=row.resource_id),
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
