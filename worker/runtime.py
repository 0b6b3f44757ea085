"""The models of one worker process: loaded once, and the faces they were last used on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

from models.generators.base import Generator
from models.generators.registry import load_generator
from models.registration import Registrar, load_registrar
from models.registration.face import RegisteredFace, RegistrationKind

FACE_CACHE_BYTES: Final = 256 * 1024 * 1024
"""About 80 photos of one megapixel, or one of 50 (150 MB)."""

KEPT_CACHE_BYTES: Final = 16 * 1024 * 1024
"""About 20 faces of a corpus. Images of one face are drawn one after the other within a shard; so
memory is the same for a hundred images and for a hundred thousand."""


@dataclass(frozen=True)
class FaceKey:
    """A face registered in one way: the photo's SHA-256, the kind, and which face."""

    sha256: str
    kind: RegistrationKind
    face: int | None


class FaceCache:
    """Registered faces, the least recently used leaving first when they grow too many bytes."""

    def __init__(self, limit: int = FACE_CACHE_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._faces: OrderedDict[FaceKey, RegisteredFace] = OrderedDict()

    def get(self, key: FaceKey, register: Callable[[], RegisteredFace]) -> RegisteredFace:
        """The face of `key`, registered now if it is not held."""
        face = self._faces.get(key)
        if face is not None:
            self._faces.move_to_end(key)
            return face
        face = register()
        self._faces[key] = face
        self._size += _bytes(face)
        while self._size > self._limit and len(self._faces) > 1:
            _, oldest = self._faces.popitem(last=False)
            self._size -= _bytes(oldest)
        return face

    def __len__(self) -> int:
        return len(self._faces)


T = TypeVar("T")
RECENT: Final = 4


class Recent:
    """The last few things that take long to read: labels of a corpus, the plan of a dataset."""

    def __init__(self, limit: int = RECENT) -> None:
        self._limit = limit
        self._things: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The thing of `key`, made now if it is not held. A key has things of one type."""
        if key not in self._things:
            self._things[key] = make()
            while len(self._things) > self._limit:
                self._things.popitem(last=False)
        self._things.move_to_end(key)
        found: T = self._things[key]
        return found


class Models:
    """Loads each model when it is first asked for, and keeps it."""

    def __init__(self) -> None:
        self.faces = FaceCache()
        self.kept = FaceCache(KEPT_CACHE_BYTES)
        self.recent = Recent()
        self._generators: dict[str, Generator] = {}

    @cached_property
    def registrar(self) -> Registrar:
        """Finds and registers faces."""
        return load_registrar()

    def load(self, generators: Iterable[str]) -> None:
        """Load the registrar and these generators now, so that the first job need not wait."""
        _ = self.registrar
        for name in generators:
            self.generator(name)

    def generator(self, name: str) -> Generator:
        """The generator of this name."""
        if name not in self._generators:
            self._generators[name] = load_generator(name)
        return self._generators[name]


def _bytes(face: RegisteredFace) -> int:
    return face.photo.nbytes + face.image.nbytes + face.sampling.nbytes + face.mesh.nbytes
