"""Content-addressed blobs.

A blob's address is the SHA-256 of its bytes, so writing the same bytes twice is one blob, nothing
is ever overwritten, and whoever reads can check what came back.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore

from service.artifacts.backends import Backend, open_backend
from service.config import Settings
from service.db.ids import new_id

CHUNK: Final = 1024 * 1024
_ADDRESS: Final = re.compile(r"[0-9a-f]{64}\Z")
_STAGED: Final = re.compile(r"[0-9a-f-]{36,64}#\d+\Z")
"""What obstore calls a file of a folder until it is whole."""


class ArtifactError(RuntimeError):
    """Something is wrong with a blob or the store it lives in."""


class ArtifactMissingError(ArtifactError):
    """The store has no blob at this address."""


class ArtifactDamagedError(ArtifactError):
    """The bytes at this address are not the ones that were stored."""


class StoreUnavailableError(ArtifactError):
    """The store refused or did not answer."""


class StoreFullError(StoreUnavailableError):
    """There is no room left in the store."""


@dataclass(frozen=True)
class StoredBlob:
    """A blob as the store lists it."""

    sha256: str
    size: int
    modified: datetime


@dataclass(frozen=True)
class Artifact:
    """A stored blob: where it is, how long, and whether it was not there before."""

    sha256: str
    size: int
    created: bool


class ArtifactStore:
    """Puts and gets blobs. Safe to share between threads."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def put(self, data: bytes) -> Artifact:
        """Store `data` and say where; atomic, and free when the blob is there already.

        Raises:
            StoreUnavailableError: nothing was stored.
        """
        sha256 = address_of(data)
        try:
            self._backend.put(_path(sha256), data, mode="create")
        except AlreadyExistsError:
            return Artifact(sha256, len(data), created=False)
        except (BaseError, OSError) as error:
            raise _refused(error) from error
        return Artifact(sha256, len(data), created=True)

    def put_file(self, file: IO[bytes]) -> Artifact:
        """Store all bytes of a file, however many, without holding them in memory; atomic.

        Raises:
            StoreUnavailableError: nothing was stored.
            OSError: the file cannot be read.
        """
        sha256 = address_of_file(file)
        size = file.seek(0, os.SEEK_END)
        try:
            self._backend.head(_path(sha256))
        except FileNotFoundError:
            pass
        except (BaseError, OSError) as error:
            raise _refused(error) from error
        else:
            return Artifact(sha256, size, created=False)
        file.seek(0)
        try:
            # Two parts in flight: 2 * 5 MB; many more would not be faster, and fill memory.
            self._backend.put(_path(sha256), file, max_concurrency=2)
        except (BaseError, OSError) as error:
            raise _refused(error) from error
        return Artifact(sha256, size, created=True)

    def blobs(self) -> Iterator[list[StoredBlob]]:
        """Every blob there is, a page at a time.

        Raises:
            StoreUnavailableError.
        """
        try:
            for page in self._backend.list("sha256"):
                yield [
                    StoredBlob(name, int(meta["size"]), meta["last_modified"])
                    for meta in page
                    if _ADDRESS.match(name := str(meta["path"]).rpartition("/")[2])
                ]
        except (BaseError, OSError) as error:
            raise StoreUnavailableError(f"the store did not answer: {error}") from error

    def read(self, sha256: str) -> bytes:
        """All bytes of a blob, checked against its address.

        Raises:
            ArtifactMissingError, ArtifactDamagedError, StoreUnavailableError.
        """
        return b"".join(self.stream(sha256))

    def size(self, sha256: str) -> int:
        """Bytes in a blob, without reading it.

        Raises:
            ArtifactMissingError, StoreUnavailableError.
        """
        try:
            return int(self._backend.head(_path(sha256))["size"])
        except FileNotFoundError as error:
            raise ArtifactMissingError(f"blob {sha256} is not in the store") from error
        except (BaseError, OSError) as error:
            raise StoreUnavailableError(f"the store did not answer: {error}") from error

    def stream(self, sha256: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Bytes `start` to `stop` of a blob in pieces; a whole blob is checked at its end.

        Raises:
            ArtifactMissingError, StoreUnavailableError: before the first piece or between two.
            ArtifactDamagedError: instead of the last piece, so a reader never gets all of it.
        """
        whole = start == 0 and stop is None
        digest = hashlib.sha256()
        held = b""
        try:
            if whole:
                pieces: Iterator[bytes] = iter(
                    self._backend.get(_path(sha256)).stream(min_chunk_size=CHUNK)
                )
            else:
                pieces = self._pieces(sha256, start, stop)
            for piece in pieces:
                digest.update(piece)
                if held:
                    yield held
                held = bytes(piece)
        except FileNotFoundError as error:
            raise ArtifactMissingError(f"blob {sha256} is not in the store") from error
        except (BaseError, OSError) as error:
            raise StoreUnavailableError(f"the store did not answer: {error}") from error
        if whole and digest.hexdigest() != sha256:
            raise ArtifactDamagedError(f"blob {sha256} reads as {digest.hexdigest()}")
        if held:
            yield held

    def delete(self, sha256: str) -> None:
        """Remove a blob; nothing happens when it is not there."""
        try:
            self._backend.delete(_path(sha256))
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise StoreUnavailableError(f"the store kept a blob: {error}") from error

    def remove_unfinished(self, before: datetime) -> int:
        """Remove what processes that died while writing left behind, unless it was written to
        after `before`; returns how many files.

        A bucket keeps the parts of such uploads where nobody sees them, until a rule of its own
        drops them.

        Raises:
            StoreUnavailableError.
        """
        removed = 0
        try:
            for page in self._backend.list("probes"):
                for meta in page:
                    if meta["last_modified"] <= before:
                        self._backend.delete(str(meta["path"]))
                        removed += 1
            for path in self._staged():
                with contextlib.suppress(FileNotFoundError):  # it was finished just now
                    if path.stat().st_mtime <= before.timestamp():
                        path.unlink()
                        removed += 1
        except (BaseError, OSError) as error:
            raise StoreUnavailableError(f"the store did not answer: {error}") from error
        return removed

    def _staged(self) -> Iterator[Path]:
        """Files that a folder's writers have not renamed yet; no list shows them."""
        folder = self._backend.prefix if isinstance(self._backend, LocalStore) else None
        for parent, _, names in os.walk(folder) if folder else ():
            yield from (Path(parent, name) for name in names if _STAGED.match(name))

    def probe(self) -> None:
        """Write, read and remove a small object, as real work would.

        Raises:
            StoreUnavailableError.
        """
        path, data = f"probes/{new_id()}", b"facsimile"
        try:
            self._backend.put(path, data)
            answer = bytes(self._backend.get(path).bytes())
            self._backend.delete(path)
        except (BaseError, OSError) as error:
            raise StoreUnavailableError(f"the store did not answer: {error}") from error
        if answer != data:
            raise StoreUnavailableError("the store gave back other bytes than it was given")

    def _pieces(self, sha256: str, start: int, stop: int | None) -> Iterator[bytes]:
        stop = self.size(sha256) if stop is None else stop
        for at in range(start, stop, CHUNK):
            end = min(at + CHUNK, stop)
            yield bytes(self._backend.get_range(_path(sha256), start=at, end=end))


def address_of(data: bytes) -> str:
    """Where these bytes are, or would be, stored."""
    return hashlib.sha256(data).hexdigest()


def address_of_file(file: IO[bytes]) -> str:
    """Where all bytes of this file are, or would be, stored."""
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(CHUNK):
        digest.update(piece)
    return digest.hexdigest()


def open_store(settings: Settings) -> ArtifactStore:
    """The store that `settings` name."""
    return ArtifactStore(open_backend(settings))


def _refused(error: BaseError | OSError) -> StoreUnavailableError:
    """What a failed write means. The backend hides the system's error number in its message."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or "os error 28" in str(error) or "StorageFull" in repr(error):
        return StoreFullError("there is no room left in the store")
    return StoreUnavailableError(f"the store refused a blob: {error}")


def _path(sha256: str) -> str:
    if not _ADDRESS.match(sha256):
        raise ArtifactMissingError(f"{sha256!r} is not the address of a blob")
    return f"sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}"
