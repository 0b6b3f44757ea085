"""Asking for datasets: what goes together, and one dataset for equal specs."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.balancing.options import (
    AuNotCodedError,
    BalanceError,
    BalanceOptions,
    Quota,
    QuotaError,
    check_options,
)
from models.facs import Target
from models.registration.poses import FERA_POSES
from service.config import Settings
from service.db.ids import new_id
from service.db.repositories import Datasets, Jobs, Page
from service.db.tables import Corpus, Dataset, Generator, Image, Job
from service.db.types import now
from service.errors.datasets import (
    ActionUnitNotInCorpusError,
    DatasetNotFoundError,
    DatasetTooLargeError,
    DatasetWithdrawnError,
    InvalidDatasetError,
)
from service.errors.operation import UnavailableError
from service.errors.resources import ResourceExpiredError
from service.jobs.contracts import CANCELLED, DATASET, FAILED
from service.jobs.queue import enqueue
from service.usecases import corpora, generators
from service.usecases.expressions import images_of
from service.usecases.images import expiry, has_expired
from service.usecases.jobs import page_with_jobs, unfinished
from service.usecases.targets import parse_targets
from service.version import VERSION
from service.wire.datasets import DatasetRequest

FRONTAL: Final = ((0.0, 0.0),)
NOT_STATED: Final = "Not stated."
_POINTERS: Final = {
    "aus": "/aus",
    "count": "/per_intensity",
    "levels": "/intensities",
    "poses": "/poses",
    "jitter": "/jitter",
    "seed": "/seed",
    "splits": "/splits",
    "subject_cap": "/subject_cap",
    "corpus": "/corpus_id",
    "labels": "/labels_from",
}
"""Options of the numerics -> members of the request."""
_ONLY_CORPUS: Final = (
    "aus",
    "per_intensity",
    "intensities",
    "method",
    "fill",
    "sources",
    "labels_from",
    "jitter",
    "subject_cap",
    "splits",
)


@dataclass(frozen=True)
class Spec:
    """All that decides a dataset's bytes, how many images that are, and where they come from.

    `address` is the SHA-256 of `content`; sources are in there by their content, so equal
    requests for equal sources have equal addresses, whatever their ids are.
    """

    content: Mapping[str, Any]
    images: int
    corpus_id: uuid.UUID | None
    image_ids: tuple[uuid.UUID, ...] | None

    @property
    def address(self) -> str:
        """64 hexadecimal digits."""
        text = json.dumps(self.content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


def spec_of(
    session: Session, owner_id: uuid.UUID, asked: DatasetRequest, settings: Settings
) -> Spec:
    """Check a request and complete it.

    Raises:
        InvalidDatasetError, DatasetTooLargeError, ActionUnitNotInCorpusError,
        UnknownGeneratorError, GeneratorNotFoundError, UndrawableTargetError: the options;
            `pointer` names the one to change.
        CorpusNotFoundError, ImageNotFoundError, ResourceExpiredError: the sources.
        NotReadyError, JobCancelledError, JobFailedError: the corpus is not imported.
        TooManyTargetsError, UnknownActionUnitError, IntensityOutOfRangeError,
        ContradictorySidesError: the targets.
    """
    own = generators.usable(session, owner_id, asked.generator)
    if (asked.corpus_id is None) == (asked.image_ids is None):
        raise InvalidDatasetError(
            "Name either a corpus_id, or image_ids and targets.", pointer="/corpus_id"
        )
    poses = _poses(asked)
    if own is not None and poses != FRONTAL:
        raise InvalidDatasetError(
            "Learned generators draw faces from the front; use poses frontal.", pointer="/poses"
        )
    common = {
        "facsimile": VERSION,
        "name": asked.name,
        "generator": asked.generator,
        "registration": asked.registration,
        "poses": [list(pose) for pose in poses],
        "seed": asked.seed,
        "format": asked.format,
        **({} if own is None else {"generator_sha256": own.checkpoint_sha256}),
    }
    if asked.corpus_id is not None:
        corpus, job = corpora.get(session, owner_id, asked.corpus_id)
        borrowed = None
        if asked.labels_from is not None:
            borrowed = corpora.get(session, owner_id, asked.labels_from)
        return _of_corpus(corpus, job, borrowed, own, asked, poses, common, settings)
    return _of_images(session, owner_id, own, asked, common, settings)


def create(
    session: Session,
    settings: Settings,
    owner_id: uuid.UUID,
    spec: Spec,
    request_id: str | None,
) -> tuple[Dataset, Job]:
    """The dataset of a spec: the one that there is or is being built, else a new one with its
    job, which is noted to be sent after commit."""
    datasets = Datasets(session, owner_id)
    known = datasets.at(spec.address)
    if known is not None:
        job = session.get_one(Job, known.job_id)
        if job.state not in (FAILED, CANCELLED) and not has_expired(known.expires_at):
            return known, job
        known.address = None  # it no longer answers for its spec; a new one will
        session.flush()
    dataset_id = new_id()
    job = Jobs(session, owner_id).start(DATASET, dataset_id, request_id, spec.images)
    # Somebody may ask for the same at this very moment; the address lets one of the two through.
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    ids = None if spec.image_ids is None else [str(image_id) for image_id in spec.image_ids]
    values = {
        "id": dataset_id,
        "owner_id": owner_id,
        "job_id": job.id,
        "address": spec.address,
        "corpus_id": spec.corpus_id,
        "spec": dict(spec.content),
        "images": 0,
        "notes": [],
        "created_at": now(),
        "expires_at": expiry(settings),
        **({} if ids is None else {"image_ids": ids}),
    }
    added = session.execute(
        insert(Dataset).values(values).on_conflict_do_nothing().returning(Dataset.id)
    ).first()
    if added is None:
        session.delete(job)
        session.flush()
        other = datasets.at(spec.address)
        if other is None:
            raise UnavailableError("The same dataset was just deleted; ask again.")
        return other, session.get_one(Job, other.job_id)
    enqueue(session, job)
    return session.get_one(Dataset, dataset_id), job


def get(session: Session, owner_id: uuid.UUID, dataset_id: uuid.UUID | None) -> tuple[Dataset, Job]:
    """A dataset with its job.

    Raises:
        DatasetNotFoundError, ResourceExpiredError.
    """
    dataset = None if dataset_id is None else Datasets(session, owner_id).get(dataset_id)
    if dataset is not None and has_expired(dataset.expires_at):
        raise ResourceExpiredError("This dataset has expired; ask for it again.")
    if dataset is None or dataset.erased_at is not None:
        raise DatasetNotFoundError("You have no dataset with this id.")
    return dataset, session.get_one(Job, dataset.job_id)


def built(session: Session, owner_id: uuid.UUID, dataset_id: uuid.UUID | None) -> Dataset:
    """A dataset that is there to be downloaded.

    Raises:
        DatasetNotFoundError, ResourceExpiredError, DatasetWithdrawnError.
        NotReadyError, JobCancelledError, JobFailedError: it is not, or never will be.
    """
    dataset, job = get(session, owner_id, dataset_id)
    if dataset.withdrawn_at is not None:
        raise DatasetWithdrawnError(
            "A person in this dataset was erased; ask for the dataset again without their images."
        )
    if dataset.archive_sha256 is None:
        raise unfinished(job, "dataset", "built")
    return dataset


def page(
    session: Session, owner_id: uuid.UUID, limit: int, before: uuid.UUID | None
) -> tuple[Page[Dataset], dict[uuid.UUID, Job]]:
    """An owner's datasets, newest first, and their jobs by id."""
    return page_with_jobs(Datasets(session, owner_id), limit, before)


