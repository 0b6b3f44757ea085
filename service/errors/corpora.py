"""What can be wrong with corpora."""

from __future__ import annotations

from service.errors.base import ProblemError
from service.errors.resources import NotFoundError


class CorpusNotFoundError(NotFoundError):
    """None of your corpora has this id, or it has been deleted."""

    code, title = "corpus-not-found", "No such corpus"


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


class InvalidReadOptionError(ProblemError):
    """An option of reading does not go with the layout; `pointer` names it."""

    code, title, status = "invalid-read-option", "The corpus cannot be read like this", 422


class UnknownScaleError(ProblemError):
    """The numbers of a table of labels may be on more than one scale; import again with `scale`.
    Only seen as a job's error."""

    code, title, status = "unknown-scale", "The scale of the labels is not known", 422
