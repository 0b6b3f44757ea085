"""What can go wrong, each with its own type and status (RFC 9457).

A problem's `type` is the relative reference ``/problems/<code>``. It is stable, and the service
itself answers there with the explanation that is the docstring below. `detail` is a sentence
about this occurrence that a person can act on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar


class ProblemError(Exception):
    """Anything the service answers with problem+json."""

    code: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]
    extra_headers: ClassVar[Mapping[str, str]] = MappingProxyType({})

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(self.extra_headers)
        self.members = members
        """More members of the problem, such as `filename`, `pointer` or `limit`."""


def problem_type(code: str) -> str:
    """The URI reference that names a kind of problem for good."""
    return f"/problems/{code}"


def all_problems() -> Iterator[type[ProblemError]]:
    """Every kind of problem there is, in the order they are defined."""
    pending = list(ProblemError.__subclasses__())
    while pending:
        problem = pending.pop(0)
        yield problem
        pending[:0] = problem.__subclasses__()


# --- the request as such


class MalformedJsonError(ProblemError):
    """The body is not JSON: a syntax error, a name given twice, or nested beyond reason."""

    code, title, status = "malformed-json", "The body is not valid JSON", 400


class MalformedFormError(ProblemError):
    """The body is not the multipart form its Content-Type announces."""

    code, title, status = "malformed-form", "The form cannot be read", 400


class MalformedRequestError(ProblemError):
    """The request breaks HTTP or uses a header in a way this service cannot follow."""

    code, title, status = "malformed-request", "The request cannot be read", 400


class InvalidCursorError(ProblemError):
    """The cursor is not one that a list of this service handed out."""

    code, title, status = "invalid-cursor", "The cursor is not valid", 400


class UnauthenticatedError(ProblemError):
    """A key is needed, or the one given is unknown or revoked."""

    code, title, status = "unauthenticated", "An API key is required", 401
    extra_headers = MappingProxyType({"WWW-Authenticate": "Bearer"})


class NoSuchPathError(ProblemError):
    """Nothing is served at this path."""

    code, title, status = "no-such-path", "Nothing is here", 404


class MethodNotAllowedError(ProblemError):
    """The path exists, but not for this method; see the Allow header."""

    code, title, status = "method-not-allowed", "The method is not allowed here", 405


class BodyTooLargeError(ProblemError):
    """The body is longer than this service accepts; `limit` is in bytes."""

    code, title, status = "body-too-large", "The body is too large", 413


class UnsupportedMediaTypeError(ProblemError):
    """The Content-Type is not one this operation reads."""

    code, title, status = "unsupported-media-type", "The content type is not supported", 415


class RangeNotSatisfiableError(ProblemError):
    """The Range header asks for bytes the resource does not have."""

    code, title, status = "range-not-satisfiable", "The range is outside of the resource", 416

    def __init__(self, size: int) -> None:
        super().__init__(f"The resource has {size:,} bytes.", size=size)
        self.headers = {"Content-Range": f"bytes */{size}"}


class InvalidRequestError(ProblemError):
    """A value is missing, unknown or of the wrong type; `errors` names each by JSON pointer."""

    code, title, status = "invalid-request", "The request is not valid", 422


class IdempotencyKeyReusedError(ProblemError):
    """The Idempotency-Key was used before for a different request."""

    code, title, status = "idempotency-key-reused", "The idempotency key was used before", 422


# --- resources


class NotFoundError(ProblemError):
    """No such resource exists among yours; other owners' resources look the same."""

    code, title, status = "not-found", "No such resource", 404


class ImageNotFoundError(NotFoundError):
    """None of your images has this id."""

    code, title = "image-not-found", "No such image"


class ExpressionSetNotFoundError(NotFoundError):
    """None of your expression sets has this id."""

    code, title = "expression-set-not-found", "No such expression set"


class ItemNotFoundError(NotFoundError):
    """The expression set has no item of this index, or the item has no such output."""

    code, title = "item-not-found", "No such item"


class CorpusNotFoundError(NotFoundError):
    """None of your corpora has this id, or it has been deleted."""

    code, title = "corpus-not-found", "No such corpus"