def erase(session: Session, dataset: Dataset) -> list[str]:
    """Erase a dataset, its job stopped if need be; the blobs it referred to."""
    blobs = [dataset.archive_sha256, dataset.preview_sha256, *corpora.stop(session, dataset.job_id)]
    dataset.archive_sha256 = dataset.preview_sha256 = dataset.address = None
    dataset.spec, dataset.balance, dataset.pixel_check, dataset.notes = {}, None, None, []
    dataset.image_ids, dataset.erased_at = None, now()
    return [blob for blob in blobs if blob is not None]


def _poses(asked: DatasetRequest) -> tuple[tuple[float, float], ...]:
    if asked.poses == "frontal":
        return FRONTAL
    poses = (
        FERA_POSES
        if asked.poses == "fera2017"
        else tuple((float(pitch), float(yaw)) for pitch, yaw in asked.poses)
    )
    if len(set(poses)) < len(poses):
        raise InvalidDatasetError("A pose is named twice.", pointer="/poses")
    return poses


def _of_corpus(
    corpus: Corpus,
    job: Job,
    borrowed: tuple[Corpus, Job] | None,
    own: Generator | None,
    asked: DatasetRequest,
    poses: tuple[tuple[float, float], ...],
    common: Mapping[str, Any],
    settings: Settings,
) -> Spec:
    if asked.targets is not None:
        raise InvalidDatasetError(
            "targets go with image_ids; of a corpus, its own labels are drawn.", pointer="/targets"
        )
    of_faces = _corpus_content(corpus, job)
    labels = {} if borrowed is None else {"labels_from": _corpus_content(*borrowed)}
    if labels and asked.method != "semantic":
        raise InvalidDatasetError(
            "Labels of another corpus can only be drawn, not resampled.", pointer="/labels_from"
        )
    summary = (corpus if borrowed is None else borrowed[0]).summary or {}
    coded = tuple(summary["aus"])
    if asked.method == "semantic":
        # Any of them may be in the label vectors that are drawn.
        generators.check_drawable(own, asked.registration, [Target.parse(dict.fromkeys(coded, 1))])
    options = BalanceOptions(
        aus=coded if asked.aus is None else tuple(asked.aus),
        count=asked.per_intensity,
        levels=tuple(asked.intensities),
        poses=poses,
        jitter=asked.jitter,
        seed=asked.seed,
        subject_cap=asked.subject_cap,
        splits=tuple(asked.splits),
        fill=asked.fill,
        sources=asked.sources,
    )
    _check(options, coded, settings)
    content = {
        **common,
        "corpus": of_faces,
        **labels,
        "aus": list(options.aus),
        "per_intensity": options.count,
        "intensities": list(options.levels),
        "method": asked.method,
        "fill": asked.fill,
        "sources": asked.sources,
        "jitter": asked.jitter,
        "subject_cap": asked.subject_cap,
        "splits": list(asked.splits),
        "synthetic": asked.method == "semantic",
    }
    return Spec(content, len(options.cells) * options.per_cell, corpus.id, None)


