"""Photographs of the fitting data, registered."""

from __future__ import annotations

from pathlib import Path

from models.images import decode_image
from models.registration.face import RegisteredFace
from models.registration.registrar import Registrar


def read_face(registrar: Registrar, path: Path) -> RegisteredFace:
    """The one face in the photograph at `path`."""
    return registrar.register(decode_image(path.read_bytes()).rgb)
