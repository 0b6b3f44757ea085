"""The service as a process of its own, spoken to over HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from service.config import Settings, environment_without_settings
from tests.support.backends import Backend, free_port

T = TypeVar("T")
Json = dict[str, Any]

ENDED = ("succeeded", "failed", "cancelled")
QUICK = {
    "FACSIMILE_LEASE_SECONDS": "2",
    "FACSIMILE_SWEEP_SECONDS": "0.3",
    "FACSIMILE_CHORE_SECONDS": "0.3",
    "FACSIMILE_FRAMES_PER_SHARD": "4",
    "FACSIMILE_IMAGES_PER_SHARD": "5",
}
"""Whatever waits for lost workers and lost messages waits less, and small jobs have shards."""


def eventually(ask: Callable[[], T | None], what: str, seconds: float = 60.0) -> T:
    """The first true answer within a deadline."""
    deadline, pause = time.monotonic() + seconds, 0.02
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}; last: {answer!r}")
        time.sleep(pause)
        pause = min(1.3 * pause, 0.15)  # whoever is asked has work to do meanwhile


class Service:
    """A running service."""

    def __init__(self, backend: Backend, data: Path, variables: Mapping[str, str]) -> None:
        self.backend = backend
        self.data = data
        self.port = free_port()
        self.variables = {
            **QUICK,
            **backend.variables,
            "FACSIMILE_DATA_DIR": str(data),
            "FACSIMILE_CORPORA_ROOT": str(data / "corpora"),
            "FACSIMILE_PORT": str(self.port),
            **variables,
        }
        self.log = data / "service.log"
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> Settings:
        """What the service was started with."""
        return Settings.from_environment(self.variables)

    def start(self, command: Sequence[str] = ("-m", "service.cli", "serve")) -> None:
        """Start it, and wait until it is ready."""
        self.data.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                env={**environment_without_settings(), **self.variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        eventually(self._is_ready, "the service to be ready")

    def _is_ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the service ended: {self.log.read_text()[-3000:]}")
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> int:
        """Stop it in order; its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)

    def kill(self) -> None:
        """End it without warning, as a machine does that loses its power."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def worker_pids(self) -> dict[str, list[int]]:
        """Process ids: of the workers' main processes and of those that run jobs."""
        assert self.process is not None
        mains = children(self.process.pid, b"worker")
        return {"main": mains, "pool": [pid for main in mains for pid in children(main, b"spawn")]}

    def kill_worker(self, kind: str) -> None:
        """Kill one kind of a worker's processes; waits for them to be there first."""
        for pid in eventually(lambda: self.worker_pids()[kind], f"a {kind} process"):
            os.kill(pid, signal.SIGKILL)

    # --- what tests do over and over

    def ask(self, **kwargs: Any) -> dict[str, Any]:
        """POST to /v1/expressions; the accepted set."""
        answer = self.client.post("/v1/expressions", **kwargs)
        assert answer.status_code == 202, answer.text
        accepted: dict[str, Any] = answer.json()
        return accepted

    def import_corpus(self, archive: bytes, **fields: str) -> dict[str, Any]:
        """Upload a corpus of the layout `folder`; it, once it is imported."""
        answer = self.client.post(
            "/v1/corpora",
            files={"archive": ("corpus.zip", archive)},
            data={"name": "tiny", "layout": "folder", **fields},
        )
        assert answer.status_code == 202, answer.text
        return self.ended(answer.json(), noun="corpora")

    def build(self, **request: Any) -> dict[str, Any]:
        """Ask for a dataset; it, once its job has ended."""
        answer = self.client.post("/v1/datasets", json=request)
        assert answer.status_code == 202, answer.text
        return self.ended(answer.json(), noun="datasets")

    def read(self, path: str) -> dict[str, Any]:
        """GET something that is there."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def ended(
        self, accepted: Mapping[str, Any], seconds: float = 60.0, noun: str = "expressions"
    ) -> dict[str, Any]:
        """The set, or another resource, once its job has ended."""

        def ask() -> dict[str, Any] | None:
            body = self.read(f"/v1/{noun}/{accepted['id']}")
            return body if body["job"]["state"] in ENDED else None

        return eventually(ask, f"job {accepted['job']['id']} to end", seconds)


def children(parent: int, containing: bytes) -> list[int]:
    """Ids of the child processes whose command line contains some bytes."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
            command = (entry / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        # The parent's id is the second field behind the name, which may contain anything.
        if int(stat.rpartition(")")[2].split()[1]) == parent and containing in command:
            found.append(int(entry.name))
    return found


@contextmanager
def running(backend: Backend, data: Path, **variables: str) -> Iterator[Service]:
    """A service of one's own; `variables` are further settings, without their prefix."""
    settings = {f"FACSIMILE_{name.upper()}": value for name, value in variables.items()}
    service = Service(backend, data, settings)
    if backend.name == "production":
        _upgrade(service)
    service.start()
    try:
        yield service
    finally:
        service.client.close()
        if service.process is not None and service.process.poll() is None:
            service.stop()


def _upgrade(service: Service) -> None:
    subprocess.run(
        [sys.executable, "-m", "service.cli", "db", "upgrade"],
        env={**environment_without_settings(), **service.variables},
        check=True,
        capture_output=True,
    )
