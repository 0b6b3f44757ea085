"""What a drawing process does: keep the last photos at hand, and draw on them.

This is the only part of the service that loads generators, and the API never loads it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from models.estimators.reader import Reader
from models.estimators.shipped import shipped_checkpoint
from models.expressions.shown import ShownReader
from models.facs import Target
from models.generators.base import Generator
from models.generators.registry import load_generator
from models.generators.sitting import Sitter, seat
from models.images import (
    ImageError,
    ImageLimits,
    SyntheticMark,
    decode_image,
    encode_jpeg,
    encode_png,
)
from models.registration import RegistrationError, load_registrar
from models.rig.shown import found_in
from service.artifacts import ArtifactError, open_store
from service.config import Settings
from service.drawing.contracts import Asked, Drawn, PhotoGoneError

KEPT_SECONDS: Final = 600.0
"""How long a photo stays in memory after it was last drawn: no longer than people look away."""
_KEPT_PHOTOS: Final = 4
_KEPT_BYTES: Final = 256 * 1024 * 1024
"""Decoded; 12 megapixels take 36 MB. The photo that is drawn is kept whatever it takes."""


class Studio:
    """One process's networks, generators and photos."""

    def __init__(self, settings: Settings) -> None:
        self._limits = ImageLimits(settings.max_image_pixels, settings.max_image_side)
        self._store = open_store(settings)
        self._registrar = load_registrar()
        self._reader = ShownReader(Reader(shipped_checkpoint("compact")))
        self._generators: dict[str, Generator] = {}
        self._sitters: OrderedDict[tuple[str, int], tuple[float, Sitter]] = OrderedDict()

    def draw(self, asked: Asked) -> Drawn:
        """The picture.

        Raises:
            PhotoGoneError.
        """
        sitter = self._sitter(asked.sha256, asked.face)
        found = found_in(sitter.shown)
        encode = encode_png if asked.size is None else encode_jpeg
        media_type = "image/png" if asked.size is None else "image/jpeg"
        if asked.target is None:
            photo = sitter.registered(asked.frame, asked.size).photo
            return Drawn(encode(photo, None), media_type, found)
        target = Target(asked.target)
        drawing = sitter.drawn(
            self._generator(asked.generator), target.array(), asked.frame, asked.size
        )
        mark = SyntheticMark(asked.generator, target.as_dict(), 0)
        return Drawn(encode(drawing, mark), media_type, found)

    def _generator(self, name: str) -> Generator:
        if name not in self._generators:
            self._generators[name] = load_generator(name)
        return self._generators[name]

    def _sitter(self, sha256: str, face: int) -> Sitter:
        key, now = (sha256, face), time.monotonic()
        for other, (used, _) in list(self._sitters.items()):
            if now - used > KEPT_SECONDS:
                del self._sitters[other]
        if key not in self._sitters:
            self._sitters[key] = now, self._seated(sha256, face)
        sitter = self._sitters[key][1]
        self._sitters[key] = now, sitter
        self._sitters.move_to_end(key)
        while len(self._sitters) > 1 and self._too_many():
            self._sitters.popitem(last=False)
        return sitter

    def _too_many(self) -> bool:
        kept = sum(sitter.photo.nbytes for _, sitter in self._sitters.values())
        return len(self._sitters) > _KEPT_PHOTOS or kept > _KEPT_BYTES

    def _seated(self, sha256: str, face: int) -> Sitter:
        try:
            photo = decode_image(self._store.read(sha256), self._limits).rgb
            return seat(self._registrar, self._reader, photo, face)
        except (ArtifactError, ImageError, RegistrationError) as error:
            raise PhotoGoneError(str(error)) from error


def open_studio(variables: Mapping[str, str]) -> Studio:
    """The studio of this process, which ends when the API does, and not by Ctrl-C before it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()
    return Studio(Settings.from_environment(variables))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
