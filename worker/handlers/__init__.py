"""What each kind of job does: one file a kind, entered in one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from service.jobs.contracts import EXPRESSIONS
from worker.handlers.expressions import draw_expressions
from worker.work import Handler

HANDLERS: Final[Mapping[str, Handler]] = {EXPRESSIONS: draw_expressions}
