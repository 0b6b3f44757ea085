"""Asking for a generator to be trained: on what, and how."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from models.facs import SUPPORTED_AUS, UnknownActionUnitError, split_side
from models.generators.config import GanConfig, GeneratorConfig
from models.registration.face import RegistrationKind
from service.config import Settings
from service.db.repositories import Generators
from service.db.tables import Generator, Job
from service.errors import targets as target_errors
from service.errors.requests import InvalidRequestError
from service.jobs.contracts import TRAIN_GENERATOR
from service.usecases import datasets, expressions, trained
from service.usecases.images import expiry
from service.wire.generators import GeneratorRequest

MAX_PIXELS: Final = 1_000_000_000
"""A worker holds all photos while the rig draws on them: 3 B * 10^9 = 3 GB."""


@dataclass(frozen=True)
class _Source:
    """What is learned from: its name, how its faces are registered, and a dataset's archive."""

    name: str
    registration: RegistrationKind
    archive: str | None


def train(
    session: Session,
    settings: Settings,
    owner_id: uuid.UUID,
    asked: GeneratorRequest,
    request_id: str | None,
) -> tuple[Generator, Job]:
    """Have a generator trained.

    Raises:
        DatasetNotFoundError, DatasetWithdrawnError, NotReadyError, JobFailedError,
        JobCancelledError: the dataset.
        ImageNotFoundError, ConsentExpiredError: the photos.
        ResourceExpiredError: either.
        UnknownActionUnitError, InvalidRequestError: the options.
    """
    if (asked.dataset_id is None) == (asked.image_ids is None):
        raise InvalidRequestError("Name either a dataset_id or image_ids.", pointer="/dataset_id")
    source = (
        _of_photos(session, owner_id, asked)
        if asked.dataset_id is None
        else _of_dataset(session, owner_id, asked, asked.dataset_id)
    )
    config = _config(asked, source.registration)
    return trained.start(
        Generators(session, owner_id),
        Generator(
            owner_id=owner_id,
            name=asked.name or f"{asked.kind} on {source.name}",
            kind=asked.kind,
            dataset_id=asked.dataset_id,
            image_ids=None if asked.image_ids is None else [str(each) for each in asked.image_ids],
            options={
                "all_aus": asked.aus is None,
                "drawings": asked.drawings,
                "archive": source.archive,
                "config": config.as_json(),
            },
            expires_at=expiry(settings),
        ),
        TRAIN_GENERATOR,
        config.steps,
        request_id,
    )


def _of_dataset(
    session: Session, owner_id: uuid.UUID, asked: GeneratorRequest, dataset_id: uuid.UUID
) -> _Source:
    dataset = datasets.built(session, owner_id, dataset_id)
    registration: RegistrationKind = "2d" if dataset.spec.get("registration") == "2d" else "3d"
    if dataset.spec.get("format") != "imagefolder":
        raise InvalidRequestError(
            "Training reads datasets of the format imagefolder.", pointer="/dataset_id"
        )
    if asked.registration not in (None, registration):
        raise InvalidRequestError(
            f"The faces of this dataset are registered {registration}.", pointer="/registration"
        )
    if "drawings" in asked.model_fields_set:
        raise InvalidRequestError("drawings goes with image_ids.", pointer="/drawings")
    name = dataset.spec.get("name", "a dataset")
    return _Source(name, registration, dataset.archive_sha256)


def _of_photos(session: Session, owner_id: uuid.UUID, asked: GeneratorRequest) -> _Source:
    photos = expressions.images_of(session, owner_id, asked.image_ids or [])
    pixels = sum(image.width * image.height for image in photos)
    if pixels > MAX_PIXELS:
        raise InvalidRequestError(
            f"These photos have {pixels / 1e6:,.0f} megapixels together; "
            f"{MAX_PIXELS / 1e6:,.0f} can be learned from. Send smaller ones, or build a dataset "
            "of them first.",
            pointer="/image_ids",
        )
    people = len({image.subject_id or image.sha256 for image in photos})
    name = f"{people} {'people' if people > 1 else 'person'}"
    return _Source(name, asked.registration or "3d", None)


def _config(asked: GeneratorRequest, registration: RegistrationKind) -> GanConfig:
    for au in asked.aus or ():
        try:
            split_side(au)
        except UnknownActionUnitError as error:
            raise target_errors.UnknownActionUnitError(str(error), pointer="/aus") from error
    try:
        return GanConfig(
            generator=GeneratorConfig(
                kind=asked.kind,
                aus=SUPPORTED_AUS if asked.aus is None else tuple(asked.aus),
                registration=registration,
                size=asked.size,
                channels=asked.channels,
                blocks=asked.blocks,
            ),
            steps=asked.steps,
            batch=asked.batch,
            discriminator_channels=asked.channels,
            # The last layer sees 2 to 3 pixels a side.
            discriminator_layers=min(6, asked.size.bit_length() - 2),
            precision=asked.precision,
            seed=asked.seed,
        )
    except ValueError as error:
        raise InvalidRequestError(f"{error}.") from error
