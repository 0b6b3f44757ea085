"""Whether the service is alive and ready."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from service.wire.common import example


class Health(BaseModel):
    """The process answers."""

    model_config = example(status="ok", version="0.1.0")

    status: Literal["ok"]
    version: str


class Readiness(BaseModel):
    """Everything the service needs answers."""

    model_config = example(status="ready", checks={"database": "ok", "broker": "ok", "store": "ok"})

    status: Literal["ready"]
    checks: dict[str, str]
