"""Waiting for what a job makes, with a progress bar where somebody looks."""

from __future__ import annotations

from typing import Final, TypeVar

from pydantic import BaseModel
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from service.client.connection import Connection
from service.client.errors import JobEndedError
from service.wire.corpora import Corpus
from service.wire.datasets import Dataset
from service.wire.estimates import PendingEstimates
from service.wire.evaluations import Evaluation
from service.wire.expressions import ExpressionSet
from service.wire.generators import FaceGenerator
from service.wire.models import Model

Made = TypeVar(
    "Made", ExpressionSet, Corpus, Dataset, Model, FaceGenerator, PendingEstimates, Evaluation
)
_PATHS: Final[dict[type[BaseModel], str]] = {
    ExpressionSet: "expressions",
    Corpus: "corpora",
    Dataset: "datasets",
    Model: "models",
    FaceGenerator: "generators",
    PendingEstimates: "estimates",
    Evaluation: "evaluations",
}


class Waiting(Connection):
    """A connection that waits for jobs."""

    def wait(self, made: Made, *, progress: bool = True) -> Made:
        """What a job makes, once it has made it. An interruption leaves the job running.

        Raises:
            JobEndedError: the job failed or was cancelled.
            UnreachableError: the service has not answered for 30 seconds.
        """
        if made.job is not None:
            job_id, last = made.job.id, made.job
            with _bars(progress) as bars:
                bar = bars.add_task(last.stage, total=last.total or None, completed=last.done)
                for last in self.follow(job_id):
                    stage, total = last.stage, last.total or None
                    bars.update(bar, total=total, completed=last.done, description=stage)
            if last.state != "succeeded":
                raise JobEndedError(last)
        return self.get(f"/v1/{_PATHS[type(made)]}/{made.id}", type(made))


def _bars(shown: bool) -> Progress:
    """Bars in a notebook or on a terminal, where rich tells one from the other."""
    return Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not shown,
    )
