"""From a photo to a registered face: detection, dense mesh, alignment and drawing."""

from models.registration.registrar import (
    SMALLEST_READ,
    FaceIndexError,
    FaceTooSmallError,
    LocatedFace,
    NoFaceError,
    Registrar,
    RegistrationError,
    load_registrar,
)

__all__ = [
    "SMALLEST_READ",
    "FaceIndexError",
    "FaceTooSmallError",
    "LocatedFace",
    "NoFaceError",
    "Registrar",
    "RegistrationError",
    "load_registrar",
]
