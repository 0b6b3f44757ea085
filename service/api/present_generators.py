"""Generators as they go over the wire."""

from __future__ import annotations

from service import generator_schemas as schemas
from service.api.present import job_state
from service.db import tables


def generator(row: tables.Generator, job: tables.Job | None) -> schemas.Generator:
    """A generator of somebody's own."""
    config = row.config or {}
    return schemas.Generator(
        id=str(row.id),
        name=row.name,
        kind=row.kind,
        job=None if job is None else job_state(job),
        dataset_id=row.dataset_id,
        image_ids=row.image_ids,
        aus=config.get("aus"),
        registration=config.get("registration"),
        results=row.results,
        lineage=config.get("lineage", {}),
        size=row.checkpoint_size,
        sha256=row.checkpoint_sha256,
        download_url=(
            None if row.checkpoint_sha256 is None else f"/v1/generators/{row.id}/download"
        ),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def shipped_generator(name: str, aus: tuple[str, ...]) -> schemas.Generator:
    """A generator that ships."""
    return schemas.Generator(
        id=name,
        name=name,
        kind=name,
        job=None,
        dataset_id=None,
        image_ids=None,
        aus=list(aus),
        registration=None,
        results=None,
        lineage={},
        size=None,
        sha256=None,
        download_url=None,
        created_at=None,
        expires_at=None,
    )
