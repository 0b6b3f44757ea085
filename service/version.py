"""The version of the installed package."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def _installed() -> str:
    try:
        return version("facsimile")
    except PackageNotFoundError:
        return "0.0.0+source"


VERSION = _installed()
