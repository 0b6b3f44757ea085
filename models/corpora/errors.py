"""What can be wrong with a corpus or the archive it came in, by file and line."""

from __future__ import annotations

from pathlib import Path


class CorpusError(ValueError):
    """A corpus cannot be read as it is.

    Attributes:
        path: the file or folder that is wrong.
        line: the line in that file, counted from 1; None where no line is to blame.
        reason: what is wrong, without the place.
    """

    def __init__(self, reason: str, path: Path, line: int | None = None) -> None:
        place = f"{path}, line {line}" if line is not None else f"{path}"
        super().__init__(f"{place}: {reason}")
        self.reason = reason
        self.path = path
        self.line = line


class FrameMissingError(CorpusError):
    """A labelled frame has no picture, or its picture cannot be decoded; the others may still."""


class ArchiveError(ValueError):
    """An archive is not safe or not possible to unpack. `member` is the entry to blame, if one."""

    def __init__(self, reason: str, member: str | None = None) -> None:
        super().__init__(f"{member!r}: {reason}" if member is not None else reason)
        self.reason = reason
        self.member = member


class ScaleUnknownError(CorpusError):
    """Intensities may be on more than one scale; whoever knows has to say on which."""
