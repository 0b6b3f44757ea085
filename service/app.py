"""The FastAPI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.concurrency import run_in_threadpool

from service.api import (
    characters,
    corpora,
    datasets,
    docs,
    document,
    estimates,
    evaluations,
    expressions,
    generators,
    health,
    images,
    jobs,
    models,
    previews,
    studio,
    subjects,
)
from service.api.body_limit import BodyLimit
from service.api.context import RequestContext
from service.api.problems import handle_problems
from service.config import Settings
from service.db import schema
from service.jobs.sweeper import Sweeper
from service.metrics import HttpMetrics, JobMetrics
from service.services import Services, open_services
from service.usecases import erasure, idempotency, retention
from service.usecases.garbage import Collector
from service.usecases.keys import LOCAL_OWNER, ensure_owner
from service.version import VERSION

DESCRIPTION = """
Re-draws face photos with any FACS action units.

Post photos and targets to `/v1/expressions`, follow the job, and read the drawings. Import a
labelled corpus by `/v1/corpora`, and build AU-balanced datasets from it by `/v1/datasets`. Read AU
intensities from photos by `/v1/models/compact/estimates`, and fit a model to one person by
`/v1/subjects`. Train generators of your own by `/v1/generators`. Errors are problem+json (RFC
9457); their types are explained at [/problems](/problems).
"""


def create_app(settings: Settings) -> FastAPI:
    """The application for `settings`. It opens nothing before its lifespan starts.

    Raises (at start):
        SchemaError: the database is not at the schema this version needs.
        AssetError: the models that find faces have not been fetched.
    """
    registry = CollectorRegistry()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services = await run_in_threadpool(_open, settings)
        sweeper = Sweeper(settings, services.database, services.queue, _chores(services))
        app.state.services = services
        app.state.metrics = registry
        registry.register(JobMetrics(services.database, services.queue))
        sweeper.start()
        try:
            yield
        finally:
            await run_in_threadpool(sweeper.stop)
            services.close()

    app = FastAPI(
        title="Facsimile",
        version=VERSION,
        description=DESCRIPTION,
        license_info=document.LICENCE,
        servers=document.SERVERS,
        separate_input_output_schemas=False,
        generate_unique_id_function=lambda route: route.name,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    for module in (
        images,
        previews,
        expressions,
        characters,
        corpora,
        datasets,
        subjects,
        models,
        estimates,
        evaluations,
        generators,
        jobs,
        health,
        docs,
        studio,
    ):
        app.include_router(module.router)
    app.openapi = lambda: document.document(app)  # type: ignore[method-assign]
    handle_problems(app)
    larger = {corpora.PATH: max(settings.max_archive_bytes, settings.max_body_bytes)}
    app.add_middleware(BodyLimit, limit=settings.max_body_bytes, larger=larger)
    app.add_middleware(RequestContext, metrics=HttpMetrics(registry))
    return app


def _chores(services: Services) -> list[Callable[[], object]]:
    def forget_old_answers() -> None:
        with services.database.write() as session:
            idempotency.forget_old(session, services.settings)

    def erase_expired() -> None:
        while retention.erase_expired(services.database, services.store):
            pass

    def erase_without_consent() -> None:
        while erasure.erase_without_consent(services.database, services.store):
            pass

    def erase_expired_models() -> None:
        while erasure.erase_expired_models(services.database, services.store):
            pass

    collector = Collector(services.database, services.store, services.settings)
    return [
        forget_old_answers,
        erase_without_consent,
        erase_expired_models,
        erase_expired,
        collector.collect_when_due,
        services.room.rest_when_idle,
    ]


def _open(settings: Settings) -> Services:
    services = open_services(settings)
    schema.check(services.database)
    with services.database.write() as session:
        ensure_owner(session, LOCAL_OWNER)
    return services
