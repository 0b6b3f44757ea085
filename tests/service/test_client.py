"""The client against servers that break off, refuse, or are something else."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from service.client import Client, ClientError, RefusedError, UnreachableError

JOB = uuid.UUID("019e6f1c-52a5-7f02-9a3e-5d4c3b2a1f00")


@contextmanager
def _serving(
    answers: list[tuple[int, str, bytes]], keys: list[str | None] | None = None
) -> Iterator[str]:
    """A server that gives one of `answers` (status, media type, body) to each request in turn.

    The Authorization of each request is added to `keys`.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if keys is not None:
                keys.append(self.headers.get("Authorization"))
            status, media_type, body = answers.pop(0)
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _event(state: str, done: int) -> bytes:
    job = {"id": str(JOB), "state": state, "done": done, "total": 2, "stage": "s", "error": None}
    return f"event: progress\nid: {done}\ndata: {json.dumps(job)}\n\n".encode()


def _stream(*events: bytes) -> tuple[int, str, bytes]:
    return 200, "text/event-stream", b": keep-alive\n\n" + b"".join(events)


def test_a_job_is_followed_across_a_broken_connection() -> None:
    answers = [_stream(_event("running", 1)), _stream(_event("running", 1), _event("succeeded", 2))]
    with _serving(answers) as url, Client(url) as client:
        states = [(job.state, job.done) for job in client.follow(JOB)]
    assert states == [("running", 1), ("running", 1), ("succeeded", 2)]
    assert answers == []


def test_a_problem_keeps_its_words_status_and_code() -> None:
    problem = {"type": "/problems/job-not-found", "detail": "You have no job with this id."}
    body = json.dumps(problem).encode()
    with (
        _serving([(404, "application/problem+json", body)]) as url,
        Client(url) as client,
        pytest.raises(RefusedError, match=r"You have no job with this id\.") as caught,
    ):
        list(client.follow(JOB))
    assert (caught.value.status, caught.value.code) == (404, "job-not-found")


@pytest.mark.parametrize(
    "answer",
    [
        (200, "text/html", b"<h1>It works!</h1>"),
        (404, "text/html", b"<h1>Not here</h1>"),
        (502, "application/json", b'["bad gateway"]'),
    ],
)
def test_a_server_that_is_not_facsimile_is_told_apart(answer: tuple[int, str, bytes]) -> None:
    with (
        _serving([answer]) as url,
        Client(url) as client,
        pytest.raises(ClientError, match="Facsimile") as caught,
    ):
        client.ready()
    assert not isinstance(caught.value, RefusedError)


def test_a_server_that_is_not_there_is_named() -> None:
    with Client("http://127.0.0.1:1") as client, pytest.raises(UnreachableError, match=r":1 "):
        client.ready()


def test_the_key_is_sent_with_every_call() -> None:
    keys: list[str | None] = []
    with (
        _serving([(200, "image/png", b"picture")], keys) as url,
        Client(url, "fx_1_2") as client,
    ):
        assert client.download("/v1/images/1/content") == b"picture"
    assert keys == ["Bearer fx_1_2"]
