"""`facsimile synthesise` against a real service."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.images import decode_image, encode_png, read_mark
from service.client import Client
from service.config import environment_without_settings
from tests.service.cli.conftest import ROOT, Done, Facsimile
from tests.support.pictures import no_face, small_portrait


def test_every_photo_is_drawn_with_every_target(
    facsimile: Facsimile, running: Client, portrait: Path, tmp_path: Path
) -> None:
    twin = tmp_path / "other" / "astronaut.png"
    twin.parent.mkdir()
    twin.write_bytes(portrait.read_bytes())
    done = facsimile(
        "synthesise", portrait, twin, "--au", "AU12=D", "--target", "neutral:",
        "--out", tmp_path / "out", "--url", running.url, "--seed", 7,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    listed = json.loads((tmp_path / "out" / "expressions.json").read_text())
    assert {d["source"] for d in listed[:2]} == {str(portrait)}
    assert {d["source"] for d in listed[2:]} == {str(twin)}
    assert [(d["image"], d["name"], d["target"], d["seed"]) for d in listed] == [
        ("astronaut", "AU12-4", {"AU12": 4.0}, 7),
        ("astronaut", "neutral", {}, 8),
        ("astronaut-2", "AU12-4", {"AU12": 4.0}, 9),
        ("astronaut-2", "neutral", {}, 10),
    ]
    files = {name for d in listed for name in (d["face"], d["photo"])}
    assert files | {"expressions.json"} == {p.name for p in (tmp_path / "out").iterdir()}
    for drawing in listed:
        face = (tmp_path / "out" / drawing["face"]).read_bytes()
        photo = (tmp_path / "out" / drawing["photo"]).read_bytes()
        assert decode_image(face).rgb.shape == (224, 224, 3)
        assert decode_image(photo).rgb.shape == (512, 512, 3)
        mark = read_mark(face)
        assert mark is not None
        assert dict(mark.target) == drawing["target"]


def test_what_a_photo_shows_can_be_said(
    facsimile: Facsimile, running: Client, portrait: Path, tmp_path: Path
) -> None:
    options = ["--au", "AU04=C", "--output", "face", "--generator", "rig", "--url", running.url]
    done = facsimile("synthesise", portrait, *options, "--shows", "AU12=B", "--out", tmp_path / "a")
    assert done.returncode == 0, done.stderr
    [drawing] = json.loads((tmp_path / "a" / "expressions.json").read_text())
    assert drawing["found"] == {"AU12": 2.0}
    done = facsimile("synthesise", portrait, *options, "--shows", "astronaut:", "--out", "b")
    assert done.returncode == 0, done.stderr
    [drawing] = json.loads((tmp_path / "b" / "expressions.json").read_text())
    assert drawing["found"] == {}
    done = facsimile("synthesise", portrait, *options, "--shows", "nobody:AU12=B")
    _failed_with_a_sentence(done, "nobody is none of the images")


def test_a_second_run_adds_to_the_folder(
    facsimile: Facsimile, running: Client, portrait: Path, tmp_path: Path
) -> None:
    def drawn(photo: str, au: str) -> list[dict[str, object]]:
        done = facsimile(
            "synthesise", photo, "--au", au, "--output", "face", "--out", "out", "--url",
            running.url,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        listed: list[dict[str, object]] = json.loads(
            (tmp_path / "out" / "expressions.json").read_text()
        )
        return listed

    for folder, content in (("F001", small_portrait()), ("F002", portrait.read_bytes())):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one.jpg").write_bytes(content)
    first = drawn("F001/one.jpg", "AU12=C")
    picture = (tmp_path / "out" / "one_AU12-3_face.png").read_bytes()
    listed = drawn("F002/one.jpg", "AU12=C")
    assert [(d["source"], d["face"]) for d in listed] == [
        ("F001/one.jpg", "one_AU12-3_face.png"), ("F002/one.jpg", "one-2_AU12-3_face.png")
    ]  # fmt: skip
    assert listed[0] == first[0]
    assert (tmp_path / "out" / "one_AU12-3_face.png").read_bytes() == picture
    listed = drawn("F001/one.jpg", "AU04=C")
    assert [(d["image"], d["name"]) for d in listed] == [
        ("one", "AU12-3"), ("one-2", "AU12-3"), ("one", "AU04-3")
    ]  # fmt: skip
    again = drawn("F001/one.jpg", "AU12=C")
    assert len(again) == 3, "the same photo and target: in its own place"


def test_a_folder_with_a_list_of_something_else_is_left_alone(
    facsimile: Facsimile, running: Client, portrait: Path, tmp_path: Path
) -> None:
    (tmp_path / "expressions.json").write_text('{"mine": 1}')
    done = facsimile("synthesise", portrait, "--au", "AU12=C", "--out", ".", "--url", running.url)
    _failed_with_a_sentence(done, "expressions.json is not a list of drawings")
    assert (tmp_path / "expressions.json").read_text() == '{"mine": 1}'


def test_what_cannot_be_drawn_is_skipped_and_listed(
    facsimile: Facsimile, running: Client, portrait: Path, tmp_path: Path
) -> None:
    odd = os.fsdecode(b"caf\xe9.jpg")
    for name, content in (
        ("1.jpg", small_portrait()),
        ("2.jpg", small_portrait()[:3000]),
        ("3.jpg", no_face()),
        (odd, small_portrait()),
    ):
        (tmp_path / name).write_bytes(content)
    files = ["1.jpg", "2.jpg", "3.jpg", "4.jpg", odd]
    options = ["--au", "AU12=C", "--output", "face", "--url", running.url]
    done = facsimile("synthesise", *files, *options, "--out", "out")
    assert done.returncode == 1
    assert "2 drawings in out" in done.stdout
    told = done.stderr[done.stderr.index("facsimile: ") :].splitlines()
    assert told[0] == "facsimile: 3 of 5 photos could not be drawn:"
    assert [line.partition(":")[0] for line in told[1:]] == ["2.jpg", "3.jpg", "4.jpg"]
    assert told[1].count("2.jpg") == 1
    listed = json.loads((tmp_path / "out" / "expressions.json").read_text())
    assert [d["source"] for d in listed] == ["1.jpg", r"caf\xe9.jpg"]
    assert all((tmp_path / "out" / d["face"]).exists() for d in listed)
    none = facsimile("synthesise", *files, *options, "--out", "strict", "--strict")
    _failed_with_a_sentence(none, "2.jpg: ")
    assert not list((tmp_path / "strict").iterdir())
    missing = facsimile("synthesise", "1.jpg", "--face", 1, *options, "--out", "other")
    _failed_with_a_sentence(missing, "1.jpg: face 1 was asked for, but the photo shows 1")


def test_only_the_output_that_was_asked_for_is_saved(
    facsimile: Facsimile, running: Client, portrait: Path, tmp_path: Path
) -> None:
    done = facsimile(
        "synthesise", portrait, "--target", "wink:AU43L=E", "--output", "face",
        "--out", tmp_path / "out", FACSIMILE_URL=running.url,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"astronaut_wink_face.png", "expressions.json"}


def test_without_a_service_it_starts_one_and_stops_it(
    facsimile_process: Facsimile, portrait: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    # Settings of a service elsewhere must not leak into the one that is started here.
    done = facsimile_process(
        "synthesise", portrait, "--au", "AU04=C", "--out", tmp_path / "out",
        FACSIMILE_DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/none",
        TMPDIR=str(temporary),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "astronaut_AU04-3_photo.png").exists()
    assert list(temporary.iterdir()) == []


def test_a_photo_without_a_face_is_named(
    facsimile: Facsimile, running: Client, tmp_path: Path
) -> None:
    grey = tmp_path / "wall.png"
    grey.write_bytes(encode_png(np.full((200, 200, 3), 128, np.uint8)))
    done = facsimile("synthesise", grey, "--au", "AU12=D", "--url", running.url)
    _failed_with_a_sentence(done, "wall.png")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.png", "--au", "AU12=D"], "nothing.png: No such file or directory."),
        (["astronaut.png"], "--au AU12=D"),
        (["astronaut.png", "--au", "AU13=D"], "AU13"),
        (["astronaut.png", "--au", "AU12=F"], "AU12 must be a letter A to E"),
        (["astronaut.png", "--au", "AU12=C", "--au", "AU12L=D"], "contradicts"),
        (["astronaut.png", "--target", "AU12=D"], "named target"),
        (["astronaut.png", "--au", "AU12=D", "--url", "http://127.0.0.1:1"], "No answer from"),
        (["astronaut.png", "--au", "AU12=D", "--url", "ftp://x"], "ftp"),
        (["notes.txt", "--au", "AU12=D"], "notes.txt"),
        (["astronaut.png", "--au", "AU12=D", "--generator", "magic"], "magic"),
        (["astronaut.png", "--au", "AU12=D", "--out", "notes.txt"], "notes.txt"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    facsimile: Facsimile,
    running: Client,
    portrait: Path,
    tmp_path: Path,
    arguments: list[str],
    said: str,
) -> None:
    assert portrait.exists()
    (tmp_path / "notes.txt").write_text("not a photo")
    _failed_with_a_sentence(facsimile("synthesise", *arguments, FACSIMILE_URL=running.url), said)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_the_command(
    portrait: Path, tmp_path: Path, end: signal.Signals
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    # Tests that run in the background ignore it, and what they start would too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    command = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "synthesise", str(portrait)]
        + [part for n in range(300) for part in ("--target", f"t{n}:AU12={n / 100}")],
        cwd=tmp_path,
        env={
            **environment_without_settings(),
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(temporary),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    signal.signal(signal.SIGINT, before)
    try:
        _wait_for(lambda: len(_drawings(temporary)) > 2)
        command.send_signal(end)
        assert command.wait(60) != 0
    finally:
        command.kill()
        command.wait()
    _wait_for(lambda: not _using(temporary))


def _drawings(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*/artifacts/**/*") if path.is_file()]


def _using(folder: Path) -> list[int]:
    """Processes that were started with `folder` in their environment or arguments."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z":
                continue
            known = (
                process.joinpath("environ").read_bytes() + process.joinpath("cmdline").read_bytes()
            )
        except OSError:
            continue
        if str(folder).encode() in known:
            found.append(int(process.name))
    return found


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in a minute"
        time.sleep(0.05)


def _failed_with_a_sentence(done: Done, said: str) -> None:
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("facsimile: ")
    assert said in last
