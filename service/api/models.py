"""/v1/models: estimators of AU intensities."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from models.checkpoints import Checkpoint, CheckpointError
from models.estimators.onnx_graph import onnx_model
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
from service.api.downloads import Served, serve, serve_bytes
from service.api.idempotency import OnceDep
from service.api.posted import PostedOrSent, body_or_sent, make_or_keep, posted_or_sent
from service.api.removal import removed
from service.errors.checkpoints import CHECKPOINT_PROBLEMS
from service.errors.datasets import DatasetNotFoundError, DatasetWithdrawnError
from service.errors.models import ModelNotFoundError, ShippedModelError, UnsuitableBaseModelError
from service.errors.operation import DamagedArtifactError, UnavailableError
from service.errors.requests import InvalidRequestError, TooManyFilesError, UnauthenticatedError
from service.errors.resources import ResourceExpiredError
from service.errors.subjects import ConsentExpiredError
from service.errors.targets import UnknownActionUnitError
from service.usecases import model_training, models
from service.wire import models as wire

PATH: Final = "/v1/models"
router = APIRouter(prefix=PATH, tags=["models"])

_READ_PROBLEMS: Final = (
    ModelNotFoundError,
    ResourceExpiredError,
    UnauthenticatedError,
    UnavailableError,
)


@router.post(
    "",
    status_code=202,
    response_model=wire.Model,
    summary="Train or upload a model",
    openapi_extra=body_or_sent(wire.TrainRequest),
    responses={
        201: {"model": wire.Model, "description": "The uploaded model."},
        **described.accepted(
            "The model.",
            *described.READ_PROBLEMS,
            DatasetNotFoundError,
            DatasetWithdrawnError,
            ModelNotFoundError,
            ResourceExpiredError,
            *described.UNFINISHED_PROBLEMS,
            ConsentExpiredError,
            UnsuitableBaseModelError,
            UnknownActionUnitError,
            *CHECKPOINT_PROBLEMS,
            TooManyFilesError,
            *described.POST_PROBLEMS,
        ),
    },
)
def create_model(
    request: Request,
    posted: Annotated[PostedOrSent[wire.TrainRequest], Depends(posted_or_sent(wire.TrainRequest))],
    once: OnceDep,
    caller: Caller,
    session: WriteSession,
    services: ServicesDep,
) -> Response:
    """Train a model on a dataset (JSON; needs PyTorch in the worker), or upload a checkpoint: a
    zip of model.safetensors, config.json and README.md, as a download gives it."""
    return make_or_keep(
        once,
        session,
        posted,
        make=lambda asked: model_training.train(
            session, services.settings, caller, asked, request_id_of(request)
        ),
        read=models.read_upload,
        keep=lambda sent: models.upload(
            session, services.store, services.settings, caller, sent, posted.name
        ),
        show=wire.model,
        path=PATH,
    )


@router.get(
    "",
    response_model=wire.ModelList,
    summary="List models",
    responses=described.responses(*described.LIST_PROBLEMS),
)
def list_models(
    caller: Caller, session: ReadSession, cursor: Cursor, limit: Limit = 50
) -> wire.ModelList:
    """The models that ship, on the first page; then your own, newest first."""
    page, jobs = models.page(session, caller, limit, cursor)
    shipped = [_shipped(name) for name in models.shipped_names()] if cursor is None else []
    own = [wire.model(row, jobs.get(row.job_id) if row.job_id else None) for row in page.rows]
    return wire.ModelList(items=[*shipped, *own], next_cursor=make_cursor(page.next_id))


@router.get(
    "/{model_id}",
    response_model=wire.Model,
    summary="Read a model",
    responses=described.responses(*_READ_PROBLEMS),
)
def read_model(model_id: str, caller: Caller, session: ReadSession) -> wire.Model:
    """What the model reads, where it comes from, and how far its job is."""
    if model_id in models.shipped_names():
        return _shipped(model_id)
    return wire.model(*models.get(session, caller, model_id))


@router.head("/{model_id}/download", include_in_schema=False)
@router.get(
    "/{model_id}/download",
    operation_id="download_model",
    response_class=Response,
    summary="Download a model",
    responses=described.file(
        "A zip of model.safetensors, config.json and README.md; or ONNX.",
        ("application/zip", "application/octet-stream"),
        *_READ_PROBLEMS,
        *described.UNFINISHED_PROBLEMS,
        ConsentExpiredError,
        InvalidRequestError,
    ),
)
def download_model(
    model_id: str,
    request: Request,
    caller: Caller,
    session: ReadSession,
    services: ServicesDep,
    format: Annotated[
        Literal["checkpoint", "onnx"],
        Query(
            description="checkpoint: a zip. onnx: one file; its input is a registered face and "
            "its metadata names the AUs."
        ),
    ] = "checkpoint",
) -> Response:
    """The model's files, to be used elsewhere."""
    if model_id in models.shipped_names():
        of = models.shipped(model_id)
        if format == "onnx":
            return _onnx(request, of.checkpoint, model_id)
        return serve_bytes(request, of.content, "application/zip", f"{model_id}.zip")
    model = models.made(session, caller, model_id)
    if format == "onnx":
        try:
            checkpoint = models.checkpoint_of(services.store, model)
        except CheckpointError as error:
            raise DamagedArtifactError(f"The stored checkpoint is damaged: {error}") from error
        return _onnx(request, checkpoint, str(model.id))
    served = Served(str(model.checkpoint_sha256), "application/zip", f"{model.id}.zip")
    return serve(request, services.store, served)


@router.delete(
    "/{model_id}",
    status_code=204,
    response_class=Response,
    summary="Delete a model",
    responses=described.responses(*_READ_PROBLEMS, ShippedModelError),
)
def delete_model(
    model_id: str, caller: Caller, session: WriteSession, services: ServicesDep
) -> Response:
    """Erase a model of yours; its job stops."""
    return removed(services, models.delete(session, caller, model_id))


def _shipped(name: str) -> wire.Model:
    of = models.shipped(name)
    return wire.shipped_model(name, of.config, len(of.content), of.sha256)


def _onnx(request: Request, checkpoint: Checkpoint, name: str) -> Response:
    content = onnx_model(checkpoint)
    return serve_bytes(request, content, "application/octet-stream", f"{name}.onnx")
