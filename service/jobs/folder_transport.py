"""Kombu's filesystem broker, with messages that appear and are taken in one step.

Kombu writes a message into the very file that consumers look for, so a consumer can take it half
written, and it moves taken messages through the system's temporary folder. Both steps are a
rename within the messages folder here.
"""

from __future__ import annotations

import os
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any, Final
from uuid import uuid4

from kombu.transport import filesystem
from kombu.utils.encoding import bytes_to_str, str_to_bytes
from kombu.utils.json import dumps, loads

MAX_WAIT_SECONDS: Final = 0.25


class Channel(filesystem.Channel):
    """A channel whose queues are files named ``<time>_<unique>.<queue>.msg``."""

    # The published types of the two base classes disagree about these two methods.
    def _put(self, queue: str, payload: Any, **_options: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{time_ns():020d}_{uuid4()}.{queue}.msg"
        unfinished = folder / f"{name}.unfinished"
        unfinished.write_bytes(str_to_bytes(dumps(payload)))
        unfinished.rename(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        suffix = f".{queue}.msg"
        for name in sorted(name for name in os.listdir(folder) if name.endswith(suffix)):
            taken = folder / f"{name}.taken"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:
                continue  # another consumer was faster
            payload = loads(bytes_to_str(taken.read_bytes()))
            taken.unlink()
            return payload
        raise Empty


class Transport(filesystem.Transport):
    """What `broker_transport` names."""

    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None, **_options: Any) -> None:
        """Wait for a message, but never for long: a worker sees between two waits that it is to
        stop."""
        wait = MAX_WAIT_SECONDS if timeout is None else min(timeout, MAX_WAIT_SECONDS)
        super().drain_events(connection, timeout=wait)
