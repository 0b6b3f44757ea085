"""Serving stored bytes: entity tags, conditions and ranges (RFC 9110, sections 8.8, 13 and 14)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from service.artifacts import ArtifactStore
from service.errors.requests import RangeNotSatisfiableError

CHECKED: Final = 8 * 1024 * 1024
"""Blobs up to this size are read and checked as a whole before the first byte is answered."""

_FOR_GOOD: Final = "max-age=31536000, immutable"
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")


@dataclass(frozen=True)
class Served:
    """Bytes and how they are presented."""

    sha256: str
    media_type: str
    filename: str
    forever: bool = True
    """Whether this is what the URL gives for good, and caches need not ask again."""


def serve(request: Request, store: ArtifactStore, served: Served) -> Response:
    """Answer a GET or HEAD with a blob, or the part of it that is asked for.

    Raises:
        RangeNotSatisfiableError.
        ArtifactError: the blob is missing or damaged, or the store is away.
    """

    def read(start: int, stop: int, size: int) -> bytes | Iterator[bytes]:
        if size <= CHECKED:
            return store.read(served.sha256)[start:stop]
        is_whole = (start, stop) == (0, size)
        return store.stream(served.sha256, *(() if is_whole else (start, stop)))

    return _answer(request, served, lambda: store.size(served.sha256), read)


def serve_bytes(request: Request, content: bytes, media_type: str, filename: str) -> Response:
    """The same with bytes that are at hand; another version of this service may have others.

    Raises:
        RangeNotSatisfiableError.
    """
    served = Served(hashlib.sha256(content).hexdigest(), media_type, filename, forever=False)
    return _answer(
        request, served, lambda: len(content), lambda start, stop, _size: content[start:stop]
    )


def _answer(
    request: Request,
    served: Served,
    size_of: Callable[[], int],
    read: Callable[[int, int, int], bytes | Iterator[bytes]],
) -> Response:
    tag = f'"{served.sha256}"'
    headers = {
        "ETag": tag,
        # Caches of nobody but the owner may keep them.
        "Cache-Control": "private, " + (_FOR_GOOD if served.forever else "no-cache"),
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'inline; filename="{served.filename}"',
        "X-Content-Type-Options": "nosniff",
    }
    if _matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    size = size_of()
    asked = request.headers.get("range")
    if request.headers.get("if-range", tag) != tag:
        asked = None
    span = None if asked is None else _span(asked, size)
    start, stop = span or (0, size)
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    status = 200 if span is None else 206
    part = b"" if request.method == "HEAD" else read(start, stop, size)
    if isinstance(part, bytes):
        return Response(part, status, headers, served.media_type)
    return StreamingResponse(part, status, headers, served.media_type)


def _matches(header: str | None, tag: str) -> bool:
    if header is None:
        return False
    listed = [item.strip().removeprefix("W/") for item in header.split(",")]
    return "*" in listed or tag in listed


def _span(header: str, size: int) -> tuple[int, int] | None:
    """Start and stop of the range asked for; None when the header is to be ignored."""
    match = _RANGE.match(header.strip())
    if match is None or match[0] == "bytes=-":
        return None  # several ranges, or another unit: the whole may be sent instead
    first, last = match[1], match[2]
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < int(first):
            return None
    if start >= stop:
        raise RangeNotSatisfiableError(size)
    return start, stop
