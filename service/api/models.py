"""/v1/models: estimators of AU intensities."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import TypeAdapter
from starlette.background import BackgroundTask
from starlette.responses import Response

from models.checkpoints import Checkpoint, CheckpointError
from models.estimators.onnx_graph import onnx_model
from service import errors
from service import model_schemas as schemas
from service.api import bodies, present_models
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
from service.api.problems import responses
from service.api.subjects import json_body
from service.db.blobs import remove_unneeded
from service.usecases import models
from service.usecases.idempotency import Reply

PATH: Final = "/v1/models"
router = APIRouter(prefix=PATH, tags=["models"])

_READ_PROBLEMS: Final = (
    errors.ModelNotFoundError,
    errors.ResourceExpiredError,
    errors.UnauthenticatedError,
    errors.UnavailableError,
)
_NAME: Final = TypeAdapter(schemas.Line)


@dataclass(frozen=True)
class _Posted:
    """A request to train, or a checkpoint that was sent; one of the two is there."""

    asked: schemas.TrainRequest | None
    checkpoint: bytes
    name: str | None
    fingerprint: str


async def _posted(request: Request, services: ServicesDep, _caller: Caller) -> _Posted:
    if bodies.media_type(request, (bodies.JSON, bodies.FORM)) == bodies.JSON:
        value, fingerprint = await bodies.read_json(request)
        return _Posted(schemas.TrainRequest.model_validate(value), b"", None, fingerprint)
    form, fingerprint = await bodies.read_form(request, services.settings)
    form.only(("name",))
    if len(form.files) != 1:
        raise errors.InvalidRequestError(
            f"Send one zip archive in the field `file`; {len(form.files)} files were sent."
        )
    name = form.one("name")
    checked = None if name is None else _NAME.validate_python(name)
    return _Posted(None, form.files[0].data, checked, fingerprint)


def _body() -> dict[str, Any]:
    described = json_body(schemas.TrainRequest)
    described["requestBody"]["content"][bodies.FORM] = {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {
                "file": {"type": "string", "format": "binary"},
                "name": _NAME.json_schema(),
            },
        },
        "examples": {
            "checkpoint": {
                "summary": "A checkpoint as a download gives it",
                "value": {"file": "model.zip", "name": "mine"},
            }
        },
    }
    return described


@router.post(
    "",
    status_code=202,
    response_model=schemas.Model,
    summary="Train or upload a model",
    openapi_extra=_body(),
    responses={
        201: {"model": schemas.Model, "description": "The uploaded model."},
        202: {
            "headers": {
                "Location": {"description": "The model.", "schema": {"type": "string"}},
                "Retry-After": {"description": "Seconds.", "schema": {"type": "string"}},
            }
        },
        **responses(
            errors.MalformedJsonError,
            errors.MalformedFormError,
            errors.InvalidRequestError,
            errors.DatasetNotFoundError,
            errors.DatasetWithdrawnError,
            errors.ModelNotFoundError,
            errors.ResourceExpiredError,
            errors.NotReadyError,
            errors.JobCancelledError,
            errors.JobFailedError,
            errors.ConsentExpiredError,
            errors.UnsuitableBaseModelError,
            errors.UnknownActionUnitError,
            errors.PickledCheckpointError,
            errors.CorruptCheckpointError,
            errors.CheckpointMismatchError,
            errors.CheckpointTooLargeError,
            errors.TooManyFilesError,
            errors.BodyTooLargeError,
            errors.UnsupportedMediaTypeError,
            errors.IdempotencyKeyReusedError,
            errors.UnauthenticatedError,
            errors.UnavailableError,
        ),
    },
)
def create_model(
    request: Request,
    posted: Annotated[_Posted, Depends(_posted)],
    once: OnceDep,
    caller: Caller,
    session: WriteSession,
    services: ServicesDep,
) -> Response:
    """Train a model on a dataset (JSON; needs PyTorch in the worker), or upload a checkpoint: a
    zip of model.safetensors, config.json and README.md, as a download gives it."""
    if (answered := once.replay(posted.fingerprint)) is not None:
        return answered
    asked = posted.asked
    uploaded: Checkpoint | None = None
    if asked is None:
        uploaded = models.read_upload(posted.checkpoint)

    def work() -> Reply:
        if asked is not None:
            model, job = models.train(
                session, services.settings, caller, asked, request_id_of(request)
            )
            body = present_models.model(model, job).model_dump(mode="json")
            return Reply(202, body, f"{PATH}/{model.id}")
        assert uploaded is not None
        model = models.upload(
            session, services.store, services.settings, caller, uploaded, posted.name
        )
        body = present_models.model(model, None).model_dump(mode="json")
        return Reply(201, body, f"{PATH}/{model.id}")

    return once.do(session, posted.fingerprint, work)


@router.get(
    "",
    response_model=schemas.ModelList,
    summary="List models",
    responses=responses(
        errors.InvalidCursorError, errors.InvalidRequestError, errors.UnauthenticatedError
    ),
)
def list_models(
    caller: Caller, session: ReadSession, cursor: Cursor, limit: Limit = 50
) -> schemas.ModelList:
    """The models that ship, on the first page; then your own, newest first."""
    page, jobs = models.page(session, caller, limit, cursor)
    shipped = (
        [present_models.shipped_model(models.shipped(name)) for name in models.shipped_names()]
        if cursor is None
        else []
    )
    own = [
        present_models.model(row, jobs.get(row.job_id) if row.job_id else None) for row in page.rows
    ]
    return schemas.ModelList(items=[*shipped, *own], next_cursor=make_cursor(page.next_id))


@router.get(
    "/{model_id}",
    response_model=schemas.Model,
    summary="Read a model",
    responses=responses(*_READ_PROBLEMS),
)
def read_model(model_id: str, caller: Caller, session: ReadSession) -> schemas.Model:
    """What the model reads, where it comes from, and how far its job is."""
    if model_id in models.shipped_names():
        return present_models.shipped_model(models.shipped(model_id))
    return present_models.model(*models.get(session, caller, model_id))


@router.head("/{model_id}/download", include_in_schema=False)
@router.get(
    "/{model_id}/download",
    operation_id="download_model",
    response_class=Response,
    summary="Download a model",
    responses={
        200: {
            "description": "A zip of model.safetensors, config.json and README.md; or ONNX.",
            "content": {
                "application/zip": {"schema": {"type": "string", "format": "binary"}},
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            },
        },
        206: {"description": "The range of bytes that was asked for."},
        304: {"description": "The copy you hold is the current one."},
        **responses(
            *_READ_PROBLEMS,
            errors.NotReadyError,
            errors.JobCancelledError,
            errors.JobFailedError,
            errors.ConsentExpiredError,
            errors.InvalidRequestError,
            errors.RangeNotSatisfiableError,
        ),
    },
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
        return _bytes(request, of.content, "application/zip", f"{model_id}.zip")
    model = models.made(session, caller, model_id)
    if format == "onnx":
        try:
            checkpoint = models.checkpoint_of(services.store, model)
        except CheckpointError as error:
            raise errors.DamagedArtifactError(
                f"The stored checkpoint is damaged: {error}"
            ) from error
        return _onnx(request, checkpoint, str(model.id))
    served = Served(str(model.checkpoint_sha256), "application/zip", f"{model.id}.zip")
    return serve(request, services.store, served)


@router.delete(
    "/{model_id}",
    status_code=204,
    response_class=Response,
    summary="Delete a model",
    responses=responses(*_READ_PROBLEMS, errors.ShippedModelError),
)
def delete_model(
    model_id: str, caller: Caller, session: WriteSession, services: ServicesDep
) -> Response:
    """Erase a model of yours; its job stops."""
    blobs = models.delete(session, caller, model_id)
    # Runs when the answer is sent, which is after the commit.
    erase = BackgroundTask(remove_unneeded, services.database, services.store, blobs)
    return Response(status_code=204, background=erase)


def _onnx(request: Request, checkpoint: Checkpoint, name: str) -> Response:
    return _bytes(request, onnx_model(checkpoint), "application/octet-stream", f"{name}.onnx")


def _bytes(request: Request, content: bytes, media_type: str, filename: str) -> Response:
    tag = f'"{hashlib.sha256(content).hexdigest()}"'
    headers = {
        "ETag": tag,
        "Content-Disposition": f'attachment; filename="{filename}"',
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(len(content))
    body = b"" if request.method == "HEAD" else content
    return Response(body, media_type=media_type, headers=headers)
