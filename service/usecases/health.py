"""Whether the parts the service needs really answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy.exc import SQLAlchemyError

from service.artifacts import ArtifactError
from service.db import schema
from service.errors.operation import UnavailableError
from service.jobs.queue import BrokerUnavailableError
from service.services import Services


def check(services: Services) -> dict[str, str]:
    """``{"database": "ok", "broker": "ok", "store": "ok"}``.

    Raises:
        UnavailableError: names every part that does not answer; `checks` says how each is.
    """
    probes: Mapping[str, Callable[[], object]] = {
        "database": lambda: schema.check(services.database),
        "broker": services.queue.depth,
        "store": services.store.probe,
    }
    checks = {name: _answer(probe) for name, probe in probes.items()}
    away = [name for name, answer in checks.items() if answer != "ok"]
    if away:
        raise UnavailableError(f"Not available: {', '.join(away)}.", checks=checks)
    return checks


def _answer(probe: Callable[[], object]) -> str:
    try:
        probe()
    except schema.SchemaError as error:
        return str(error)
    except (SQLAlchemyError, BrokerUnavailableError, ArtifactError) as error:
        # The class alone: a driver's message may carry addresses and user names.
        return type(error).__name__
    return "ok"
