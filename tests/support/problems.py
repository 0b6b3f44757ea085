"""Problems that the API answers with, checked for what all of them have."""

from __future__ import annotations

import re
from typing import Any, Final

import httpx

_SENTENCE: Final = re.compile(r".*[^.\s]\.|.*[!?…]", re.DOTALL)


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem in an answer: of this status and code, and a sentence to its end."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"/problems/{code}"
    assert body["status"] == status
    assert body["title"]
    assert len(body["detail"]) > 10
    assert ends_with_one_stop(body["detail"]), body["detail"]
    assert body["instance"] == answer.request.url.path
    assert body["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    return body


def ends_with_one_stop(text: str) -> bool:
    """Whether a message ends as a sentence does."""
    return _SENTENCE.fullmatch(text) is not None
