"""Figures in Prometheus format.

What this process sees itself (requests) is counted in memory. What workers do is counted in the
database, as they may run on other machines: the `totals` table only grows and is read at scrape.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from service.db.engine import Database
from service.db.tables import Job, Total
from service.db.totals import ITEMS_DONE, STAGE_SECONDS
from service.jobs.contracts import CANCELLED, FAILED, QUEUED, RUNNING, SUCCEEDED
from service.jobs.queue import BrokerUnavailableError, JobQueue


class HttpMetrics:
    """Requests of this process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "facsimile_requests",
            "Requests answered.",
            ("method", "path", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "facsimile_request_seconds",
            "Seconds from a request's head to the end of its answer.",
            ("method", "path"),
            registry=registry,
        )

    def observe(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, path, str(status)).inc()
        self._seconds.labels(method, path).observe(seconds)


class JobMetrics(Collector):
    """Jobs and what the workers did, read from the database when somebody asks."""

    def __init__(self, database: Database, queue: JobQueue) -> None:
        self._database = database
        self._queue = queue

    def describe(self) -> list[Metric]:
        """Nothing: names are told with the figures, so registering needs no database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All families."""
        with self._database.read() as session:
            counted = session.execute(select(Job.state, func.count()).group_by(Job.state))
            states = {row[0]: int(row[1]) for row in counted}
            totals = list(session.scalars(select(Total).order_by(Total.name, Total.label)))
        jobs = GaugeMetricFamily("facsimile_jobs", "Jobs by state.", labels=["state"])
        for state in (QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED):
            jobs.add_metric([state], states.get(state, 0))
        yield jobs
        yield GaugeMetricFamily(
            "facsimile_queue_depth", "Jobs that wait for a worker.", value=states.get(QUEUED, 0)
        )
        yield from self._messages()
        items = CounterMetricFamily("facsimile_items_done", "Items finished.", labels=["kind"])
        stages = SummaryMetricFamily(
            "facsimile_stage_seconds", "Seconds of work per stage.", labels=["stage"]
        )
        for total in totals:
            if total.name == ITEMS_DONE:
                items.add_metric([total.label], total.count)
            elif total.name == STAGE_SECONDS:
                stages.add_metric([total.label], total.count, total.seconds)
        yield items
        yield stages

    def _messages(self) -> Iterator[Metric]:
        try:
            depth = self._queue.depth()
        except BrokerUnavailableError:
            return  # the figure is left out rather than wrong; /readyz says that it is away
        yield GaugeMetricFamily(
            "facsimile_broker_messages", "Messages in the broker's queue.", value=depth
        )


def exposition(registry: CollectorRegistry) -> bytes:
    """All figures as text."""
    return generate_latest(registry)
