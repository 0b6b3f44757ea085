"""What can be wrong with models, and with making them."""

from __future__ import annotations

from service.errors.base import ProblemError
from service.errors.resources import NotFoundError


class ModelNotFoundError(NotFoundError):
    """None of your models has this id, and none that ships has this name."""

    code, title = "model-not-found", "No such model"


class UnsuitableBaseModelError(ProblemError):
    """The base model reads other AUs than are needed, or cannot be fitted in this way."""

    code, title, status = "unsuitable-base-model", "The base model does not fit", 422


class ReferenceNeededError(ProblemError):
    """The model reads faces as differences from a person's own, and knows none of a person."""

    code, title, status = "reference-needed", "The model needs a person's reference", 422


class ShippedModelError(ProblemError):
    """The model ships with Facsimile and cannot be deleted."""

    code, title, status = "shipped-model", "The model ships with Facsimile", 409


class TorchMissingError(ProblemError):
    """The worker lacks PyTorch, which trains and fine-tunes. Only seen as a job's error."""

    code, title, status = "torch-missing", "PyTorch is not installed", 500


class UnfitDatasetError(ProblemError):
    """The dataset has too little of what is to be learned. Only seen as a job's error."""

    code, title, status = "unfit-dataset", "The dataset cannot be trained on", 422


class TrainingDivergedError(ProblemError):
    """The training ran out of all bounds; another seed or dataset may do. Only seen as a job's
    error."""

    code, title, status = "training-diverged", "The training came to nothing", 500
