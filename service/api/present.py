"""Rows as they go over the wire."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final

from service import schemas
from service.db import tables
from service.jobs.contracts import (
    CORPUS,
    DATASET,
    ESTIMATE,
    EXPRESSIONS,
    PERSONALISE,
    TRAIN,
    TRAIN_GENERATOR,
)

RESOURCES: Final = {
    EXPRESSIONS: "/v1/expressions/{id}",
    CORPUS: "/v1/corpora/{id}",
    DATASET: "/v1/datasets/{id}",
    PERSONALISE: "/v1/models/{id}",
    TRAIN: "/v1/models/{id}",
    TRAIN_GENERATOR: "/v1/generators/{id}",
    ESTIMATE: "/v1/estimates/{id}",
}
"""Where the resource of each kind of job is read."""


def image(row: tables.Image) -> schemas.Image:
    """An image."""
    faces = [schemas.Face(**face) for face in row.faces]
    return schemas.Image(
        id=row.id,
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        media_type=row.media_type,
        subject_id=row.subject_id,
        face=faces[0],
        faces=faces,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def job_state(row: tables.Job) -> schemas.JobState:
    """A job as its resource shows it."""
    return schemas.JobState.model_validate(row, from_attributes=True)


def job(row: tables.Job) -> schemas.Job:
    """A job by itself."""
    return schemas.Job(
        **job_state(row).model_dump(),
        kind=row.kind,
        resource=RESOURCES[row.kind].format(id=row.resource_id),
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def expression_set(
    row: tables.ExpressionSet, of: tables.Job, items: Sequence[tables.ExpressionItem]
) -> schemas.ExpressionSet:
    """An expression set with its job and finished items."""
    return schemas.ExpressionSet(
        id=row.id,
        job=job_state(of),
        items=[_item(row.id, item) for item in items],
        generator=row.generator,
        registration=row.registration,
        output=row.output,
        face=row.face,
        seed=row.seed,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def _item(set_id: uuid.UUID, row: tables.ExpressionItem) -> schemas.Item:
    base = f"/v1/expressions/{set_id}/items/{row.index}"
    return schemas.Item(
        index=row.index,
        image_id=row.image_id,
        target=row.target,
        found=row.found,
        face_url=f"{base}/face" if row.face_sha256 else None,
        photo_url=f"{base}/photo" if row.photo_sha256 else None,
        seed=row.seed,
    )
