"""What can be wrong with subjects and their consent."""

from __future__ import annotations

from service.errors.base import ProblemError
from service.errors.resources import NotFoundError


class SubjectNotFoundError(NotFoundError):
    """None of your subjects has this id."""

    code, title = "subject-not-found", "No such subject"


class ConsentRequiredError(ProblemError):
    """Photos of a person are worked on as that person's only with a record of their consent."""

    code, title, status = "consent-required", "Consent is required", 422


class ConsentExpiredError(ProblemError):
    """The subject's consent has run out; what came from them is erased."""

    code, title, status = "consent-expired", "The consent has expired", 409


class NotOfThisSubjectError(ProblemError):
    """The image is not one of this subject: it was uploaded without, or for another."""

    code, title, status = "not-of-this-subject", "The image is not of this subject", 422
