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
from uuid import uuid4

import psycopg
import pytest
import redis

POSTGRES = "postgresql://root@127.0.0.1:5432"
REDIS = "redis://127.0.0.1:6379"
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
def embedded(redis_number: int) -> Iterator[Backend]:
    """SQLite, a folder of blobs and the filesystem broker, as on a fresh machine."""
    yield Backend("embedded", {})


@contextmanager
def production(redis_number: int) -> Iterator[Backend]:
    """A new PostgreSQL database, an emptied Redis database, and a bucket on moto's server."""
    _insist_on(_why_no_postgres(), "PostgreSQL")
    _insist_on(_why_no_redis(), "Redis")
    broker = f"{REDIS}/{redis_number}"
    with new_postgres_database() as database, s3_bucket() as s3:
        redis.Redis.from_url(broker).flushdb()
        yield Backend(
            "production",
            {
                "FACSIMILE_DATABASE_URL": database,
                "FACSIMILE_BROKER_URL": broker,
                "FACSIMILE_WORKER_PROCESSES": "1",
                **s3,
            },
        )
        redis.Redis.from_url(broker).flushdb()


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
def apart(backend: Backend, redis_number: int) -> Iterator[Backend]:
    """The same with a database and a broker of its own; the store may be shared."""
    if backend.name == "embedded":
        yield backend
        return
    with new_postgres_database() as database:
        urls = {
            "FACSIMILE_DATABASE_URL": database,
            "FACSIMILE_BROKER_URL": f"{REDIS}/{redis_number}",
        }
        yield replace(backend, variables={**backend.variables, **urls})


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
