"""Holding models against the labels of corpora: asked for here, read by a worker."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from service.config import Settings
from service.db.ids import new_id
from service.db.repositories import Evaluations, Jobs, Page
from service.db.tables import Corpus, Evaluation, Job
from service.errors.evaluations import EvaluationNotFoundError, PeopleSeenError
from service.errors.resources import ResourceExpiredError
from service.jobs.contracts import EVALUATE
from service.jobs.queue import enqueue
from service.usecases import corpora, models
from service.usecases.images import expiry, has_expired
from service.usecases.jobs import page_with_jobs, unfinished
from service.usecases.traces import Erased, erase_evaluation
from service.wire.evaluations import EvaluationRequest

SEEN: Final = "The model learned from people of these frames: its figures here flatter it."


def create(
    session: Session,
    settings: Settings,
    owner_id: uuid.UUID,
    model_id: str,
    asked: EvaluationRequest,
    request_id: str | None,
) -> tuple[Evaluation, Job]:
    """Make the rows of an evaluation and of its job, and note the job to be sent after commit.

    Raises:
        CorpusNotFoundError, NotReadyError, JobFailedError, JobCancelledError: the corpus.
        PeopleSeenError.
        As `models.check_usable`: the models.
    """
    named = [model_id] if asked.against is None else [model_id, asked.against]
    for name in named:
        models.check_usable(session, owner_id, name)
    corpus, imported = corpora.get(session, owner_id, asked.corpus_id)
    if corpus.labels_sha256 is None or corpus.index_sha256 is None:
        raise unfinished(imported, "corpus", "imported")
    seen = any(_has_seen(_lineage(session, owner_id, name), corpus, asked.split) for name in named)
    if seen and not asked.seen_people:
        raise PeopleSeenError(
            "The model learned from people of these frames. Name a split it did not learn from, "
            "or send `seen_people: true`.",
            pointer="/split",
        )
    evaluation_id = new_id()
    job = Jobs(session, owner_id).start(EVALUATE, evaluation_id, request_id, corpus.registered)
    row = Evaluations(session, owner_id).add(
        Evaluation(
            id=evaluation_id,
            owner_id=owner_id,
            job_id=job.id,
            model=model_id,
            against=asked.against,
            corpus_id=corpus.id,
            options={
                "labels": corpus.labels_sha256,
                "faces": corpus.index_sha256,
                "split": asked.split,
                "groups": asked.groups,
                "resamples": asked.resamples,
                "seed": asked.seed,
                "notes": [SEEN] if seen else [],
            },
            expires_at=expiry(settings),
        )
    )
    enqueue(session, job)
    return row, job


def get(
    session: Session, owner_id: uuid.UUID, evaluation_id: uuid.UUID | None
) -> tuple[Evaluation, Job]:
    """An evaluation with its job.

    Raises:
        EvaluationNotFoundError, ResourceExpiredError.
    """
    row = None if evaluation_id is None else Evaluations(session, owner_id).get(evaluation_id)
    if row is None:
        raise EvaluationNotFoundError("You have no evaluation with this id.")
    if row.erased_at is not None or has_expired(row.expires_at):
        raise ResourceExpiredError("This evaluation has expired; ask for it again.")
    return row, session.get_one(Job, row.job_id)


def page(
    session: Session, owner_id: uuid.UUID, limit: int, before: uuid.UUID | None
) -> tuple[Page[Evaluation], dict[uuid.UUID, Job]]:
    """An owner's evaluations, newest first, and their jobs by id."""
    return page_with_jobs(Evaluations(session, owner_id), limit, before)


def delete(session: Session, owner_id: uuid.UUID, evaluation_id: uuid.UUID | None) -> None:
    """Take an evaluation away, its job stopped.

    Raises:
        EvaluationNotFoundError, ResourceExpiredError.
    """
    row, _ = get(session, owner_id, evaluation_id)
    erase_evaluation(session, row, Erased())


def _lineage(session: Session, owner_id: uuid.UUID, name: str) -> Mapping[str, Any]:
    if name in models.shipped_names():
        return {}
    config = models.made(session, owner_id, name).config or {}
    return dict(config.get("lineage", {}))


def _has_seen(lineage: Mapping[str, Any], corpus: Corpus, split: str | None) -> bool:
    """Whether a model, or one that it started from, learned from people of the split.

    Of an uploaded model the lineage may be anything that JSON can say.
    """
    if any(_is_of(spec, corpus, split) for spec in _specs(lineage)):
        return True
    base = lineage.get("base")
    return isinstance(base, Mapping) and _has_seen(base, corpus, split)


def _specs(lineage: Mapping[str, Any]) -> list[Any]:
    """Those of the datasets that taught or chose a model; earlier models name one."""
    datasets = lineage.get("datasets")
    each = datasets if isinstance(datasets, list) else []
    return [part.get("dataset_spec") for part in (lineage, *each) if isinstance(part, Mapping)]


def _is_of(spec: Any, corpus: Corpus, split: str | None) -> bool:
    source = spec.get("corpus") if isinstance(spec, Mapping) else None
    labels = source.get("labels") if isinstance(source, Mapping) else None
    if labels is None or labels != corpus.labels_sha256:
        return False
    splits = spec.get("splits")
    return split is None or not isinstance(splits, list) or not splits or split in splits
