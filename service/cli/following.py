"""Following a job with a progress bar."""

from __future__ import annotations

from service.cli.drawing import progress_bars
from service.cli.errors import CommandError
from service.client import Client
from service.wire.jobs import JobState


def follow(client: Client, job: JobState, what: str) -> JobState:
    """Show a job's progress until it has ended; Ctrl-C cancels it.

    Raises:
        CommandError: it failed or was cancelled by somebody else.
    """
    with progress_bars() as progress:
        bar = progress.add_task(job.stage, total=job.total or None, completed=job.done)
        last = job
        try:
            for last in client.follow(job.id):
                progress.update(
                    bar, total=last.total or None, completed=last.done, description=last.stage
                )
        except KeyboardInterrupt:
            client.cancel(job.id)
            raise
    if last.state != "succeeded":
        reason = last.error.detail if last.error else f"it was {last.state}"
        raise CommandError(f"The {what} was not made: {reason}")
    return last
