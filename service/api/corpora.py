"""/v1/corpora: labelled frames that datasets are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from service.api import archives, bodies, described
from service.api.context import request_id_of
from service.api.deps import (
    Caller,
    Cursor,
    Limit,
    ReadSession,
    ServicesDep,
    WriteSession,
    make_cursor,
)
from service.api.idempotency import OnceDep
from service.api.removal import removed
from service.db.blobs import keep
from service.db.ids import parse_id
from service.errors.corpora import (
    CorpusNotFoundError,
    InvalidReadOptionError,
    PathNotAllowedError,
    UnknownLayoutError,
    UnsafeArchiveError,
)
from service.errors.operation import StorageFullError
from service.errors.requests import UnauthenticatedError
from service.errors.resources import ResourceExpiredError
from service.usecases import corpora
from service.usecases.corpora import About
from service.usecases.idempotency import Reply
from service.wire import corpora as wire

PATH: Final = "/v1/corpora"
router = APIRouter(prefix=PATH, tags=["corpora"])

_READ_PROBLEMS: Final = (CorpusNotFoundError, ResourceExpiredError, UnauthenticatedError)


@dataclass(frozen=True)
class _Posted:
    """A corpus by its archive or by a path; exactly one of the two is there."""

    about: About
    archive: IO[bytes] | None
    path: str | None
    fingerprint: str


async def _posted(request: Request, services: ServicesDep, _caller: Caller) -> _Posted:
    if bodies.media_type(request, (bodies.JSON, bodies.FORM)) == bodies.JSON:
        value, fingerprint = await bodies.read_json(request)
        asked = wire.CorpusRequest.model_validate(value)
        about = corpora.about(asked)
        path = corpora.check_path(asked.path, services.settings)
        return _Posted(about, None, path, fingerprint)
    form = await archives.read_archive(request)
    # The path comes with JSON alone; one stands in so that one schema serves both.
    asked = wire.CorpusRequest.model_validate({**form.fields, "path": "."})
    return _Posted(corpora.about(asked), form.archive, None, form.fingerprint)


def _body() -> dict[str, Any]:
    by_path = described.json_content(wire.CorpusRequest, {"path": "A corpus on the server"})
    fields = described.fields(wire.CorpusRequest)
    del fields["path"]
    archive = {**described.BINARY, "description": "A zip file of the corpus's folder."}
    by_form = described.form_content(
        ("archive", "name", "layout"),
        {"archive": archive, **fields},
        "archive",
        "A folder with labels.csv, zipped",
        {"archive": "mine.zip", "name": "mine", "layout": "folder"},
    )
    return described.body(by_form, by_path)


@router.post(
    "",
    status_code=202,
    response_model=wire.Corpus,
    summary="Import a corpus",
    openapi_extra=_body(),
    responses=described.accepted(
        "The corpus.",
        *described.READ_PROBLEMS,
        UnknownLayoutError,
        InvalidReadOptionError,
        UnsafeArchiveError,
        PathNotAllowedError,
        *described.POST_PROBLEMS,
        StorageFullError,
    ),
)
def import_corpus(
    request: Request,
    posted: Annotated[_Posted, Depends(_posted)],
    once: OnceDep,
    caller: Caller,
    session: WriteSession,
    services: ServicesDep,
) -> Response:
    """Read a corpus's labels and register the face of every frame, once.

    Send the folder as a zip file, or name a folder that lies on the server. The answer comes at
    once; read the corpus at its Location, or follow its job's events. Frames without a face are
    skipped and counted. Whatever else is left out is named in its notes, with the reason. Where
    numbers may be on more than one scale, the job fails with unknown-scale, and asks for `scale`.
    """
    if (answered := once.replay(posted.fingerprint)) is not None:
        return answered
    stored = None
    if posted.archive is not None:
        corpora.check_archive(posted.archive, services.settings)
        # Before the transaction: a long upload must not hold up other writers.
        stored = services.store.put_file(posted.archive)

    def work() -> Reply:
        if stored is not None:
            keep(session, services.store, [stored])
        source = stored or posted.path or "."
        corpus, job = corpora.create(
            session, services.settings, caller, posted.about, source, request_id_of(request)
        )
        body = wire.corpus(corpus, job).model_dump(mode="json")
        return Reply(202, body, f"{PATH}/{corpus.id}")

    return once.do(session, posted.fingerprint, work)


@router.get(
    "",
    response_model=wire.CorpusList,
    summary="List corpora",
    responses=described.responses(*described.LIST_PROBLEMS),
)
def list_corpora(
    caller: Caller, session: ReadSession, cursor: Cursor, limit: Limit = 50
) -> wire.CorpusList:
    """Your corpora, newest first."""
    page, jobs = corpora.page(session, caller, limit, cursor)
    return wire.CorpusList(
        items=[wire.corpus(row, jobs[row.job_id]) for row in page.rows],
        next_cursor=make_cursor(page.next_id),
    )


@router.get(
    "/{corpus_id}",
    response_model=wire.Corpus,
    summary="Read a corpus",
    responses=described.responses(*_READ_PROBLEMS),
)
def read_corpus(corpus_id: str, caller: Caller, session: ReadSession) -> wire.Corpus:
    """What is in a corpus: frames, subjects, frames at each AU and intensity, what was skipped."""
    return wire.corpus(*corpora.get(session, caller, parse_id(corpus_id)))


@router.delete(
    "/{corpus_id}",
    status_code=204,
    response_class=Response,
    summary="Delete a corpus",
    responses=described.responses(*_READ_PROBLEMS),
)
def delete_corpus(
    corpus_id: str, caller: Caller, session: WriteSession, services: ServicesDep
) -> Response:
    """Erase a corpus and all faces of it; its import stops. Datasets made of it stay."""
    corpus, _ = corpora.get(session, caller, parse_id(corpus_id))
    return removed(services, corpora.erase(session, corpus))
