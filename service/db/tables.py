"""The tables. Every row that a caller can name carries its owner."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service.db.ids import new_id
from service.db.types import Json, UtcDateTime, now

JsonObject = dict[str, Any]


class Base(DeclarativeBase):
    """What all tables share."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a class attribute
        uuid.UUID: Uuid(),
        datetime: UtcDateTime(),
        JsonObject: Json,
        list[Any]: Json,
    }


class Owner(Base):
    """Whom rows belong to: the holder of one or more API keys."""

    __tablename__ = "owners"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(128), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class ApiKey(Base):
    """A key by which an owner calls. Only the SHA-256 of the key is kept."""

    __tablename__ = "api_keys"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("owners.id"), index=True)
    prefix: Mapped[str] = mapped_column(String(16), unique=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]


class Image(Base):
    """An uploaded photo; its bytes are the artifact `sha256`."""

    __tablename__ = "images"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("owners.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    media_type: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int]
    height: Mapped[int]
    filename: Mapped[str | None] = mapped_column(String(255))
    subject_id: Mapped[str | None] = mapped_column(String(128), index=True)
    faces: Mapped[list[Any]]
    """Largest first: ``{"box": [x, y, width, height], "yaw", "pitch", "roll", "gaze"}``."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    erased_at: Mapped[datetime | None]


class Job(Base):
    """One piece of work and how far it is. This row is the truth; the broker is a hint."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_owner_id_id", "owner_id", "id"),
        Index("ix_jobs_state_lease", "state", "lease_expires_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("owners.id"))
    kind: Mapped[str] = mapped_column(String(32))
    resource_id: Mapped[uuid.UUID]
    """The row of the noun `kind` names that this job fills."""
    parent_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    """The job this one is a shard of; only jobs without one are shown to their owner."""
    state: Mapped[str] = mapped_column(String(16), default="queued")
    done: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int] = mapped_column(Integer, default=0)
    stage: Mapped[str] = mapped_column(String(32), default="waiting")
    error: Mapped[JsonObject | None]
    cancel_requested: Mapped[bool] = mapped_column(Boolean, default=False)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    """Claims since the job last got further."""
    lease_token: Mapped[uuid.UUID | None]
    lease_holder: Mapped[str | None] = mapped_column(String(128), index=True)
    lease_expires_at: Mapped[datetime | None]
    publish_after: Mapped[datetime] = mapped_column(default=now)
    """From when on the sweeper counts how long the job's message has gone unclaimed."""
    publishes: Mapped[int] = mapped_column(Integer, default=0)
    request_id: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ExpressionSet(Base):
    """What one POST to /v1/expressions asked for: every image with every target."""

    __tablename__ = "expression_sets"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("owners.id"), index=True)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id"), unique=True)
    image_ids: Mapped[list[Any]]
    targets: Mapped[list[Any]]
    sources: Mapped[list[Any] | None]
    """For each image what the request said it shows, None where it is to be read; None for all."""
    generator: Mapped[str] = mapped_column(String(64))
    registration: Mapped[str] = mapped_column(String(8))
    output: Mapped[list[Any]]
    face: Mapped[int | None]
    seed: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    erased_at: Mapped[datetime | None]


class ExpressionItem(Base):
    """One finished drawing. The key makes a second drawing of the same item impossible."""

    __tablename__ = "expression_items"

    set_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expression_sets.id"), primary_key=True)
    index: Mapped[int] = mapped_column("item_index", primary_key=True, autoincrement=False)
    image_id: Mapped[uuid.UUID]
    target: Mapped[JsonObject]
    found: Mapped[JsonObject | None]
    """Intensities that the photo showed and that were taken off first; None: drawn before 0005."""
    visibility: Mapped[JsonObject | None]
    """`quality` and `warnings` of the face that was drawn on; None: drawn before 0009."""
    seed: Mapped[int] = mapped_column(BigInteger)
    face_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    photo_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Shard(Base):
    """A stretch of a larger job, which is a job of its own: any worker may take it."""

    __tablename__ = "shards"

    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    resource_id: Mapped[uuid.UUID] = mapped_column(index=True)
    """The corpus or dataset that the larger job fills."""
    number: Mapped[int]
    start: Mapped[int]
    stop: Mapped[int]
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    """The pack of what it made, until the larger job has taken that over."""
    result: Mapped[JsonObject | None]
    """What else it found out; not None when the shard is done."""