def _corpus_content(corpus: Corpus, job: Job) -> dict[str, Any]:
    """What of a corpus decides a dataset's bytes, and its terms.

    Raises:
        NotReadyError, JobCancelledError, JobFailedError: it is not imported.
    """
    if corpus.summary is None or corpus.index_sha256 is None:
        raise unfinished(job, "corpus", "imported")
    return {
        "name": corpus.name,
        "labels": corpus.labels_sha256,
        "faces": corpus.index_sha256,
        "licence": corpus.licence or corpus.summary["licence"],
        "consent": corpus.consent or NOT_STATED,
    }


def _check(options: BalanceOptions, coded: tuple[str, ...], settings: Settings) -> None:
    try:
        check_options(options, coded, Quota(max_images=settings.max_dataset_images))
    except AuNotCodedError as error:
        raise ActionUnitNotInCorpusError(
            _capital(str(error)), pointer="/aus", available=list(coded)
        ) from error
    except QuotaError as error:
        raise DatasetTooLargeError(
            str(error), pointer="/per_intensity", limit=settings.max_dataset_images
        ) from error
    except BalanceError as error:
        raise InvalidDatasetError(_capital(str(error)), pointer=_POINTERS[error.field]) from error


def _of_images(
    session: Session,
    owner_id: uuid.UUID,
    own: Generator | None,
    asked: DatasetRequest,
    common: Mapping[str, Any],
    settings: Settings,
) -> Spec:
    for name in _ONLY_CORPUS:
        if name in asked.model_fields_set:
            raise InvalidDatasetError(
                f"{name} goes with a corpus_id; of image_ids, the targets are drawn.",
                pointer=f"/{name}",
            )
    ids = asked.image_ids or []
    if asked.targets is None:
        raise InvalidDatasetError("image_ids need targets.", pointer="/targets")
    targets = parse_targets(asked.targets, settings.max_targets)
    generators.check_drawable(own, asked.registration, targets)
    poses = len(common["poses"])
    count = len(ids) * len(targets) * poses
    quota = Quota(max_images=settings.max_dataset_images)
    if count > quota.max_images:
        raise DatasetTooLargeError(
            f"{len(ids):,} images x {len(targets):,} targets x {poses} poses = {count:,} drawings "
            f"of about {quota.bytes_per_image / 1000:g} kB = "
            f"{count * quota.bytes_per_image / 1e9:,.1f} GB; one dataset may have "
            f"{quota.max_images:,} images.",
            pointer="/targets",
            limit=quota.max_images,
        )
    content = {
        **common,
        "images": [_photo(image) for image in images_of(session, owner_id, ids)],
        "targets": [target.as_dict() for target in _distinct(targets)],
        "synthetic": True,
    }
    return Spec(content, count, None, tuple(ids))


def _photo(image: Image) -> dict[str, str]:
    return {"sha256": image.sha256, "subject": image.subject_id or image.sha256[:12]}


def _distinct(targets: Sequence[Target]) -> Sequence[Target]:
    if len(set(targets)) < len(targets):
        raise InvalidDatasetError("A target is named twice.", pointer="/targets")
    return targets


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
