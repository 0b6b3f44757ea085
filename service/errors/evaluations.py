"""What can be wrong with evaluations."""

from __future__ import annotations

from service.errors.base import ProblemError
from service.errors.resources import NotFoundError


class EvaluationNotFoundError(NotFoundError):
    """You have no evaluation with this id."""

    code, title = "evaluation-not-found", "No such evaluation"


class PeopleSeenError(ProblemError):
    """The model learned from people of these frames, so figures on them would flatter it. Name a
    `split` it did not learn from, or say `seen_people`: the result then says so."""

    code, title, status = "people-seen", "The model learned from these people", 409


class NothingToEvaluateError(ProblemError):
    """No frame fits what was asked for. Only seen as a job's error."""

    code, title, status = "nothing-to-evaluate", "Nothing to evaluate on", 422
