"""Requests and answers: what every method of the client goes through."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from service.client.errors import ChangedError, ClientError, RefusedError, UnreachableError
from service.client.pictures import Picture
from service.wire.jobs import JobState

Answer = TypeVar("Answer", bound=BaseModel)

ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})
_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
UPLOAD_TIMEOUT: Final = httpx.Timeout(600.0, connect=5.0)
"""An archive is checked and stored before the answer comes: some GB at 100 MB/s."""
_PATIENCE_SECONDS: Final = 30.0
"""How long `follow` keeps asking a service that has stopped answering."""
_PAUSE_SECONDS: Final = 0.5


class Connection:
    """One service at `url`, called with the API key `key` if there is one."""

    def __init__(
        self, url: str, key: str | None = None, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        """Nothing is sent yet. `transport` is how requests travel, where httpx's own way will not
        do."""
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            self._http = httpx.Client(
                base_url=self.url, headers=headers, timeout=_TIMEOUT, transport=transport
            )
        except httpx.InvalidURL as error:
            raise ClientError(f"{url} is not the URL of a service: {error}.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def stream(self, url: str, start: int, tag: str) -> Iterator[bytes]:
        """The bytes at `url` from `start` on, provided that its entity tag still is `tag`.

        Raises:
            ChangedError: it is not.
            UnreachableError: the connection broke; what came before is good.
        """
        headers = {"Range": f"bytes={start}-", "If-Range": f'"{tag}"'} if start else {}
        try:
            with self._http.stream("GET", url, headers=headers) as response:
                if response.is_error:
                    response.read()
                    raise _refusal(response)
                is_other = response.headers.get("etag") != f'"{tag}"'
                if is_other or (start > 0 and response.status_code != 206):
                    raise ChangedError(f"{url} is not what it was; download it anew.")
                yield from response.iter_raw()  # as it comes, so that none of it is lost
        except httpx.TransportError as error:
            raise UnreachableError(self._silence(error)) from error

    def pages(self, path: str, schema: type[BaseModel], **query: str) -> Iterator[Any]:
        """Every row of a list, page by page."""
        while True:
            page: Any = self.get(f"{path}?{httpx.QueryParams(query)}" if query else path, schema)
            yield from page.items
            if page.next_cursor is None:
                return
            query["cursor"] = page.next_cursor

    def download(self, url: str) -> bytes:
        """The bytes at one of the URLs in an answer."""
        return self.send("GET", url).content

    def picture(self, url: str) -> Picture:
        """The picture at one of the URLs in an answer."""
        return Picture(self.download(url))

    def save(self, url: str, out: Path | str) -> Path:
        """Save what is at one of the URLs in an answer as a file, whole or not at all."""
        target = Path(out)
        unfinished = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        try:
            with (
                unfinished.open("wb") as file,
                self._http.stream("GET", url, timeout=UPLOAD_TIMEOUT) as response,
            ):
                if response.is_error:
                    response.read()
                    raise _refusal(response)
                for piece in response.iter_bytes():
                    file.write(piece)
            unfinished.replace(target)
        except httpx.TransportError as error:
            raise UnreachableError(self._silence(error)) from error
        finally:
            unfinished.unlink(missing_ok=True)
        return target

    def follow(self, job_id: uuid.UUID) -> Iterator[JobState]:
        """The job each time it changes, the last time when it has ended.

        Reads the job's server-sent events. When that connection breaks, it asks again, and gives
        up with `UnreachableError` only when the service has not answered for 30 seconds.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                for state in self._events(job_id):
                    deadline = time.monotonic() + _PATIENCE_SECONDS
                    yield state
                    if state.state in ENDED:
                        return
            except UnreachableError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_PAUSE_SECONDS)

    def _events(self, job_id: uuid.UUID) -> Iterator[JobState]:
        try:
            with self._http.stream("GET", f"/v1/jobs/{job_id}/events") as response:
                if response.is_error:
                    response.read()
                    raise _refusal(response)
                # Each event is one line of JSON; names, ids and keep-alives are not needed here.
                for line in response.iter_lines():
                    if line.startswith("data:"):
                        yield JobState.model_validate_json(line.removeprefix("data:"))
        except httpx.TransportError as error:
            raise UnreachableError(self._silence(error)) from error

    def get(self, path: str, schema: type[Answer]) -> Answer:
        """What is at a path."""
        return read(self.send("GET", path), schema)

    def send(self, method: str, path: str, **content: Any) -> httpx.Response:
        """The answer to a request, if it is none that refuses."""
        try:
            response = self._http.request(method, path, **content)
        except httpx.TransportError as error:
            raise UnreachableError(self._silence(error)) from error
        if response.is_error:
            raise _refusal(response)
        return response

    def _silence(self, error: httpx.TransportError) -> str:
        return f"No answer from {self.url} ({str(error) or type(error).__name__}). Is it running?"


def read(response: httpx.Response, schema: type[Answer]) -> Answer:
    """An answer as what it is."""
    try:
        return schema.model_validate_json(response.content)
    except ValidationError as error:
        raise ClientError(f"{response.url} is not a Facsimile service of this version.") from error


def _refusal(response: httpx.Response) -> ClientError:
    try:
        problem = response.json()
        detail, kind = str(problem["detail"]), str(problem.get("type", ""))
    except (ValueError, KeyError, TypeError):
        return ClientError(
            f"{response.url} answered {response.status_code} {response.reason_phrase}; "
            "that is not how Facsimile says no."
        )
    return RefusedError(detail, response.status_code, kind.rpartition("/")[2])
