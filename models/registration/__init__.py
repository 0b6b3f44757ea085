"""From a photo to a registered face: detection, dense mesh, alignment and drawing."""

from models.registration.registrar import (
    FaceIndexError,
    LocatedFace,
    NoFaceError,
    Registrar,
    RegistrationError,
    load_registrar,
)

__all__ = [
    "FaceIndexError",
    "LocatedFace",
    "NoFaceError",
    "Registrar",
    "RegistrationError",
    "load_registrar",
]
