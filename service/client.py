"""A client of the HTTP API, typed by the same schemas that the service answers with."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from models.file_names import printable
from service.wire.characters import Character, CharacterList
from service.wire.corpora import Corpus, CorpusList
from service.wire.datasets import Dataset, DatasetList
from service.wire.evaluations import Evaluation, EvaluationList
from service.wire.expressions import ExpressionSet
from service.wire.health import Readiness
from service.wire.images import Image, ImageList
from service.wire.jobs import Job, JobState
from service.wire.models import Model, ModelList
from service.wire.subjects import Receipt, Subject, SubjectList

Answer = TypeVar("Answer", bound=BaseModel)
_Page = TypeVar("_Page", EvaluationList, ImageList, CorpusList, DatasetList, ModelList, SubjectList)

ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})
_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
_UPLOAD_TIMEOUT: Final = httpx.Timeout(600.0, connect=5.0)
"""An archive is checked and stored before the answer comes: some GB at 100 MB/s."""
_PATIENCE_SECONDS: Final = 30.0
"""How long `follow` keeps asking a service that has stopped answering."""
_PAUSE_SECONDS: Final = 0.5


class ClientError(Exception):
    """Something went wrong between this client and the service; the message says what."""


class UnreachableError(ClientError):
    """The service does not answer."""


class ChangedError(ClientError):
    """What was to be gone on with is something else now."""


class RefusedError(ClientError):
    """The service answered with a problem, and the message is its `detail`.

    Attributes:
        status: the HTTP status.
        code: the last part of the problem's `type`, such as ``no-face``; empty if it has none.
    """

    def __init__(self, message: str, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Client:
    """One service at `url`, called with the API key `key` if there is one."""

    def __init__(self, url: str, key: str | None = None) -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            self._http = httpx.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT)
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

    def ready(self) -> Readiness:
        """Whether the service and everything it needs answers; raises `ClientError` if not."""
        return self._get("/readyz", Readiness)

    def upload(self, photo: Path, subject_id: str | None = None) -> Image:
        """Upload one photo.

        Raises:
            OSError: the file cannot be read.
            RefusedError: it is not a photo that the service takes, or shows no face.
        """
        files = {"file": (printable(Path(photo.name)), photo.read_bytes())}
        fields = {} if subject_id is None else {"subject_id": subject_id}
        return _read(self._send("POST", "/v1/images", files=files, data=fields), Image)

    def image(self, image_id: uuid.UUID) -> Image:
        """What is known of an uploaded photo."""
        return self._get(f"/v1/images/{image_id}", Image)

    def images(self, subject_id: str | None = None) -> Iterator[Image]:
        """Every photo, or every one of a subject, newest first."""
        of = {} if subject_id is None else {"subject_id": subject_id}
        return self._pages("/v1/images", ImageList, **of)

    def erase_image(self, image_id: uuid.UUID) -> Receipt:
        """Erase a photo and all that came from it."""
        return _read(self._send("DELETE", f"/v1/images/{image_id}"), Receipt)

    def draw(
        self,
        image_ids: Sequence[uuid.UUID],
        targets: Sequence[Mapping[str, float]],
        **options: object,
    ) -> ExpressionSet:
        """Ask for every image with every target; `options` are the fields of the request."""
        body = {"image_ids": [str(i) for i in image_ids], "targets": list(targets), **options}
        return _read(self._send("POST", "/v1/expressions", json=body), ExpressionSet)

    def expressions(self, set_id: uuid.UUID) -> ExpressionSet:
        """An expression set with the items that are finished."""
        return self._get(f"/v1/expressions/{set_id}", ExpressionSet)

    def cancel(self, job_id: uuid.UUID) -> Job:
        """Ask for a job to stop."""
        return _read(self._send("POST", f"/v1/jobs/{job_id}/cancel"), Job)

    def import_archive(self, archive: Path, fields: Mapping[str, Any]) -> Corpus:
        """Upload a zip file as a corpus; `fields` are those of the form: name, layout, ….

        Raises:
            OSError: the file cannot be read.
            RefusedError: it is not safe to unpack, or a field is wrong.
        """
        with archive.open("rb") as file:
            files = {"archive": (archive.name, file, "application/zip")}
            answer = self._send(
                "POST", "/v1/corpora", files=files, data=dict(fields), timeout=_UPLOAD_TIMEOUT
            )
        return _read(answer, Corpus)

    def import_path(self, fields: Mapping[str, Any]) -> Corpus:
        """Import a folder that lies on the server; `fields` as in the API."""
        return _read(self._send("POST", "/v1/corpora", json=dict(fields)), Corpus)

    def corpus(self, corpus_id: uuid.UUID) -> Corpus:
        """A corpus as it is now."""
        return self._get(f"/v1/corpora/{corpus_id}", Corpus)

    def corpora(self) -> Iterator[Corpus]:
        """Every corpus, newest first."""
        return self._pages("/v1/corpora", CorpusList)

    def build(self, request: Mapping[str, Any]) -> Dataset:
        """Ask for a dataset; `request` as in the API."""
        return _read(self._send("POST", "/v1/datasets", json=dict(request)), Dataset)

    def rebuild(self, dataset_id: uuid.UUID) -> Dataset:
        """Have a withdrawn dataset built again without who was erased."""
        return _read(self._send("POST", f"/v1/datasets/{dataset_id}/rebuild"), Dataset)

    def dataset(self, dataset_id: uuid.UUID) -> Dataset:
        """A dataset as it is now."""
        return self._get(f"/v1/datasets/{dataset_id}", Dataset)

    def datasets(self) -> Iterator[Dataset]:
        """Every dataset, newest first."""
        return self._pages("/v1/datasets", DatasetList)

    def create_subject(self, request: Mapping[str, Any]) -> Subject:
        """Keep a person's consent; `request` as in the API."""
        return _read(self._send("POST", "/v1/subjects", json=dict(request)), Subject)

    def subjects(self) -> Iterator[Subject]:
        """Every subject, newest first."""
        return self._pages("/v1/subjects", SubjectList)

    def renew_consent(self, subject_id: uuid.UUID, consent: Mapping[str, Any]) -> Subject:
        """Put a newer consent in the place of a subject's; `consent` as in the API."""
        path = f"/v1/subjects/{subject_id}/consent"
        return _read(self._send("PUT", path, json=dict(consent)), Subject)

    def erase_subject(self, subject_id: uuid.UUID) -> Receipt:
        """Erase all that came from a subject."""
        return _read(self._send("DELETE", f"/v1/subjects/{subject_id}"), Receipt)

    def models(self) -> Iterator[Model]:
        """The models that ship, then every other, newest first."""
        return self._pages("/v1/models", ModelList)

    def personalise(self, subject_id: uuid.UUID, request: Mapping[str, Any]) -> Model:
        """Have a model fitted to a subject; `request` as in the API."""
        path = f"/v1/subjects/{subject_id}/models"
        return _read(self._send("POST", path, json=dict(request)), Model)

    def evaluate(self, model_id: str, request: Mapping[str, Any]) -> Evaluation:
        """Have a model held against a corpus; `request` as in the API."""
        path = f"/v1/models/{model_id}/evaluations"
        return _read(self._send("POST", path, json=dict(request)), Evaluation)

    def evaluation(self, evaluation_id: uuid.UUID) -> Evaluation:
        """An evaluation as it is now."""
        return self._get(f"/v1/evaluations/{evaluation_id}", Evaluation)

    def evaluations(self) -> Iterator[Evaluation]:
        """Every evaluation, newest first."""
        return self._pages("/v1/evaluations", EvaluationList)

    def delete_evaluation(self, evaluation_id: uuid.UUID) -> None:
        """Erase an evaluation; its job stops."""
        self._send("DELETE", f"/v1/evaluations/{evaluation_id}")

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

    def _pages(self, path: str, schema: type[_Page], **query: str) -> Iterator[Any]:
        while True:
            page = self._get(f"{path}?{httpx.QueryParams(query)}" if query else path, schema)
            yield from page.items
            if page.next_cursor is None:
                return
            query["cursor"] = page.next_cursor

    def characters(self) -> list[Character]:
        """The characters that ship."""
        return self._get("/v1/characters", CharacterList).items

    def render_character(self, name: str, request: Mapping[str, Any]) -> bytes:
        """A PNG of a character; `request` as in the API."""
        return self._send("POST", f"/v1/characters/{name}/render", json=dict(request)).content

    def download(self, url: str) -> bytes:
        """The bytes at one of the URLs in an answer."""
        return self._send("GET", url).content

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

    def _get(self, path: str, schema: type[Answer]) -> Answer:
        return _read(self._send("GET", path), schema)

    def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **content)
        except httpx.TransportError as error:
            raise UnreachableError(self._silence(error)) from error
        if response.is_error:
            raise _refusal(response)
        return response

    def _silence(self, error: httpx.TransportError) -> str:
        return f"No answer from {self.url} ({str(error) or type(error).__name__}). Is it running?"


def _read(response: httpx.Response, schema: type[Answer]) -> Answer:
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