class Corpus(Base):
    """Labelled frames somebody collected, with a registered face of each."""

    __tablename__ = "corpora"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("owners.id"), index=True)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id"), unique=True)
    name: Mapped[str] = mapped_column(String(128))
    layout: Mapped[str] = mapped_column(String(16))
    options: Mapped[JsonObject | None]
    """How its files are read, where anything was asked for; see `models.corpora.options`."""
    path: Mapped[str | None] = mapped_column(Text)
    """Below the server's own root of corpora; None for an uploaded archive."""
    licence: Mapped[str | None] = mapped_column(Text)
    consent: Mapped[str | None] = mapped_column(Text)
    archive_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    """The uploaded archive, until it is imported."""
    summary: Mapped[JsonObject | None]
    """Sizes, counts and notes as the files were read."""
    skipped: Mapped[JsonObject | None]
    """Frames that could not be used, by reason, with examples."""
    registered: Mapped[int] = mapped_column(Integer, default=0)
    labels_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    index_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    """Labels of the kept frames and the index of their faces; there when the import is done."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    erased_at: Mapped[datetime | None]


class CorpusPack(Base):
    """A pack of faces that an imported corpus needs."""

    __tablename__ = "corpus_packs"

    corpus_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("corpora.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sha256: Mapped[str] = mapped_column(String(64), index=True)


class Dataset(Base):
    """A balanced set of drawings, to be downloaded as one file."""

    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("owner_id", "address"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("owners.id"), index=True)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id"), unique=True)
    address: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the spec; None once the dataset can no longer answer for it."""
    corpus_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("corpora.id"), index=True)
    image_ids: Mapped[list[Any] | None]
    spec: Mapped[JsonObject]
    """All that decides the dataset's bytes; sources are named by their content."""
    images: Mapped[int] = mapped_column(Integer, default=0)
    balance: Mapped[JsonObject | None]
    notes: Mapped[list[Any]] = mapped_column(default=list)
    pixel_check: Mapped[JsonObject | None]
    archive_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    archive_size: Mapped[int | None] = mapped_column(BigInteger)
    preview_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    withdrawn_at: Mapped[datetime | None]
    """When a person in it was erased, and its images with them."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    erased_at: Mapped[datetime | None]


class Subject(Base):
    """A person who agreed to being in photos here, and on what terms.

    Images name their subject by its id as text, as they may also carry a free name instead.
    """

    __tablename__ = "subjects"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("owners.id"), index=True)
    label: Mapped[str] = mapped_column(String(128))
    consent_basis: Mapped[str] = mapped_column(String(128))
    consent_reference: Mapped[str] = mapped_column(Text)
    consent_date: Mapped[date]
    consent_expires: Mapped[date | None]
    """The last day on which the consent is good."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    """The end of that day, in UTC: from then on all that came from the subject is erased."""


class Trained:
    """What all networks of somebody's own have in common, made by a job or uploaded."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("owners.id"), index=True)
    job_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("jobs.id"), unique=True)
    """What makes it; None for an upload."""
    name: Mapped[str] = mapped_column(String(128))
    options: Mapped[JsonObject]
    """All else that was asked for."""
    config: Mapped[JsonObject | None]
    """The checkpoint's configuration; there when it is made."""
    results: Mapped[JsonObject | None]
    """What was measured while it was made."""
    checkpoint_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    checkpoint_size: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    erased_at: Mapped[datetime | None]


class Model(Trained, Base):
    """An estimator: personalised, trained or uploaded."""

    __tablename__ = "models"

    subject_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("subjects.id"), index=True)
    method: Mapped[str] = mapped_column(String(16))
    base: Mapped[str | None] = mapped_column(String(64))
    """The model it started from: the name of one that ships, or an id."""
    person: Mapped[list[Any] | None]
    """The descriptor of the subject's face, to tell other people's by."""


class Generator(Trained, Base):
    """A learned generator, trained or uploaded."""

    __tablename__ = "generators"

    kind: Mapped[str] = mapped_column(String(16))
    dataset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("datasets.id"), index=True)
    image_ids: Mapped[list[Any] | None]
    """What it learns from: a dataset, or photos."""
    state_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    """How far its training has come, for any worker to go on from; until it is made."""


class Estimate(Base):
    """What one POST of images to a model asked for."""

    __tablename__ = "estimates"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("owners.id"), index=True)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id"), unique=True)
    model: Mapped[str] = mapped_column(String(64), index=True)
    """The name of a model that ships, or an id."""
    any_person: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whether a personalised model reads faces that do not look like its subject too."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    erased_at: Mapped[datetime | None]


class EstimateItem(Base):
    """One image of an estimate and what was read from it."""

    __tablename__ = "estimate_items"

    estimate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("estimates.id"), primary_key=True)
    index: Mapped[int] = mapped_column("item_index", primary_key=True, autoincrement=False)
    file: Mapped[str] = mapped_column(String(255))
    image_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    """A file that was sent along, until it is read."""
    result: Mapped[JsonObject | None]
    """``{"face", "intensities"}`` or ``{"error"}``; not None when the image is read."""


class Evaluation(Base):
    """A model held against the labels of a corpus."""

    __tablename__ = "evaluations"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("owners.id"), index=True)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id"), unique=True)
    model: Mapped[str] = mapped_column(String(64), index=True)
    against: Mapped[str | None] = mapped_column(String(64), index=True)
    """Names of models that ship, or ids."""
    corpus_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("corpora.id"), index=True)
    options: Mapped[JsonObject]
    """All else that was asked for, and the corpus by its content."""
    result: Mapped[JsonObject | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    erased_at: Mapped[datetime | None]


class IdempotencyRecord(Base):
    """The answer a POST with an Idempotency-Key got, to be given again."""

    __tablename__ = "idempotency_records"

    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("owners.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    location: Mapped[str | None] = mapped_column(Text)
    body: Mapped[JsonObject]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class Total(Base):
    """A figure that only grows, added up over all workers, for /metrics."""

    __tablename__ = "totals"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    label: Mapped[str] = mapped_column(String(64), primary_key=True, default="")
    count: Mapped[int] = mapped_column(BigInteger, default=0)
    seconds: Mapped[float] = mapped_column(Float, default=0.0)
