"""The room of drawing processes: they start when needed, end when idle, and may be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.artifacts import open_store
from service.config import Settings, load_settings
from service.drawing import room as rooms
from service.drawing.contracts import Asked, BusyError, PhotoGoneError
from service.drawing.room import DrawingRoom
from tests.support.pictures import small_portrait
from tests.support.running import children, eventually


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(data_dir=tmp_path_factory.mktemp("room"))


@pytest.fixture(scope="module")
def asked(keeping: Settings) -> Asked:
    sha256 = open_store(keeping).put(small_portrait()).sha256
    return Asked(sha256, 0, (("AU43", 5.0),), "photo", 128, "rig")


@pytest.fixture
def room(keeping: Settings) -> Iterator[DrawingRoom]:
    made = DrawingRoom(keeping)
    yield made
    made.close()


def processes() -> set[int]:
    return set(children(os.getpid(), b"multiprocessing.spawn"))


def test_a_process_starts_when_it_is_needed_and_ends_when_it_is_not(
    room: DrawingRoom, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = processes()
    first = room.draw(asked)
    (started,) = processes() - before
    assert room.draw(asked) == first
    assert processes() - before == {started}
    room.rest_when_idle()
    assert processes() - before == {started}, "it has just been used"
    monkeypatch.setattr(rooms, "REST_SECONDS", 0.0)
    room.rest_when_idle()
    assert processes() - before == set()
    assert room.draw(asked) == first


def test_a_killed_process_is_replaced_and_nobody_notices(room: DrawingRoom, asked: Asked) -> None:
    before = processes()
    first = room.draw(asked)
    (started,) = processes() - before
    os.kill(started, signal.SIGKILL)
    assert room.draw(asked) == first
    assert started not in processes()


def test_a_photo_that_is_gone_is_told_apart(room: DrawingRoom, asked: Asked) -> None:
    with pytest.raises(PhotoGoneError):
        room.draw(Asked("0" * 64, 0, None, "photo", 128, "rig"))
    assert room.draw(asked).media_type == "image/jpeg"


def test_more_than_can_be_drawn_soon_is_refused(
    room: DrawingRoom, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "_WAITING", 2)
    drawn, refused = [], []

    def draw() -> None:
        try:
            drawn.append(room.draw(asked))
        except BusyError as error:
            refused.append(str(error))

    # The process has yet to start, so that all of them come before the first is done.
    callers = [threading.Thread(target=draw) for _ in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert (len(drawn), len(refused)) == (2, 4)
    assert "again" in refused[0]
    assert room.draw(asked) == drawn[0]


def test_the_process_that_asks_stays_light_and_a_killed_one_leaves_nothing_behind(
    keeping: Settings, asked: Asked, tmp_path: Path
) -> None:
    code = f"""
import os, signal, sys
from pathlib import Path
from service.config import Settings
from service.drawing.contracts import Asked
from service.drawing.room import DrawingRoom
if __name__ == "__main__":
    room = DrawingRoom(Settings.from_environment({keeping.environment()!r}))
    room.draw({asked!r})
    from tests.support.running import children
    print(*children(os.getpid(), b"multiprocessing.spawn"))
    print(*sorted(sys.modules), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    script = tmp_path / "asks.py"
    script.write_text(code)
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    pids, loaded = ran.stdout.splitlines()
    heavy = ("models.generators.", "models.rig", "models.hybrid", "service.drawing.child", "torch")
    assert [name for name in loaded.split() if name.startswith(heavy)] == []
    assert pids
    left = [Path("/proc", pid) for pid in pids.split()]
    eventually(lambda: not any(one.exists() for one in left), "the drawing process to end")
