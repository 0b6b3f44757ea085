"""Running jobs in this process, on real rows and blobs, with a generator that keeps count."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import select, update

from models.facs import SUPPORTED_AUS, Target
from models.generators.base import FloatArray, Generator
from models.images import read_mark
from models.registration.face import FACE_SIZE, RegisteredFace
from service.artifacts import ArtifactStore, StoreUnavailableError
from service.config import Settings
from service.db.engine import Database
from service.db.ids import new_id
from service.db.tables import ExpressionItem, ExpressionSet, Image, Job
from service.usecases.keys import ensure_owner
from tests.support.pictures import no_face, portrait, small_portrait
from worker.handlers import HANDLERS
from worker.lease import Lease
from worker.runner import Runner
from worker.runtime import Models

SMILE = SUPPORTED_AUS.index("AU12")
COUNT = 10


@dataclass
class CountingGenerator:
    """Paints the whole face in a grey that tells the intensity of AU12, and notes each one."""

    name: str = "counting"
    drawn: list[float] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    before_batch: Callable[[int], None] = lambda _number: None

    def generate(
        self,
        faces: Sequence[RegisteredFace],
        targets: FloatArray,
        sources: FloatArray | None = None,
        *,
        seeds: Sequence[int] | None = None,
        size: int = FACE_SIZE,
    ) -> NDArray[np.uint8]:
        self.before_batch(len(self.batches))
        assert len(faces) == len(targets)
        self.batches.append(len(faces))
        self.drawn += targets[:, SMILE, 0].tolist()
        grey = (targets[:, SMILE, 0] * 50).astype(np.uint8)
        return np.broadcast_to(grey[:, None, None, None], (len(faces), size, size, 3)).copy()


class CountingModels(Models):
    """The real registrar, counted, with the counting generator for every name."""

    def __init__(self, generator: CountingGenerator) -> None:
        super().__init__()
        self.counting = generator

    def generator(self, name: str) -> Generator:
        return self.counting


@dataclass(frozen=True)
class Bench:
    """All that a test needs to run a job."""

    settings: Settings
    database: Database
    store: ArtifactStore
    generator: CountingGenerator
    runner: Runner

    def job(self, photos: Sequence[bytes], count: int = COUNT, **values: Any) -> uuid.UUID:
        with self.database.write() as session:
            owner_id = ensure_owner(session, "runner")
            images = [
                Image(
                    owner_id=owner_id,
                    sha256=self.store.put(photo).sha256,
                    size=len(photo),
                    media_type="image/jpeg",
                    width=256,
                    height=256,
                    filename=f"{number}.jpg",
                    faces=[],
                )
                for number, photo in enumerate(photos)
            ]
            session.add_all(images)
            job = Job(
                owner_id=owner_id,
                kind="expressions",
                resource_id=new_id(),
                total=len(photos) * count,
            )
            session.add(job)
            session.flush()
            targets = [{"AU12": 5 * step / count} for step in range(count)]
            asked: dict[str, Any] = {
                "registration": "3d",
                "output": ["face"],
                "face": None,
                **values,
            }
            session.add(
                ExpressionSet(
                    id=job.resource_id,
                    owner_id=owner_id,
                    job_id=job.id,
                    image_ids=[str(image.id) for image in images],
                    targets=targets,
                    generator="counting",
                    seed=100,
                    **asked,
                )
            )
            return job.id

    def row(self, job_id: uuid.UUID) -> Job:
        with self.database.read() as session:
            return session.get_one(Job, job_id)

    def items(self, job_id: uuid.UUID) -> Sequence[ExpressionItem]:
        with self.database.read() as session:
            query = select(ExpressionItem).where(
                ExpressionItem.set_id == session.get_one(Job, job_id).resource_id
            )
            return session.scalars(query.order_by(ExpressionItem.index)).all()

    def request_cancel(self, job_id: uuid.UUID) -> None:
        with self.database.write() as session:
            session.execute(update(Job).where(Job.id == job_id).values(cancel_requested=True))


@pytest.fixture
def bench(migrated: Settings, database: Database, store: ArtifactStore) -> Bench:
    generator = CountingGenerator()
    settings = migrated.model_copy(update={"batch_size": 4, "slice_seconds": 600.0})
    runner = Runner(settings, database, store, CountingModels(generator), HANDLERS)
    return Bench(settings, database, store, generator, runner)


def test_every_image_is_drawn_with_every_target_in_batches(bench: Bench) -> None:
    job_id = bench.job([small_portrait(), portrait()], count=5)
    assert not bench.runner.run(job_id)
    job = bench.row(job_id)
    assert (job.state, job.done, job.stage, job.error) == ("succeeded", 10, "finished", None)
    assert job.started_at is not None
    assert job.finished_at is not None
    assert bench.generator.batches == [4, 4, 2]
    assert bench.generator.drawn == [0.0, 1.0, 2.0, 3.0, 4.0] * 2
    items = bench.items(job_id)
    assert [item.index for item in items] == list(range(10))
    assert [item.seed for item in items] == list(range(100, 110))
    assert len({item.image_id for item in items[:5]}) == 1
    assert [item.target for item in items[:5]] == [{"AU12": float(step)} for step in range(5)]
    assert items[0].face_sha256 is not None
    mark = read_mark(bench.store.read(items[3].face_sha256 or ""))
    assert mark is not None
    assert dict(mark.target) == Target.parse({"AU12": 3}).as_dict()
    assert mark.seed == 103


def test_a_photo_is_registered_once_however_many_targets_and_jobs_it_has(bench: Bench) -> None:
    for _ in range(2):
        bench.runner.run(bench.job([small_portrait()]))
    assert len(bench.runner.models.faces) == 1
    bench.runner.run(bench.job([small_portrait()], registration="2d"))
    assert len(bench.runner.models.faces) == 2


def test_a_second_run_draws_only_what_is_missing(bench: Bench) -> None:
    job_id = bench.job([small_portrait()])

    def fail_in_third_batch(number: int) -> None:
        if number == 2:
            raise RuntimeError("a bug")

    bench.generator.before_batch = fail_in_third_batch
    assert not bench.runner.run(job_id)
    job = bench.row(job_id)
    assert (job.state, job.done, job.attempts) == ("queued", 4, 0)
    first = bench.items(job_id)
    bench.generator.drawn.clear()
    bench.generator.before_batch = lambda _number: None
    bench.runner.run(job_id)
    assert bench.row(job_id).state == "succeeded"
    assert bench.generator.drawn == [5 * step / COUNT for step in range(4, COUNT)]
    items = bench.items(job_id)
    assert [item.index for item in items] == list(range(COUNT))
    assert [item.created_at for item in items[:4]] == [item.created_at for item in first]


def test_a_job_that_never_gets_further_fails_in_the_end(bench: Bench) -> None:
    job_id = bench.job([small_portrait()])

    def fail(_number: int) -> None:
        raise RuntimeError("a bug with secrets in its message")

    bench.generator.before_batch = fail
    for attempt in range(1, bench.settings.max_attempts):
        bench.runner.run(job_id)
        assert (bench.row(job_id).state, bench.row(job_id).attempts) == ("queued", attempt)
    bench.runner.run(job_id)
    job = bench.row(job_id)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["type"] == "/problems/internal-error"
    assert "secrets" not in str(job.error)


def test_a_photo_that_cannot_be_used_fails_the_job_by_name_and_keeps_the_rest(
    bench: Bench,
) -> None:
    job_id = bench.job([small_portrait(), no_face()], count=4)
    bench.runner.run(job_id)
    job = bench.row(job_id)
    assert (job.state, job.done) == ("failed", 0)
    assert job.error is not None
    assert job.error["type"] == "/problems/no-face"
    assert "1.jpg" in job.error["detail"]


def test_a_cancelled_job_stops_at_the_next_step(bench: Bench) -> None:
    job_id = bench.job([small_portrait()], count=40)
    bench.generator.before_batch = lambda number: (
        bench.request_cancel(job_id) if number == 3 else None
    )
    bench.runner.run(job_id)
    job = bench.row(job_id)
    assert job.state == "cancelled"
    assert job.done == len(bench.items(job_id))
    assert 8 <= job.done < 40
    assert len(bench.generator.batches) <= 6
    assert job.finished_at is not None


def test_a_stopping_worker_gives_the_job_back_and_another_goes_on(bench: Bench) -> None:
    job_id = bench.job([small_portrait()], count=40)
    bench.generator.before_batch = lambda number: (
        bench.runner.stopping.set() if number == 2 else None
    )
    assert bench.runner.run(job_id)
    job = bench.row(job_id)
    assert (job.state, job.stage, job.lease_token) == ("queued", "waiting", None)
    assert 0 < job.done < 40
    bench.runner.stopping.clear()
    bench.generator.before_batch = lambda _number: None
    bench.runner.run(job_id)
    assert bench.row(job_id).state == "succeeded"
    assert len(bench.items(job_id)) == 40


def test_a_job_cancelled_as_its_worker_stops_is_cancelled(bench: Bench) -> None:
    job_id = bench.job([small_portrait()], count=40)

    def stop_then_cancel(number: int) -> None:
        if number == 2:
            bench.runner.stopping.set()
            # What the lease has not seen yet when the work is put back.
            bench.request_cancel(job_id)

    bench.generator.before_batch = stop_then_cancel
    bench.runner.run(job_id)
    assert bench.row(job_id).state == "cancelled"


def test_a_long_job_lets_a_waiting_one_go_first(bench: Bench) -> None:
    settings = bench.settings.model_copy(update={"slice_seconds": 1e-9})
    runner = Runner(settings, bench.database, bench.store, bench.runner.models, HANDLERS)
    with bench.database.write() as session:
        session.execute(update(Job).where(Job.state == "queued").values(state="failed"))
    alone = bench.job([small_portrait()])
    assert not runner.run(alone)
    assert bench.row(alone).state == "succeeded"
    long, waiting = bench.job([small_portrait()]), bench.job([small_portrait()])
    assert runner.run(long)
    assert bench.row(long).state == "queued"
    bench.runner.run(waiting)
    bench.runner.run(long)
    assert {bench.row(job_id).state for job_id in (long, waiting)} == {"succeeded"}


def test_a_worker_that_has_lost_its_job_leaves_no_trace(bench: Bench) -> None:
    job_id = bench.job([small_portrait()])
    thief = Lease(bench.database, job_id, "thief", 60)

    def steal(number: int) -> None:
        if number == 1:
            with bench.database.write() as session:
                session.execute(
                    update(Job).where(Job.id == job_id).values(state="queued", lease_token=None)
                )
            assert thief.claim()

    bench.generator.before_batch = steal
    assert not bench.runner.run(job_id)
    job = bench.row(job_id)
    assert (job.state, job.lease_token, job.done) == ("running", thief.token, 0)
    assert bench.items(job_id) == []


def test_two_workers_on_one_job_draw_each_item_once(bench: Bench) -> None:
    job_id = bench.job([small_portrait()], count=30)
    threads = [threading.Thread(target=bench.runner.run, args=(job_id,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bench.row(job_id).state == "succeeded"
    assert len(bench.generator.drawn) == 30
    assert len(bench.items(job_id)) == 30


def test_a_store_that_refuses_leaves_no_item_and_the_job_is_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = bench.job([small_portrait()])

    def refuse(_data: bytes) -> None:
        raise StoreUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(bench.store, "put", refuse)
        bench.runner.run(job_id)
    assert (bench.row(job_id).state, bench.row(job_id).attempts) == ("queued", 1)
    assert bench.items(job_id) == []
    bench.runner.run(job_id)
    assert bench.row(job_id).state == "succeeded"


def test_an_ended_job_is_not_run_again(bench: Bench) -> None:
    job_id = bench.job([small_portrait()])
    bench.runner.run(job_id)
    before = len(bench.generator.drawn)
    assert not bench.runner.run(job_id)
    assert not bench.runner.run(new_id())
    assert len(bench.generator.drawn) == before
