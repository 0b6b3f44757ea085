"""Which tests go to the same process when several share the work (`make test`)."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

from tests.support.backends import BACKENDS


class SharedServices(LoadScopeScheduling):  # type: ignore[misc]  # it is not typed
    """A file's tests stay together, and so do all that ask the one running service."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, test = nodeid.partition("::")
        backend = next((name for name in BACKENDS if f"[{name}" in test), "")
        return f"{'service' if path.startswith('tests/service/') and backend else path} {backend}"
