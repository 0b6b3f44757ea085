"""The two ways to run the service: everything in a folder, or PostgreSQL, Redis and S3."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import redis

from service.config import Settings
from service.db import schema
from service.db.engine import Database, open_database

POSTGRES = "postgresql://root@127.0.0.1:5432"
REDIS = "redis://127.0.0.1:6379"
REDIS_NUMBERS = range(15, 3, -1)
"""Databases of Redis that are the tests' own, and are emptied."""
S3_KEY = "testing"


@dataclass(frozen=True)
class Backend:
    """The settings that choose a database, a broker and a store."""

    name: str
    variables: Mapping[str, str]

    def flush_broker(self, data: Path) -> None:
        """Lose every message, as a broker that is started anew does."""
        if self.name == "embedded":
            for message in (data / "broker" / "messages").glob("*.msg"):
                message.unlink(missing_ok=True)
        else:
            redis.Redis.from_url(self.variables["FACSIMILE_BROKER_URL"]).flushdb()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def embedded() -> Iterator[Backend]:
    """SQLite, a folder of blobs and the filesystem broker, as on a fresh machine."""
    yield Backend("embedded", {})


@contextmanager
def production() -> Iterator[Backend]:
    """A new PostgreSQL database, an empty Redis database, and a bucket on moto's server."""
    with new_postgres_database() as database, redis_database() as broker, s3_bucket() as s3:
        yield Backend(
            "production",
            {
                "FACSIMILE_DATABASE_URL": database,
                "FACSIMILE_BROKER_URL": broker,
                "FACSIMILE_WORKER_PROCESSES": "1",
                **s3,
            },
        )


@contextmanager
def new_postgres_database() -> Iterator[str]:
    """The SQLAlchemy URL of an empty database that is dropped afterwards."""
    _insist_on(_why_no_postgres(), "PostgreSQL")
    name = f"facsimile_test_{uuid4().hex}"
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{POSTGRES.replace('postgresql', 'postgresql+psycopg')}/{name}"
    finally:
        with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def redis_database() -> Iterator[str]:
    """The URL of a Redis database that no other test has, empty before and afterwards.

    Redis cannot tell who uses which of its databases, so whoever holds PostgreSQL's advisory lock
    of a number has it: a lock that goes with its process, however that ends.
    """
    _insist_on(_why_no_postgres(), "PostgreSQL")
    _insist_on(_why_no_redis(), "Redis")
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as connection:
        number = next((number for number in REDIS_NUMBERS if _locked(connection, number)), None)
        _insist_on("others use all of them" if number is None else None, "A database of Redis")
        url = f"{REDIS}/{number}"
        with redis.Redis.from_url(url) as server:
            server.flushdb()
            yield url
            server.flushdb()


def _locked(connection: psycopg.Connection[Any], number: int) -> bool:
    query = "SELECT pg_try_advisory_lock(hashtext('facsimile tests'), %s)"
    row = connection.execute(query, (number,)).fetchone()
    return row is not None and bool(row[0])


@contextmanager
def s3_bucket() -> Iterator[dict[str, str]]:
    """Settings for an empty bucket on a server of its own."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    endpoint = f"http://127.0.0.1:{port}"
    try:
        _make_bucket(f"{endpoint}/facsimile")
        yield {
            "FACSIMILE_STORE_URL": "s3://facsimile",
            "FACSIMILE_STORE_ENDPOINT": endpoint,
            "FACSIMILE_STORE_ACCESS_KEY": S3_KEY,
            "FACSIMILE_STORE_SECRET_KEY": S3_KEY,
        }
    finally:
        server.terminate()
        server.wait()


@contextmanager
def apart(backend: Backend) -> Iterator[Backend]:
    """The same with a database, a broker and a part of the bucket of its own."""
    if backend.name == "embedded":
        yield backend
        return
    with new_postgres_database() as database, redis_database() as broker:
        urls = {
            "FACSIMILE_DATABASE_URL": database,
            "FACSIMILE_BROKER_URL": broker,
            "FACSIMILE_STORE_URL": f"{backend.variables['FACSIMILE_STORE_URL']}/{uuid4().hex}",
        }
        yield replace(backend, variables={**backend.variables, **urls})


@contextmanager
def migrated_apart(
    backend: Backend, data: Path, **values: Any
) -> Iterator[tuple[Settings, Database]]:
    """Settings of one's own, and a database with the current schema."""
    variables = {f"FACSIMILE_{name.upper()}": str(value) for name, value in values.items()}
    with apart(backend) as own:
        settings = Settings.from_environment(
            {**own.variables, "FACSIMILE_DATA_DIR": str(data), **variables}
        )
        database = open_database(settings.database)
        try:
            schema.upgrade(database)
            yield settings, database
        finally:
            database.close()


BACKENDS = {"embedded": embedded, "production": production}


def _make_bucket(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method="PUT")):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _insist_on(why_not: str | None, what: str) -> None:
    """Skip when a server is not there; in continuous integration it has to be."""
    if why_not is None:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{what} is required when CI is set: {why_not}")
    pytest.skip(f"{what} is not reachable: {why_not}")


def _why_no_postgres() -> str | None:
    try:
        psycopg.connect(f"{POSTGRES}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError as error:
        return str(error)
    return None


def _why_no_redis() -> str | None:
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=2).ping()
    except redis.RedisError as error:
        return str(error)
    return None
