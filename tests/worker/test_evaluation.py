"""Evaluating, in this process: it lets others go first, and goes on where it was."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from models.estimators.reader import Reader
from models.evaluation.collected import Collected, Faces
from service.artifacts import open_store
from service.db.tables import Evaluation, Job
from service.usecases import corpora, evaluations
from service.wire.evaluations import EvaluationRequest
from tests.support.backends import Backend, migrated_apart
from tests.support.inline import imported, models
from worker.handlers import HANDLERS
from worker.runner import Runner
from worker.runtime import Models

FRAMES = 14
"""Of the small corpus: two people, seven each."""


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Frames that estimators were given, four at a time, in order."""
    seen: list[int] = []
    plain = Collected.with_faces

    def counting(
        self: Collected, readers: Sequence[Reader], frames: Sequence[int], faces: Sequence[Faces]
    ) -> Collected:
        seen.extend(frames)
        return plain(self, readers, frames, faces)

    monkeypatch.setattr(Collected, "with_faces", counting)
    monkeypatch.setattr("worker.handlers.evaluations.BATCH", 4)
    return seen


def test_it_goes_on_where_it_was(backend: Backend, tmp_path: Path, read: list[int]) -> None:
    with migrated_apart(backend, tmp_path, slice_seconds=1e-9) as (settings, database):
        store = open_store(settings)
        corpus = imported(settings, database, store)
        runner = Runner(settings, database, store, models(), HANDLERS)
        asked = EvaluationRequest(corpus_id=corpus.id, resamples=100)
        with database.write() as session:
            (first, job), (second, waiting) = (
                evaluations.create(session, settings, corpus.owner_id, "compact", asked, None)
                for _ in range(2)
            )

        def now() -> Job:
            with database.read() as session:
                return session.get_one(Job, job.id)

        assert runner.run(job.id), "it yields, to be sent again"
        assert (now().state, now().done, now().attempts) == ("queued", 4, 0)
        state = tmp_path / "evaluations"
        assert [path.suffix for path in state.iterdir()] == [".safetensors"]
        assert runner.run(job.id)
        # A damaged state costs time and nothing else.
        next(state.iterdir()).write_bytes(b"damaged")
        while runner.run(job.id):
            pass
        assert (now().state, now().done, now().total) == ("succeeded", FRAMES, FRAMES)
        assert read == [*range(8), *range(FRAMES)], "the first eight were read again"
        assert list(state.iterdir()) == []

        read.clear()
        while runner.run(waiting.id):
            pass
        assert read == list(range(FRAMES)), "nothing was read twice"
        with database.read() as session:
            one = session.get_one(Evaluation, first.id).result
            other = session.get_one(Evaluation, second.id).result
        assert one is not None
        assert one == other


def test_a_full_disk_ends_it_and_leaves_nothing(
    backend: Backend, tmp_path: Path, read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.handlers.evaluations.KEPT_EVERY", 1)
    with migrated_apart(backend, tmp_path) as (settings, database):
        store = open_store(settings)
        corpus = imported(settings, database, store)
        with database.write() as session:
            asked = EvaluationRequest(corpus_id=corpus.id)
            _, job = evaluations.create(session, settings, corpus.owner_id, "compact", asked, None)
        left = tmp_path / "evaluations" / f"{uuid4()}.safetensors"
        left.parent.mkdir()
        left.write_bytes(b"of a job that is gone")

        def full(self: Path, data: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", full)
        assert not Runner(settings, database, store, models(), HANDLERS).run(job.id)
        monkeypatch.undo()
        with database.read() as session:
            ended = session.get_one(Job, job.id)
        assert ended.state == "failed"
        assert ended.error is not None
        assert ended.error["type"].endswith("/storage-full")
        assert list(left.parent.iterdir()) == [], "nor what another job had left"


def test_a_corpus_that_is_deleted_meanwhile(
    backend: Backend, tmp_path: Path, read: list[int]
) -> None:
    with migrated_apart(backend, tmp_path) as (settings, database):
        store = open_store(settings)
        corpus = imported(settings, database, store)
        with database.write() as session:
            asked = EvaluationRequest(corpus_id=corpus.id)
            _, job = evaluations.create(session, settings, corpus.owner_id, "compact", asked, None)
            blobs = corpora.erase(session, corpora.get(session, corpus.owner_id, corpus.id)[0])
        for blob in blobs:
            store.delete(blob)
        # A worker of its own: one that has read the corpus may still hold its faces.
        assert not Runner(settings, database, store, Models(), HANDLERS).run(job.id)
        with database.read() as session:
            ended = session.get_one(Job, job.id)
        assert ended.state == "failed"
        assert ended.error is not None
        assert ended.error["type"].endswith("/corpus-not-found")
        assert read == []
