"""What a worker process keeps in memory."""

from __future__ import annotations

import numpy as np

from models.generators import registry
from models.registration.face import Pose, RegisteredFace, View
from service.jobs.contracts import EXPRESSIONS, GENERATORS
from worker.handlers import HANDLERS
from worker.runtime import FaceCache, FaceKey
from worker.timings import Timings


def face(side: int) -> RegisteredFace:
    view = View(np.eye(3, dtype=np.float32), np.zeros(3, np.float32))
    return RegisteredFace(
        image=np.zeros((224, 224, 3), np.uint8),
        mesh=np.zeros((468, 3), np.float32),
        view=view,
        photo=np.zeros((side, side, 3), np.uint8),
        photo_view=view,
        sampling=np.zeros((224, 224, 2), np.float32),
        pose=Pose(0, 0, 0),
        kind="3d",
    )


def test_requests_may_name_exactly_the_generators_that_workers_have() -> None:
    assert set(GENERATORS) == set(registry.available())


def test_every_kind_of_job_has_its_handler() -> None:
    assert len(HANDLERS) >= 1
    assert EXPRESSIONS in HANDLERS
    assert all(callable(HANDLERS[kind]) for kind in HANDLERS)


def test_faces_leave_least_recently_used_first_and_never_exceed_their_bytes() -> None:
    registered: list[str] = []

    def ask(cache: FaceCache, name: str) -> RegisteredFace:
        def register() -> RegisteredFace:
            registered.append(name)
            return face(1000)

        return cache.get(FaceKey(name, "3d", None), register)

    cache = FaceCache(limit=12_000_000)  # three faces of 3.6 MB
    for name in "abc":
        ask(cache, name)
    first = ask(cache, "a")
    assert registered == list("abc")
    ask(cache, "d")
    assert len(cache) == 3
    assert ask(cache, "a") is first
    ask(cache, "b")
    assert registered == list("abcdb")


def test_one_face_larger_than_the_limit_is_still_kept() -> None:
    cache = FaceCache(limit=10)
    kept = cache.get(FaceKey("a", "3d", None), lambda: face(100))
    assert cache.get(FaceKey("a", "3d", None), lambda: face(100)) is kept
    assert len(cache) == 1


def test_kinds_and_indexes_are_different_faces() -> None:
    cache = FaceCache()
    keys = [FaceKey("a", "3d", None), FaceKey("a", "2d", None), FaceKey("a", "3d", 1)]
    assert len({id(cache.get(key, lambda: face(10))) for key in keys}) == 3


def test_timings_add_up_until_they_are_taken() -> None:
    timings = Timings()
    for _ in range(3):
        with timings.stage("draw", 4):
            pass
    taken = timings.take()
    assert taken["draw"][0] == 12
    assert taken["draw"][1] >= 0
    assert timings.take() == {}
