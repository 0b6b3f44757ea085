"""PostgreSQL and Redis of a test's own, to be killed and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from tests.support.backends import free_port

_DEBIAN = "/usr/lib/postgresql/*/bin"


class OwnServer:
    """A server process that loses what is under way when it is killed, and comes back."""

    def __init__(
        self, command: Sequence[str], answers: Callable[[], bool], user: str | None = None
    ) -> None:
        self._command = command
        self._answers = answers
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            self._command,
            user=self._user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None, f"{self._command[0]} ended"
            assert time.monotonic() < deadline, f"{self._command[0]} does not answer"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once, as when its machine fails: PostgreSQL on SIGQUIT takes its processes with
        it, and recovers when it is started again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def own_postgres() -> Iterator[tuple[OwnServer, str]]:
    """A PostgreSQL server, and the SQLAlchemy URL of an empty database in it."""
    initdb, postgres = _binary("initdb"), _binary("postgres")
    user = _other_user("postgres") if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="facsimile-postgres-"))
    port = free_port()
    where = f"127.0.0.1:{port}/postgres"
    try:
        if user is not None:
            shutil.chown(folder, user)
        made = [initdb, "--pgdata", str(folder / "data"), "--auth", "trust", "--username", "root"]
        subprocess.run(
            [*made, "--no-sync"], user=user, cwd="/", check=True, stdout=subprocess.DEVNULL
        )
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(folder),
            "fsync": "off",
        }
        options = [part for item in settings.items() for part in ("-c", "=".join(item))]
        server = OwnServer(
            [postgres, "-D", str(folder / "data"), *options],
            lambda: _postgres_answers(f"postgresql://root@{where}"),
            user,
        )
        server.start()
        try:
            yield server, f"postgresql+psycopg://root@{where}"
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder)


@contextmanager
def own_redis() -> Iterator[tuple[OwnServer, str]]:
    """A Redis server that keeps nothing when it ends, and its URL."""
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with tempfile.TemporaryDirectory(prefix="facsimile-redis-") as folder:
        command = [_binary("redis-server"), "--port", str(port), "--bind", "127.0.0.1"]
        server = OwnServer([*command, "--save", "", "--dir", folder], lambda: _redis_answers(url))
        server.start()
        try:
            yield server, url
        finally:
            server.kill()


def _postgres_answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _binary(name: str) -> str:
    """Where a program is; Debian keeps PostgreSQL's out of the PATH."""
    folders = [*map(str, sorted(Path("/").glob(_DEBIAN[1:]), reverse=True))]
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *folders]))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def _other_user(name: str) -> str:
    """PostgreSQL refuses to run as root."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        pytest.skip(f"there is no user {name} to run PostgreSQL as")
    return name
