"""``facsimile corpus`` and ``facsimile dataset``, against a running service."""

from __future__ import annotations

import contextlib
import http.server
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from service.cli.errors import CommandError
from service.client import Client
from tests.service.cli.conftest import Facsimile
from tests.support.small_corpora import folder_files, written, zipped


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(folder_files(), tmp_path_factory.mktemp("faces"))


@pytest.fixture
def corpus_id(facsimile: Facsimile, running: Client, folder: Path) -> str:
    done = facsimile("corpus", "import", folder, "--name", "my lab", "--url", running.url)
    assert done.returncode == 0, done.stderr
    assert "14 of 15 frames of 2 people are ready; skipped: 1 no-face." in done.stderr
    assert "person0/faceless0.jpg" in done.stderr
    return done.stdout.strip()


def test_from_a_folder_to_a_dataset(
    facsimile: Facsimile, running: Client, corpus_id: str, tmp_path: Path
) -> None:
    listed = facsimile("corpus", "list", "--url", running.url, COLUMNS="200")
    assert corpus_id in listed.stdout
    assert "my lab" in listed.stdout
    options = ("--corpus", corpus_id, "--au", "AU12", "--per-intensity", 1, "--url", running.url)
    built = facsimile("dataset", "build", *options, "--out", tmp_path / "sets" / "one.zip")
    assert built.returncode == 0, built.stderr
    assert "6 images" in built.stderr
    again = facsimile("dataset", "build", *options)
    assert again.stdout == built.stdout
    listed = facsimile("dataset", "list", "--url", running.url, COLUMNS="200")
    assert built.stdout.strip() in listed.stdout
    saved = facsimile("dataset", "download", built.stdout.strip(), "--url", running.url)
    assert saved.returncode == 0, saved.stderr
    whole = (tmp_path / "sets" / "one.zip").read_bytes()
    assert (tmp_path / "au-balanced-faces.zip").read_bytes() == whole
    assert zipfile.ZipFile(tmp_path / "sets" / "one.zip").testzip() is None
    assert list(tmp_path.glob("**/*.part")) == []


def test_a_download_goes_on_where_it_broke_off(
    facsimile: Facsimile, running: Client, corpus_id: str, tmp_path: Path
) -> None:
    built = facsimile(
        "dataset", "build", "--corpus", corpus_id, "--au", "AU06", "--per-intensity", 1,
        "--url", running.url, "--out", "whole.zip",
    )  # fmt: skip
    whole = (tmp_path / "whole.zip").read_bytes()
    dataset = running.dataset(UUID(built.stdout.strip()))
    with _dropping(running.url, after=10_000) as (url, asked):
        saved = facsimile("dataset", "download", dataset.id, "--url", url, "--out", "part.zip")
    assert saved.returncode == 0, saved.stderr
    assert (tmp_path / "part.zip").read_bytes() == whole
    assert "bytes=10000-" in asked


def test_describe_reads_a_folder_without_a_service(facsimile: Facsimile, folder: Path) -> None:
    said = facsimile("corpus", "describe", folder)
    assert said.returncode == 0, said.stderr
    assert "15 frames of 2 people" in said.stdout
    assert "lip corner puller" in said.stdout


def test_describe_asks_the_service_about_an_id(
    facsimile: Facsimile, running: Client, corpus_id: str
) -> None:
    said = facsimile("corpus", "describe", corpus_id, "--url", running.url)
    assert "my lab" in said.stdout
    assert "skipped, no-face: 1 frames" in said.stdout


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("corpus", "describe", "nowhere"), "nowhere"),
        (("corpus", "describe", ".", "--layout", "ck"), "'ck' is no corpus layout"),
        (("dataset", "build"), "Give --corpus ID, or --image FILE with --target."),
        (("dataset", "list", "--url", "http://127.0.0.1:9"), "No answer from"),
        (("dataset", "list", "--url", "http://x", "--data", "y"), "not both"),
        (("corpus", "import", "nowhere.zip", "--url", "http://127.0.0.1:9"), "neither a folder"),
    ],
)
def test_mistakes_end_in_a_sentence(
    facsimile: Facsimile, command: tuple[object, ...], told: str
) -> None:
    done = facsimile(*command)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_service_refuses_is_said_as_it_says_it(
    facsimile: Facsimile, running: Client, corpus_id: str, tmp_path: Path
) -> None:
    too_much = facsimile(
        "dataset", "build", "--corpus", corpus_id, "--au", "AU12", "--per-intensity", 10**9,
        "--url", running.url,
    )  # fmt: skip
    assert too_much.returncode == 1
    assert "1 AUs x 6 intensities x 1,000,000,000 x 1 poses" in too_much.stderr
    (tmp_path / "slip.zip").write_bytes(zipped({"../x": b""}))
    slip = facsimile("corpus", "import", "slip.zip", "--url", running.url)
    assert "../x" in slip.stderr


def test_help_teaches(facsimile: Facsimile) -> None:
    for command in (("corpus", "import"), ("dataset", "build"), ("dataset", "download"), ("gc",)):
        said = facsimile(*command, "--help")
        assert said.returncode == 0
        assert "facsimile" in said.stdout.lower()
    assert "--per-intensity 500" in facsimile("dataset", "build", "--help", COLUMNS="120").stdout


def test_gc_says_what_it_removed(facsimile: Facsimile, tmp_path: Path) -> None:
    upgraded = facsimile("db", "upgrade", "--data", tmp_path / "data")
    assert upgraded.returncode == 0, upgraded.stderr
    done = facsimile("gc", "--data", tmp_path / "data")
    assert done.stdout == "Removed 0 of 0 blobs, 0.0 MB.\n"
    assert not issubclass(CommandError, SystemExit)


def _dropping(url: str, after: int) -> contextlib.AbstractContextManager[tuple[str, list[str]]]:
    """A proxy that closes its first downloads after so many bytes."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            passed = {
                name: value for name, value in self.headers.items() if name in ("Range", "If-Range")
            }
            answer = httpx.get(url + self.path, headers=passed)
            is_file = self.path.endswith("/download")
            if is_file:
                asked.append(passed.get("Range", ""))
            self.send_response(answer.status_code)
            for name in ("content-type", "etag", "content-range"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            body = answer.content
            self.wfile.write(body[:after] if is_file and len(asked) == 1 else body)

        def log_message(self, *_: object) -> None:
            pass

    @contextlib.contextmanager
    def serving() -> Iterator[tuple[str, list[str]]]:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    return serving()
