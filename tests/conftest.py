"""Fixtures for everything that needs a service, a database or a store."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from service.artifacts import ArtifactStore, open_store
from service.config import Settings, load_settings
from service.db.engine import Database, open_database
from tests.support import needs
from tests.support.backends import BACKENDS, Backend, migrated_apart
from tests.support.running import Service, running
from tests.support.sharing import SharedServices


def pytest_addoption(parser: pytest.Parser) -> None:
    needs.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    needs.select(config)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    needs.note(config, terminalreporter.getreports("skipped"))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedServices:
    """Tests that share what takes long to start stay in one process."""
    return SharedServices(config, log)


@pytest.fixture(scope="session", autouse=True)
def _quiet_logs() -> None:
    """Without this, structlog paints every traceback, with its variables, in colours."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@pytest.fixture(scope="session", params=list(BACKENDS))
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Each way to run the service in turn; the tests that use it run once for each."""
    with BACKENDS[request.param]() as chosen:
        yield chosen


@pytest.fixture(scope="module", params=list(BACKENDS))
def own_backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """The same, shared with no other module: for services that are harmed."""
    with BACKENDS[request.param]() as chosen:
        yield chosen


@pytest.fixture(scope="session")
def service(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with its worker, shared by all tests that do not harm it."""
    with running(backend, tmp_path_factory.mktemp(f"service-{backend.name}")) as started:
        yield started


@pytest.fixture(scope="session")
def migrated(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings whose database has the schema that the migrations make.

    Database and broker are apart from those of `service`, whose worker and sweeper would meddle.
    """
    data = tmp_path_factory.mktemp(f"parts-{backend.name}")
    with migrated_apart(backend, data, sweep_seconds=0.01) as (settings, _):
        yield settings


@pytest.fixture
def database(migrated: Settings) -> Iterator[Database]:
    """A database with the current schema."""
    opened = open_database(migrated.database)
    yield opened
    opened.close()


@pytest.fixture
def store(migrated: Settings) -> ArtifactStore:
    """An artifact store."""
    return open_store(migrated)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of a fresh machine, with their folder."""
    return load_settings(data_dir=tmp_path)
