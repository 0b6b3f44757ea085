"""Reading bodies: JSON and multipart forms, each refused with its own problem."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any, Final

from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from service.config import Settings
from service.errors.requests import (
    InvalidRequestError,
    MalformedFormError,
    MalformedJsonError,
    TooManyFilesError,
    UnsupportedMediaTypeError,
)
from service.usecases.images import Upload
from service.wire.images import SubjectId

JSON: Final = "application/json"
FORM: Final = "multipart/form-data"
MAX_FIELDS: Final = 100
MAX_FIELD_BYTES: Final = 8 * 1024 * 1024
"""10,000 targets that name all 18 action units: 10,000 * 18 * 14 B = 2.5 MB."""

_SUBJECT: Final = TypeAdapter(SubjectId)


@dataclass(frozen=True)
class Form:
    """A multipart form: fields by name, and the files of the field `file`."""

    fields: Mapping[str, list[str]]
    files: tuple[Upload, ...]

    def one(self, name: str) -> str | None:
        """The only value of a field; None when it was not sent.

        Raises:
            InvalidRequestError: it was sent more than once.
        """
        values = self.fields.get(name, [])
        if len(values) > 1:
            raise InvalidRequestError(f"The field {name} was sent {len(values)} times; send one.")
        return values[0] if values else None

    def only(self, names: Iterable[str]) -> None:
        """Raise `InvalidRequestError` when the form has a field that is not one of `names`."""
        known = list(names)
        for name in self.fields:
            if name not in known:
                raise InvalidRequestError(
                    f"There is no field {name!r} here; use file, {', '.join(known)}."
                )


def media_type(request: Request, allowed: tuple[str, ...]) -> str:
    """The media type of the body.

    Raises:
        UnsupportedMediaTypeError: it is none of `allowed`.
    """
    header = Message()
    header["content-type"] = request.headers.get("content-type") or "none/none"
    found = header.get_content_type()
    if found not in allowed:
        sent = request.headers.get("content-type") or "no Content-Type"
        raise UnsupportedMediaTypeError(f"Send {' or '.join(allowed)} here, not {sent[:100]}.")
    return found


def parse_json(text: str | bytes, what: str = "The body") -> Any:
    """The value of a JSON text. NaN and Infinity are read, as whoever checks numbers refuses them.

    Raises:
        MalformedJsonError.
    """
    try:
        return json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except RecursionError as error:
        raise MalformedJsonError(f"{what} is nested too deeply.") from error
    except ValueError as error:
        raise MalformedJsonError(f"{what} is not valid JSON: {error}.") from error


async def read_json(request: Request) -> tuple[Any, str]:
    """The JSON body of a request, and a fingerprint of it."""
    body = await request.body()

    def read() -> tuple[Any, str]:
        return parse_json(body), fingerprint(request, [body])

    return await run_in_threadpool(read)


async def read_form(request: Request, settings: Settings) -> tuple[Form, str]:
    """The multipart body of a request, and a fingerprint of what it says.

    Raises:
        MalformedFormError, TooManyFilesError, InvalidRequestError.
    """
    parser = MultiPartParser(
        request.headers,
        request.stream(),
        max_files=settings.max_files,
        max_fields=MAX_FIELDS,
        max_part_size=MAX_FIELD_BYTES,
    )
    try:
        parsed = await parser.parse()
    except MultiPartException as error:
        if error.message.startswith("Too many files"):
            raise TooManyFilesError(
                f"One request may carry {settings.max_files:,} files; split it over several.",
                limit=settings.max_files,
            ) from error
        raise MalformedFormError(f"The form cannot be read: {error.message}") from error
    fields: dict[str, list[str]] = {}
    files: list[Upload] = []
    try:
        for name, value in parsed.multi_items():
            if isinstance(value, UploadFile) and name == "file":
                files.append(Upload(await value.read(), _clean(value.filename)))
            elif isinstance(value, UploadFile):
                # curl -F 'targets=@targets.json' sends a file where a field is meant.
                fields.setdefault(name, []).append(_text(name, await value.read()))
            else:
                fields.setdefault(name, []).append(value)
    finally:
        await parsed.close()
    if "file" in fields:
        raise InvalidRequestError(
            "The field file has no file in it; with curl, write -F file=@photo.jpg."
        )
    parts = [part for upload in files for part in (b"file", upload.data)]
    parts += [
        text.encode("utf-8", "surrogatepass")
        for name in sorted(fields)
        for text in (name, *fields[name])
    ]
    return Form(fields, tuple(files)), await run_in_threadpool(fingerprint, request, parts)


def fingerprint(request: Request, parts: Iterable[bytes]) -> str:
    """SHA-256 over the operation and the parts of its body."""
    digest = hashlib.sha256(f"{request.method} {request.url.path}".encode())
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object names {twice!r} twice")
    return out


def _integer(digits: str) -> int | float:
    # Beyond every limit of this API, and too long for Python to be asked to read it exactly.
    return int(digits) if len(digits) <= 20 else float(digits)


def _clean(filename: str | None) -> str | None:
    """A file's own name, without folders and control characters, of at most 255 characters."""
    if not filename:
        return None
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(character for character in name if character.isprintable())
    return printable[:255] or None


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequestError(f"The field {name} is not UTF-8 text.") from error


def subject_id(form: Form) -> str | None:
    """The form's subject; raises `InvalidRequestError` unless it is a short printable name."""
    value = form.one("subject_id")
    return None if value is None else _SUBJECT.validate_python(value)
