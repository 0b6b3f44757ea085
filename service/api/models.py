"""/v1/models: estimators of AU intensities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from models.checkpoints import Checkpoint, CheckpointError
from models.estimators.onnx_graph import onnx_model
from service import model_schemas as schemas
from service.api import bodies, described, present_models
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
from service.api.removal import removed
from service.errors.checkpoints import CHECKPOINT_PROBLEMS
from service.errors.datasets import DatasetNotFoundError, DatasetWithdrawnError
from service.errors.models import ModelNotFoundError, ShippedModelError, UnsuitableBaseModelError
from service.errors.operation import DamagedArtifactError, UnavailableError
from service.errors.requests import InvalidRequestError, TooManyFilesError, UnauthenticatedError
from service.errors.resources import ResourceExpiredError
from service.errors.subjects import ConsentExpiredError
from service.errors.targets import UnknownActionUnitError
from service.usecases import models
from service.usecases.idempotency import Reply

PATH: Final = "/v1/models"
router = APIRouter(prefix=PATH, tags=["models"])

_READ_PROBLEMS: Final = (
    ModelNotFoundError,
    ResourceExpiredError,
    UnauthenticatedError,
    UnavailableError,
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
        raise InvalidRequestError(
            f"Send one zip archive in the field `file`; {len(form.files)} files were sent."
        )
    name = form.one("name")
    checked = None if name is None else _NAME.validate_python(name)
    return _Posted(None, form.files[0].data, checked, fingerprint)


def _body() -> dict[str, Any]:
    by_form = described.form_content(
        ("file",),
        {"file": described.BINARY, "name": _NAME.json_schema()},
        "checkpoint",
        "A checkpoint as a download gives it",
        {"file": "model.zip", "name": "mine"},
    )
    return described.body(described.json_content(schemas.TrainRequest), by_form)


@router.post(
    "",
    status_code=202,
    response_model=schemas.Model,
    summary="Train or upload a model",
    openapi_extra=_body(),
    responses={
        201: {"model": schemas.Model, "description": "The uploaded model."},
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
    responses=described.responses(*described.LIST_PROBLEMS),
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
    responses=described.responses(*_READ_PROBLEMS),
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


def _onnx(request: Request, checkpoint: Checkpoint, name: str) -> Response:
    content = onnx_model(checkpoint)
    return serve_bytes(request, content, "application/octet-stream", f"{name}.onnx")
