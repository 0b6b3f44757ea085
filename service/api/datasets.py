"""/v1/datasets: AU-balanced sets of drawings, as one file each."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from service.api import described
from service.api.bodies import fingerprint
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
from service.api.downloads import Served, serve
from service.api.idempotency import OnceDep
from service.api.posted import Posted, posted_json
from service.api.removal import removed
from service.db.ids import parse_id
from service.errors.corpora import CorpusNotFoundError
from service.errors.datasets import (
    ActionUnitNotInCorpusError,
    DatasetNotFoundError,
    DatasetTooLargeError,
    DatasetWithdrawnError,
    InvalidDatasetError,
)
from service.errors.generators import (
    GeneratorNotFoundError,
    UndrawableTargetError,
    UnknownGeneratorError,
)
from service.errors.images import ImageNotFoundError
from service.errors.operation import UnavailableError
from service.errors.requests import (
    IdempotencyKeyReusedError,
    InvalidRequestError,
    MalformedJsonError,
    UnauthenticatedError,
)
from service.errors.resources import ResourceExpiredError
from service.errors.subjects import ConsentExpiredError
from service.errors.targets import TARGET_PROBLEMS
from service.usecases import datasets, rebuilding
from service.usecases.idempotency import Reply
from service.wire import datasets as wire

PATH: Final = "/v1/datasets"
router = APIRouter(prefix=PATH, tags=["datasets"])

_READ_PROBLEMS: Final = (DatasetNotFoundError, ResourceExpiredError, UnauthenticatedError)
_FILE_PROBLEMS: Final = (*_READ_PROBLEMS, *described.UNFINISHED_PROBLEMS)
_EXAMPLES: Final = {"corpus": "Balanced over a corpus", "images": "Of photos and targets"}


@router.post(
    "",
    status_code=202,
    response_model=wire.Dataset,
    summary="Ask for a dataset",
    openapi_extra=described.body(described.json_content(wire.DatasetRequest, _EXAMPLES)),
    responses=described.accepted(
        "The dataset.",
        MalformedJsonError,
        InvalidRequestError,
        InvalidDatasetError,
        DatasetTooLargeError,
        ActionUnitNotInCorpusError,
        CorpusNotFoundError,
        ImageNotFoundError,
        ResourceExpiredError,
        *described.UNFINISHED_PROBLEMS,
        UnknownGeneratorError,
        UndrawableTargetError,
        GeneratorNotFoundError,
        *TARGET_PROBLEMS,
        *described.POST_PROBLEMS,
    ),
)
def request_dataset(
    request: Request,
    posted: Annotated[Posted[wire.DatasetRequest], Depends(posted_json(wire.DatasetRequest))],
    once: OnceDep,
    caller: Caller,
    session: WriteSession,
    services: ServicesDep,
) -> Response:
    """Build a dataset in which every AU has as many images at every intensity as asked for.

    Asking again for the same gives the same dataset, and no new work is done. The answer comes at
    once; read the dataset at its Location, or follow its job's events, until it can be downloaded.
    """

    def work() -> Reply:
        spec = datasets.spec_of(session, caller, posted.asked, services.settings)
        dataset, job = datasets.create(
            session, services.settings, caller, spec, request_id_of(request)
        )
        body = wire.dataset(dataset, job).model_dump(mode="json")
        return Reply(202, body, f"{PATH}/{dataset.id}")

    return once.do(session, posted.fingerprint, work)


@router.get(
    "",
    response_model=wire.DatasetList,
    summary="List datasets",
    responses=described.responses(*described.LIST_PROBLEMS),
)
def list_datasets(
    caller: Caller, session: ReadSession, cursor: Cursor, limit: Limit = 50
) -> wire.DatasetList:
    """Your datasets, newest first."""
    page, jobs = datasets.page(session, caller, limit, cursor)
    return wire.DatasetList(
        items=[wire.dataset(row, jobs[row.job_id]) for row in page.rows],
        next_cursor=make_cursor(page.next_id),
    )


@router.get(
    "/{dataset_id}",
    response_model=wire.Dataset,
    summary="Read a dataset",
    responses=described.responses(*_READ_PROBLEMS),
)
def read_dataset(dataset_id: str, caller: Caller, session: ReadSession) -> wire.Dataset:
    """How far the dataset is, how balanced it is, and where to download it."""
    return wire.dataset(*datasets.get(session, caller, parse_id(dataset_id)))


@router.post(
    "/{dataset_id}/rebuild",
    status_code=202,
    response_model=wire.Dataset,
    summary="Build a withdrawn dataset again",
    responses=described.accepted(
        "The dataset that is built.",
        *_READ_PROBLEMS,
        DatasetWithdrawnError,
        ImageNotFoundError,
        DatasetTooLargeError,
        UnknownGeneratorError,
        UndrawableTargetError,
        GeneratorNotFoundError,
        *described.UNFINISHED_PROBLEMS,
        ConsentExpiredError,
        IdempotencyKeyReusedError,
        UnavailableError,
    ),
)
def rebuild_dataset(
    dataset_id: str,
    request: Request,
    once: OnceDep,
    caller: Caller,
    session: WriteSession,
    services: ServicesDep,
) -> Response:
    """Build what a withdrawn dataset asked for of the photos that it has left, without who was
    erased; the withdrawn one stays as it is. Doing it twice gives the same dataset, and one that
    is not withdrawn is answered as it is."""

    def work() -> Reply:
        dataset, job = rebuilding.rebuild(
            session, services.settings, caller, parse_id(dataset_id), request_id_of(request)
        )
        body = wire.dataset(dataset, job).model_dump(mode="json")
        return Reply(202, body, f"{PATH}/{dataset.id}")

    return once.do(session, fingerprint(request, ()), work)


@router.head("/{dataset_id}/download", include_in_schema=False)
@router.get(
    "/{dataset_id}/download",
    operation_id="download_dataset",
    response_class=Response,
    summary="Download a dataset",
    responses=described.file(
        "A zip archive: images and metadata, or tar shards, with a card.",
        ("application/zip",),
        *_FILE_PROBLEMS,
    ),
)
def download_dataset(
    dataset_id: str, request: Request, caller: Caller, session: ReadSession, services: ServicesDep
) -> Response:
    """The dataset's archive. Honours Range, If-Range and If-None-Match, so that a download that
    broke off can be gone on with."""
    dataset = datasets.built(session, caller, parse_id(dataset_id))
    served = Served(str(dataset.archive_sha256), "application/zip", f"{dataset.spec['name']}.zip")
    return serve(request, services.store, served)


@router.head("/{dataset_id}/preview", include_in_schema=False)
@router.get(
    "/{dataset_id}/preview",
    operation_id="preview_dataset",
    response_class=Response,
    summary="See a dataset",
    responses=described.file(
        "A contact sheet: one image for each AU and intensity.", ("image/png",), *_FILE_PROBLEMS
    ),
)
def preview_dataset(
    dataset_id: str, request: Request, caller: Caller, session: ReadSession, services: ServicesDep
) -> Response:
    """A contact sheet of the dataset, as a PNG."""
    dataset = datasets.built(session, caller, parse_id(dataset_id))
    served = Served(str(dataset.preview_sha256), "image/png", f"{dataset.spec['name']}.png")
    return serve(request, services.store, served)


@router.delete(
    "/{dataset_id}",
    status_code=204,
    response_class=Response,
    summary="Delete a dataset",
    responses=described.responses(*_READ_PROBLEMS),
)
def delete_dataset(
    dataset_id: str, caller: Caller, session: WriteSession, services: ServicesDep
) -> Response:
    """Erase a dataset; its job stops."""
    dataset, _ = datasets.get(session, caller, parse_id(dataset_id))
    return removed(services, datasets.erase(session, dataset))
