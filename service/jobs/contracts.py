"""What the service and its workers agree on: names, states and how Celery is set up.

A message carries a job's id and nothing else; all the rest is read from the job's row, so a
message may be lost, doubled or late without harm.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from kombu import Exchange, Queue

from service.config import Settings
from service.errors.base import problem_type, sentence

GENERATORS: Final = ("rig", "hybrid")
"""Names a request may select a generator by. The service must not load torch, and so cannot ask
the registry itself; a test of the worker holds the two equal."""

RUN_JOB: Final = "facsimile.run_job"
"""Celery task: ``run_job(job_id: str)``."""

QUEUE: Final = "facsimile"
SHARD_QUEUE: Final = "facsimile-shards"
"""Workers take from both queues in turn, so that a photo does not wait behind a whole dataset."""

EXPRESSIONS: Final = "expressions"
"""Kind of job: draw every image of an expression set with every target."""

CORPUS: Final = "corpora"
"""Kind of job: import a corpus; its shards register stretches of its frames."""
CORPUS_SHARD: Final = "corpora-shard"
DATASET: Final = "datasets"
"""Kind of job: build a dataset; its shards draw stretches of its images."""
DATASET_SHARD: Final = "datasets-shard"

PERSONALISE: Final = "personalise"
"""Kind of job: fit a model to one person."""
TRAIN: Final = "train"
"""Kind of job: train a model on a dataset."""
TRAIN_GENERATOR: Final = "generators"
"""Kind of job: train a generator."""
ESTIMATE: Final = "estimates"
"""Kind of job: read AU intensities from images."""
EVALUATE: Final = "evaluations"
"""Kind of job: hold a model against the labels of a corpus."""

QUEUED: Final = "queued"
RUNNING: Final = "running"
SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
ENDED: Final = (SUCCEEDED, FAILED, CANCELLED)

WAITING_STAGE: Final = "waiting"
FINISHED_STAGE: Final = "finished"
"""Stages of a job before and after its work; handlers name those between."""


def job_error(code: str, title: str, detail: str) -> dict[str, str]:
    """What a failed job's `error` holds: a problem (RFC 9457) without its status."""
    return {"type": problem_type(code), "title": title, "detail": sentence(detail)}


def task_queues() -> list[Queue]:
    """The queues that workers take from, in turn."""
    return [Queue(name, Exchange(name), name) for name in (QUEUE, SHARD_QUEUE)]


def broker_folder(settings: Settings) -> Path:
    """Where the embedded broker keeps its messages."""
    return settings.data_dir.absolute() / "broker"


def celery_config(settings: Settings) -> dict[str, Any]:
    """Celery's configuration, the same for who sends and who works."""
    config: dict[str, Any] = {
        "broker_url": settings.broker,
        "broker_connection_retry_on_startup": True,
        "task_default_queue": QUEUE,
        "task_queues": task_queues(),
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        # A request never waits for a broker that is away: the sweeper sends the message later.
        "task_publish_retry": False,
        "broker_connection_timeout": 2,
    }
    if settings.embedded_broker:
        folder = broker_folder(settings)
        config["broker_transport"] = "service.jobs.folder_transport:Transport"
        config["broker_transport_options"] = {
            "data_folder_in": str(folder / "messages"),
            "data_folder_out": str(folder / "messages"),
            "control_folder": str(folder / "control"),
            "polling_interval": 0.05,
        }
    else:
        config["broker_transport_options"] = {
            "visibility_timeout": settings.visibility_seconds,
            "socket_connect_timeout": 2,
            "socket_timeout": 30,
        }
    return config


def prepare_broker(settings: Settings) -> None:
    """Make the folders the embedded broker needs; nothing to do for any other."""
    if settings.embedded_broker:
        for name in ("messages", "control"):
            (broker_folder(settings) / name).mkdir(parents=True, exist_ok=True)
