"""Corpora and datasets as they go over the wire."""

from __future__ import annotations

from service import dataset_schemas as schemas
from service.api.present import job_state
from service.db import tables


def corpus(row: tables.Corpus, job: tables.Job) -> schemas.Corpus:
    """A corpus with its job."""
    summary, skipped = row.summary or {}, row.skipped or {}
    return schemas.Corpus(
        id=row.id,
        name=row.name,
        layout=row.layout,
        job=job_state(job),
        frames=summary.get("frames"),
        subjects=summary.get("subjects"),
        sequences=summary.get("sequences"),
        aus=summary.get("aus", {}),
        splits=summary.get("splits", {}),
        registered=row.registered,
        skipped=skipped.get("counts", {}),
        skipped_examples=skipped.get("examples", []),
        licence=row.licence or summary.get("licence"),
        consent=row.consent,
        notes=summary.get("notes", []),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def dataset(row: tables.Dataset, job: tables.Job) -> schemas.Dataset:
    """A dataset with its job."""
    is_built = row.archive_sha256 is not None
    return schemas.Dataset(
        id=row.id,
        name=row.spec.get("name", ""),
        job=job_state(job),
        corpus_id=row.corpus_id,
        spec=row.spec,
        spec_sha256=row.address,
        images=row.images,
        size=row.archive_size,
        sha256=row.archive_sha256,
        download_url=f"/v1/datasets/{row.id}/download" if is_built else None,
        preview_url=f"/v1/datasets/{row.id}/preview" if is_built else None,
        balance=row.balance,
        pixel_check=row.pixel_check,
        notes=row.notes,
        withdrawn_at=row.withdrawn_at,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
