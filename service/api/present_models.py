"""Subjects, models and estimates as they go over the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service import model_schemas as schemas
from service.api.present import job_state
from service.db import tables
from service.usecases.erasure import Erased
from service.usecases.models import Shipped


def subject(row: tables.Subject) -> schemas.Subject:
    """A subject."""
    consent = schemas.Consent(
        basis=row.consent_basis,
        reference=row.consent_reference,
        date=row.consent_date,
        expires=row.consent_expires,
    )
    return schemas.Subject(id=row.id, label=row.label, consent=consent, created_at=row.created_at)


def receipt(erased: Erased) -> schemas.Receipt:
    """What was erased with a subject."""
    return schemas.Receipt(
        subject_id=erased.subject_id,
        erased_at=erased.at,
        images=erased.images,
        drawings=erased.drawings,
        models=erased.models,
        generators=erased.generators,
        estimates=erased.estimates,
        datasets_withdrawn=erased.datasets,
        blobs=[
            schemas.ErasedBlob(sha256=address, erased=address not in erased.kept)
            for address in sorted(erased.addresses)
        ],
    )


def model(row: tables.Model, job: tables.Job | None) -> schemas.Model:
    """A model of somebody's own."""
    config = row.config or {}
    return schemas.Model(
        id=str(row.id),
        name=row.name,
        job=None if job is None else job_state(job),
        architecture=config.get("architecture"),
        method=row.method,
        base_model=row.base,
        subject_id=row.subject_id,
        aus=config.get("aus"),
        registration=config.get("registration"),
        results=row.results,
        lineage=config.get("lineage", {}),
        size=row.checkpoint_size,
        sha256=row.checkpoint_sha256,
        download_url=None if row.checkpoint_sha256 is None else f"/v1/models/{row.id}/download",
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def shipped_model(of: Shipped) -> schemas.Model:
    """A model that ships."""
    config = of.config
    return schemas.Model(
        id=of.name,
        name=of.name,
        job=None,
        architecture=config.architecture,
        method=config.method,
        base_model=None,
        subject_id=None,
        aus=list(config.aus),
        registration=config.registration,
        results=None,
        lineage=dict(config.lineage),
        size=len(of.content),
        sha256=of.sha256,
        download_url=f"/v1/models/{of.name}/download",
        created_at=None,
        expires_at=None,
    )


def estimates(items: Sequence[tables.EstimateItem]) -> dict[str, Any]:
    """What was read from the images that have been, as JSON."""
    read = [item for item in items if item.result is not None]
    body = schemas.Estimates(
        items=[
            schemas.EstimateItem.model_validate({"file": item.file, **(item.result or {})})
            for item in read
        ]
    )
    return body.model_dump(mode="json", exclude_none=True)


def pending_estimates(
    row: tables.Estimate, job: tables.Job, items: Sequence[tables.EstimateItem]
) -> dict[str, Any]:
    """The same with the job that reads them, as JSON."""
    return {
        "id": str(row.id),
        "job": job_state(job).model_dump(mode="json"),
        **estimates(items),
    }
