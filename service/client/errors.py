"""What can go wrong between a program and the service."""

from __future__ import annotations

from service.wire.jobs import JobState


class ClientError(Exception):
    """Something went wrong between this client and the service; the message says what."""

    def _render_traceback_(self) -> list[str]:
        """What IPython and Jupyter show: the sentence, without the way that led to it."""
        return [f"{type(self).__name__}: {self}"]


class UnreachableError(ClientError):
    """The service does not answer."""


class ChangedError(ClientError):
    """What was to be gone on with is something else now."""


class RefusedError(ClientError):
    """The service answered with a problem, and the message is its `detail`.

    Attributes:
        status: the HTTP status.
        code: the last part of the problem's `type`, such as ``no-face``; empty if it has none.
    """

    def __init__(self, message: str, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def __repr__(self) -> str:
        return f"RefusedError({self.status}, {self.code!r}: {self})"


class JobEndedError(ClientError):
    """A job that was waited for failed, or was cancelled; `job` is its last state."""

    def __init__(self, job: JobState) -> None:
        why = job.error.detail if job.error else f"The job was {job.state}."
        super().__init__(f"{why} {job.done} of {job.total} are done.")
        self.job = job
