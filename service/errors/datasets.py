"""What can be wrong with datasets."""

from __future__ import annotations

from service.errors.base import ProblemError
from service.errors.resources import NotFoundError


class DatasetNotFoundError(NotFoundError):
    """None of your datasets has this id, or it has been deleted."""

    code, title = "dataset-not-found", "No such dataset"


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


class DatasetWithdrawnError(ProblemError):
    """A person in the dataset was erased, and the dataset with them; ask for it again without."""

    code, title, status = "dataset-withdrawn", "The dataset is withdrawn", 409
