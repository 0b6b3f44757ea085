"""Building a withdrawn dataset again, without the people who were erased."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from service.config import Settings
from service.db.tables import Dataset, Job
from service.errors.datasets import DatasetWithdrawnError
from service.usecases import datasets
from service.wire.datasets import DatasetRequest


def rebuild(
    session: Session,
    settings: Settings,
    owner_id: uuid.UUID,
    dataset_id: uuid.UUID | None,
    request_id: str | None,
) -> tuple[Dataset, Job]:
    """The dataset of what a withdrawn one has left, with its job; another that is not withdrawn
    is answered as it is.

    Raises:
        DatasetNotFoundError, ResourceExpiredError: the dataset.
        DatasetWithdrawnError: it has nothing left.
        ImageNotFoundError, ResourceExpiredError: its photos; and what else
            `service.usecases.datasets.spec_of` refuses.
    """
    dataset, job = datasets.get(session, owner_id, dataset_id)
    if dataset.withdrawn_at is None:
        return dataset, job
    asked = _asked_again(dataset)
    spec = datasets.spec_of(session, owner_id, asked, settings)
    return datasets.create(session, settings, owner_id, spec, request_id)


def _asked_again(dataset: Dataset) -> DatasetRequest:
    """The request that the dataset was made of, with the images that are left."""
    if not dataset.image_ids:
        raise DatasetWithdrawnError(
            "Everybody in this dataset was erased; there is nothing left to build it of."
        )
    spec = dataset.spec
    poses = spec["poses"]
    return DatasetRequest(
        name=spec["name"],
        image_ids=[uuid.UUID(text) for text in dataset.image_ids],
        targets=spec["targets"],
        generator=spec["generator"],
        registration=spec["registration"],
        poses="frontal" if poses == [[0.0, 0.0]] else poses,
        seed=spec["seed"],
        format=spec["format"],
    )
