"""Serving stored bytes: entity tags, conditions and ranges (RFC 9110, sections 8.8, 13 and 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from service.artifacts import ArtifactStore
from service.errors import RangeNotSatisfiableError

CHECKED: Final = 8 * 1024 * 1024
"""Blobs up to this size are read and checked as a whole before the first byte is answered."""

_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")


@dataclass(frozen=True)
class Served:
    """A blob and how it is presented."""

    sha256: str
    media_type: str
    filename: str


def serve(request: Request, store: ArtifactStore, served: Served) -> Response:
    """Answer a GET or HEAD with a blob, or the part of it that is asked for.

    A blob's bytes never change, so caches may keep them for good; only its owner's may.

    Raises:
        RangeNotSatisfiableError.
        ArtifactError: the blob is missing or damaged, or the store is away.
    """
    tag = f'"{served.sha256}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "private, max-age=31536000, immutable",
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'inline; filename="{served.filename}"',
        "X-Content-Type-Options": "nosniff",
    }
    if _matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    size = store.size(served.sha256)
    asked = request.headers.get("range")
    if request.headers.get("if-range", tag) != tag:
        asked = None
    span = None if asked is None else _span(asked, size)
    if span is None:
        start, stop, status = 0, size, 200
    else:
        start, stop, status = *span, 206
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=served.media_type)
    if size <= CHECKED:
        part = store.read(served.sha256)[start:stop]
        return Response(part, status_code=status, headers=headers, media_type=served.media_type)
    pieces = (
        store.stream(served.sha256) if span is None else store.stream(served.sha256, start, stop)
    )
    return StreamingResponse(
        pieces, status_code=status, headers=headers, media_type=served.media_type
    )


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
