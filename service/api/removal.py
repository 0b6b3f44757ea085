"""The answer to a DELETE."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.background import BackgroundTask
from starlette.responses import Response

from service.db.blobs import remove_unneeded
from service.services import Services


def removed(services: Services, blobs: Iterable[str]) -> Response:
    """204; then the blobs that a deleted row referred to are removed where nothing needs them."""
    # Runs when the answer is sent, which is after the commit.
    task = BackgroundTask(remove_unneeded, services.database, services.store, blobs)
    return Response(status_code=204, background=task)
