"""/v1/generators: what draws."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from models.facs import SUPPORTED_AUS
from service.api import described
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
from service.api.posted import PostedOrSent, body_or_sent, make_or_keep, posted_or_sent
from service.api.removal import removed
from service.errors.checkpoints import CHECKPOINT_PROBLEMS
from service.errors.datasets import DatasetNotFoundError, DatasetWithdrawnError
from service.errors.generators import GeneratorNotFoundError, ShippedGeneratorError
from service.errors.images import ImageNotFoundError
from service.errors.requests import TooManyFilesError, UnauthenticatedError
from service.errors.resources import ResourceExpiredError
from service.errors.subjects import ConsentExpiredError, SubjectNotFoundError
from service.errors.targets import UnknownActionUnitError
from service.jobs.contracts import GENERATORS
from service.usecases import generator_training, generators
from service.wire import generators as wire

PATH: Final = "/v1/generators"
router = APIRouter(prefix=PATH, tags=["generators"])

_READ_PROBLEMS: Final = (GeneratorNotFoundError, ResourceExpiredError, UnauthenticatedError)


@router.post(
    "",
    status_code=202,
    response_model=wire.FaceGenerator,
    summary="Train or upload a generator",
    openapi_extra=body_or_sent(wire.GeneratorRequest),
    responses={
        201: {"model": wire.FaceGenerator, "description": "The uploaded generator."},
        **described.accepted(
            "The generator.",
            *described.READ_PROBLEMS,
            DatasetNotFoundError,
            DatasetWithdrawnError,
            ImageNotFoundError,
            SubjectNotFoundError,
            ConsentExpiredError,
            ResourceExpiredError,
            *described.UNFINISHED_PROBLEMS,
            UnknownActionUnitError,
            *CHECKPOINT_PROBLEMS,
            TooManyFilesError,
            *described.POST_PROBLEMS,
        ),
    },
)
def create_generator(
    request: Request,
    posted: Annotated[
        PostedOrSent[wire.GeneratorRequest], Depends(posted_or_sent(wire.GeneratorRequest))
    ],
    once: OnceDep,
    caller: Caller,
    session: WriteSession,
    services: ServicesDep,
) -> Response:
    """Train a generator on a dataset or on photos (JSON; needs PyTorch in the worker), or upload
    a checkpoint: a zip of model.safetensors, config.json and README.md, as a download gives it.

    Training takes hours on a GPU, and can be cancelled. A worker that is lost costs a few minutes
    of it.
    """
    return make_or_keep(
        once,
        session,
        posted,
        make=lambda asked: generator_training.train(
            session, services.settings, caller, asked, request_id_of(request)
        ),
        read=generators.read_upload,
        keep=lambda sent: generators.upload(
            session, services.store, services.settings, caller, sent, posted.name
        ),
        show=wire.generator,
        path=PATH,
    )


@router.get(
    "",
    response_model=wire.GeneratorList,
    summary="List generators",
    responses=described.responses(*described.LIST_PROBLEMS),
)
def list_generators(
    caller: Caller, session: ReadSession, cursor: Cursor, limit: Limit = 50
) -> wire.GeneratorList:
    """The generators that ship, on the first page; then your own, newest first."""
    page, jobs = generators.page(session, caller, limit, cursor)
    shipped = [_shipped(name) for name in GENERATORS] if cursor is None else []
    own = [wire.generator(row, jobs.get(row.job_id) if row.job_id else None) for row in page.rows]
    return wire.GeneratorList(items=[*shipped, *own], next_cursor=make_cursor(page.next_id))


@router.get(
    "/{generator_id}",
    response_model=wire.FaceGenerator,
    summary="Read a generator",
    responses=described.responses(*_READ_PROBLEMS),
)
def read_generator(generator_id: str, caller: Caller, session: ReadSession) -> wire.FaceGenerator:
    """What the generator draws, where it comes from, and how far its job is."""
    if generator_id in GENERATORS:
        return _shipped(generator_id)
    return wire.generator(*generators.get(session, caller, generator_id))


@router.head("/{generator_id}/download", include_in_schema=False)
@router.get(
    "/{generator_id}/download",
    operation_id="download_generator",
    response_class=Response,
    summary="Download a generator",
    responses=described.file(
        "A zip of model.safetensors, config.json and README.md.",
        ("application/zip",),
        *_READ_PROBLEMS,
        *described.UNFINISHED_PROBLEMS,
        ShippedGeneratorError,
    ),
)
def download_generator(
    generator_id: str, request: Request, caller: Caller, session: ReadSession, services: ServicesDep
) -> Response:
    """The generator's files, to be used elsewhere."""
    row = generators.made(session, caller, generator_id)
    served = Served(str(row.checkpoint_sha256), "application/zip", f"{row.id}.zip")
    return serve(request, services.store, served)


@router.delete(
    "/{generator_id}",
    status_code=204,
    response_class=Response,
    summary="Delete a generator",
    responses=described.responses(*_READ_PROBLEMS, ShippedGeneratorError),
)
def delete_generator(
    generator_id: str, caller: Caller, session: WriteSession, services: ServicesDep
) -> Response:
    """Erase a generator of yours; its job stops. What it has drawn stays."""
    return removed(services, generators.delete(session, caller, generator_id))


def _shipped(name: str) -> wire.FaceGenerator:
    return wire.shipped_generator(name, SUPPORTED_AUS)
