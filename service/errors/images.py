"""What can be wrong with photos."""

from __future__ import annotations

from typing import Final

from service.errors.base import ProblemError
from service.errors.resources import NotFoundError


class ImageNotFoundError(NotFoundError):
    """None of your images has this id."""

    code, title = "image-not-found", "No such image"


class ImageProblemError(ProblemError):
    """An image cannot be used; `filename` names it."""

    code, title, status = "unusable-image", "The image cannot be used", 422


class EmptyImageError(ImageProblemError):
    """The file has no bytes."""

    code, title, status = "empty-image", "The file is empty", 422


class NotAnImageError(ImageProblemError):
    """The bytes are no image of a kind this service reads."""

    code, title, status = "not-an-image", "The file is not an image", 415


class TruncatedImageError(ImageProblemError):
    """The image breaks off before its end, or is damaged inside."""

    code, title, status = "truncated-image", "The image is damaged", 422


class ImageTooLargeError(ImageProblemError):
    """The image has more pixels than this service decodes."""

    code, title, status = "image-too-large", "The image has too many pixels", 413


class AnimatedImageError(ImageProblemError):
    """The file holds several frames; send one of them."""

    code, title, status = "animated-image", "The image is animated", 415


class UnsupportedImageError(ImageProblemError):
    """The image is of a kind that cannot be converted to RGB here."""

    code, title, status = "unsupported-image", "The kind of image is not supported", 415


class NoFaceError(ImageProblemError):
    """No face was found in the image."""

    code, title, status = "no-face", "No face was found", 422


class FaceIndexError(ImageProblemError):
    """The image has fewer faces than the `face` index asks for; 0 is the largest face."""

    code, title, status = "no-such-face", "The image has no face of this index", 422


class SeveralFacesError(ImageProblemError):
    """The image shows several faces, so which one is the subject's cannot be told."""

    code, title, status = "several-faces", "The image shows several faces", 422


class FaceTooSmallError(ImageProblemError):
    """The face has too few pixels across for its action units to be read."""

    code, title, status = "face-too-small", "The face is too small", 422


class OtherPersonError(ImageProblemError):
    """The face does not look like the person that the model or the other images are of."""

    code, title, status = "other-person", "The face looks like another person's", 422


DECODING_PROBLEMS: Final = (
    EmptyImageError,
    NotAnImageError,
    TruncatedImageError,
    ImageTooLargeError,
    AnimatedImageError,
    UnsupportedImageError,
)
