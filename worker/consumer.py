"""How a worker outlives its broker: Celery's consumer and requests, with a line a try."""

from __future__ import annotations

import warnings
from typing import Any

import structlog
from celery import Task
from celery.exceptions import CPendingDeprecationWarning
from celery.worker import consumer, request
from celery.worker.state import maybe_shutdown
from kombu import Connection
from kombu.transport import virtual

from service.db.outage import told

log = structlog.get_logger(__name__)


class Consumer(consumer.Consumer):
    """Takes messages; while the broker is away, tries again for as long as it takes."""

    def ensure_connected(self, conn: Connection) -> Connection:
        """Connect, with a line for each try that fails."""

        def failed(error: Exception, seconds: float) -> None:
            log.warning(told("broker", seconds), why=str(error))

        connected = conn.ensure_connection(failed, callback=maybe_shutdown)
        self.first_connection_attempt = False
        return connected

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        """Say nothing: the tries to connect do."""

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Let go of the connection, without Celery's word on what a later version will do."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CPendingDeprecationWarning)
            super().on_connection_error_after_connected(exc)


class Request(request.Request):
    """A message that is being worked on.

    Celery waits for the acknowledgement of every message before it takes the next, so one that
    fails because the broker is away would have the worker wait for ever. Nothing hinges on it: a
    message that is delivered again finds its job ended.
    """

    def acknowledge(self) -> None:
        """Acknowledge the message, or let it go."""
        if self.acknowledged:
            return
        self.acknowledged = True
        away = tuple(self.connection_errors)
        try:
            self.message.ack()
        except away as error:
            log.warning("the broker does not answer, a message is not acknowledged", why=str(error))
            channel = self.message.channel
            if isinstance(channel, virtual.Channel):
                virtual.QoS.ack(channel.qos, self.message.delivery_tag)


class JobTask(Task[Any, None]):
    """A task whose messages are requests of the kind above."""

    Request = "worker.consumer:Request"