class DatasetNotFoundError(NotFoundError):
    """None of your datasets has this id, or it has been deleted."""

    code, title = "dataset-not-found", "No such dataset"


class JobNotFoundError(NotFoundError):
    """None of your jobs has this id."""

    code, title = "job-not-found", "No such job"


class ResourceExpiredError(ProblemError):
    """The resource was kept for as long as this service keeps things, and is gone."""

    code, title, status = "resource-expired", "The resource has expired", 404


class NotReadyError(ProblemError):
    """The result is not there yet, as its job is still at work; try again later."""

    code, title, status = "not-ready", "The result is not ready yet", 409
    extra_headers = MappingProxyType({"Retry-After": "1"})


class JobCancelledError(ProblemError):
    """The job was cancelled before it came to this result, so there will be none."""

    code, title, status = "job-cancelled", "The job was cancelled", 409


class JobFailedError(ProblemError):
    """The job failed before it came to this result; its `error` says why."""

    code, title, status = "job-failed", "The job failed", 409


class JobFinishedError(ProblemError):
    """The job has ended, so there is nothing left to cancel."""

    code, title, status = "job-finished", "The job has already ended", 409


# --- images


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


class TooManyFilesError(ProblemError):
    """One request may carry only so many files."""

    code, title, status = "too-many-files", "Too many files in one request", 413


# --- targets


class UnknownActionUnitError(ProblemError):
    """A target names something that is not a supported action unit."""

    code, title, status = "unknown-action-unit", "The action unit is not known", 422


class IntensityOutOfRangeError(ProblemError):
    """An intensity is neither a letter A to E nor a number from 0 to 5."""

    code, title, status = "intensity-out-of-range", "The intensity is out of range", 422


class ContradictorySidesError(ProblemError):
    """A target sets an action unit as a whole and one of its sides as well."""

    code, title, status = "contradictory-sides", "The sides contradict each other", 422


class TooManyTargetsError(ProblemError):
    """One request may name only so many targets."""

    code, title, status = "too-many-targets", "Too many targets in one request", 422


class TooManyItemsError(ProblemError):
    """Images times targets is more than one request may ask for."""

    code, title, status = "too-many-items", "Too many drawings in one request", 422


class UnknownGeneratorError(ProblemError):
    """No generator of this name is installed; `available` lists those that are."""

    code, title, status = "unknown-generator", "The generator is not known", 422


# --- corpora and datasets


class UnknownLayoutError(ProblemError):
    """No corpus layout has this name; `available` lists those there are."""

    code, title, status = "unknown-layout", "The corpus layout is not known", 422


class PathNotAllowedError(ProblemError):
    """The path is not a folder below the one from which this server imports corpora."""

    code, title, status = "path-not-allowed", "The path cannot be imported", 422


class UnsafeArchiveError(ProblemError):
    """The archive is no zip file, or an entry would leave its folder, is a link, is packed beyond
    reason, or is named twice; `member` names it."""

    code, title, status = "unsafe-archive", "The archive cannot be used", 422


class UnreadableCorpusError(ProblemError):
    """The files are not a corpus of this layout; the detail names file and line. Only seen as a
    job's error."""

    code, title, status = "unreadable-corpus", "The corpus cannot be read", 422


class ActionUnitNotInCorpusError(ProblemError):
    """The corpus has no intensities of an action unit that is asked for."""

    code, title, status = "action-unit-not-in-corpus", "The corpus lacks an action unit", 422


class DatasetTooLargeError(ProblemError):
    """More images are asked for than one dataset may have; the detail shows the sum."""

    code, title, status = "dataset-too-large", "The dataset would be too large", 422


class InvalidDatasetError(ProblemError):
    """The options of a dataset do not go together; `pointer` names one to change."""

    code, title, status = "invalid-dataset", "The dataset cannot be made", 422


class NothingToDrawError(ProblemError):
    """Not one image of what was asked for can be made. Only seen as a job's error."""

    code, title, status = "nothing-to-draw", "The dataset cannot be made", 422


