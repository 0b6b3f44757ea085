"""Reading the form that a corpus is uploaded in, without holding its archive in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from service.api import bodies
from service.artifacts import address_of_file
from service.errors.requests import InvalidRequestError, MalformedFormError

_FIELDS: Final = ("name", "layout", "licence", "consent", "scale", "min_confidence")
_LISTS: Final = ("missing", "views", "cameras")
"""Fields that may come several times; or once, with commas."""
_MAX_ITEMS: Final = 64
_MAX_FIELD_BYTES: Final = 64 * 1024


@dataclass(frozen=True)
class Posted:
    """The fields of the form, and the archive, which the disk holds until it is closed."""

    fields: Mapping[str, str]
    archive: IO[bytes]
    fingerprint: str


async def read_archive(request: Request) -> Posted:
    """The form of a corpus.

    Raises:
        MalformedFormError, InvalidRequestError.
    """
    parser = MultiPartParser(
        request.headers,
        request.stream(),
        max_files=1,
        max_fields=len(_FIELDS) + _MAX_ITEMS,
        max_part_size=_MAX_FIELD_BYTES,
    )
    try:
        parsed = await parser.parse()
    except MultiPartException as error:
        raise MalformedFormError(f"The form cannot be read: {error.message}") from error
    fields, archive = _sorted(parsed)
    parts = [(await run_in_threadpool(address_of_file, archive)).encode()]
    parts += [text.encode() for name in sorted(fields) for text in (name, fields[name])]
    return Posted(fields, archive, bodies.fingerprint(request, parts))


def _sorted(parsed: FormData) -> tuple[dict[str, str], IO[bytes]]:
    fields: dict[str, str] = {}
    archive: IO[bytes] | None = None
    for name, value in parsed.multi_items():
        if isinstance(value, UploadFile) and name == "archive":
            archive = value.file
        elif isinstance(value, UploadFile) or name == "archive":
            raise InvalidRequestError(
                "Send the zip file in the field archive: with curl, -F archive=@corpus.zip."
            )
        elif name in _LISTS:
            fields[name] = f"{fields[name]},{value}" if name in fields else value
        elif name not in _FIELDS:
            raise InvalidRequestError(
                f"There is no field {name!r} here; use archive, {', '.join((*_FIELDS, *_LISTS))}."
            )
        elif name in fields:
            raise InvalidRequestError(f"The field {name} was sent twice; send one.")
        else:
            fields[name] = value
    if archive is None:
        raise InvalidRequestError("Send the corpus as a zip file in the field archive.")
    return fields, archive