# --- subjects and models


class SubjectNotFoundError(NotFoundError):
    """None of your subjects has this id."""

    code, title = "subject-not-found", "No such subject"


class ModelNotFoundError(NotFoundError):
    """None of your models has this id, and none that ships has this name."""

    code, title = "model-not-found", "No such model"


class EstimateNotFoundError(NotFoundError):
    """None of your estimates has this id."""

    code, title = "estimate-not-found", "No such estimate"


class ConsentRequiredError(ProblemError):
    """Photos of a person are worked on as that person's only with a record of their consent."""

    code, title, status = "consent-required", "Consent is required", 422


class ConsentExpiredError(ProblemError):
    """The subject's consent has run out; what came from them is erased."""

    code, title, status = "consent-expired", "The consent has expired", 409


class NotOfThisSubjectError(ProblemError):
    """The image is not one of this subject: it was uploaded without, or for another."""

    code, title, status = "not-of-this-subject", "The image is not of this subject", 422


class SeveralFacesError(ImageProblemError):
    """The image shows several faces, so which one is the subject's cannot be told."""

    code, title, status = "several-faces", "The image shows several faces", 422


class OtherPersonError(ImageProblemError):
    """The face does not look like the person that the model or the other images are of."""

    code, title, status = "other-person", "The face looks like another person's", 422


class UnsuitableBaseModelError(ProblemError):
    """The base model reads other AUs than are needed, or cannot be fitted in this way."""

    code, title, status = "unsuitable-base-model", "The base model does not fit", 422


class ShippedModelError(ProblemError):
    """The model ships with Facsimile and cannot be deleted."""

    code, title, status = "shipped-model", "The model ships with Facsimile", 409


class CheckpointProblemError(ProblemError):
    """The file is not a checkpoint of an estimator."""

    code, title, status = "bad-checkpoint", "The checkpoint cannot be used", 422


class PickledCheckpointError(CheckpointProblemError):
    """The file is a pickle or holds one; it is refused unread, as reading it could run any code."""

    code, title = "pickled-checkpoint", "The checkpoint is a pickle"


class CorruptCheckpointError(CheckpointProblemError):
    """The file is damaged, or not a zip of model.safetensors, config.json and README.md."""

    code, title = "corrupt-checkpoint", "The checkpoint is damaged"


class CheckpointTooLargeError(CheckpointProblemError):
    """The checkpoint is larger than any estimator."""

    code, title, status = "checkpoint-too-large", "The checkpoint is too large", 413


class CheckpointMismatchError(CheckpointProblemError):
    """Weights and configuration of the checkpoint do not fit each other."""

    code, title = "checkpoint-mismatch", "The checkpoint contradicts itself"


class TorchMissingError(ProblemError):
    """The worker lacks PyTorch, which trains and fine-tunes. Only seen as a job's error."""

    code, title, status = "torch-missing", "PyTorch is not installed", 500


class DatasetWithdrawnError(ProblemError):
    """A person in the dataset was erased, and the dataset with them; ask for it again without."""

    code, title, status = "dataset-withdrawn", "The dataset is withdrawn", 409


# --- the service itself


class StorageFullError(ProblemError):
    """No room is left for what was sent or made; an operator must make some."""

    code, title, status = "storage-full", "No room is left", 507


class InternalProblemError(ProblemError):
    """The service made a mistake. The request id leads to the log entry about it."""

    code, title, status = "internal-error", "The service made a mistake", 500


class DamagedArtifactError(ProblemError):
    """Stored bytes are missing or not the ones that were stored; an operator must restore them."""

    code, title, status = "damaged-artifact", "Stored bytes are missing or damaged", 500


class UnavailableError(ProblemError):
    """A part the service needs does not answer; `checks` or the detail says which."""

    code, title, status = "unavailable", "The service is not available", 503
    extra_headers = MappingProxyType({"Retry-After": "5"})


class WorkerLostError(ProblemError):
    """Workers died on this job, again and again at the same place. Only seen as a job's error."""

    code, title, status = "worker-lost", "Workers kept dying on this job", 500
