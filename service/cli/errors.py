"""How commands fail: one sentence on standard error and exit code 1, never a traceback."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from models.facs import TargetError
from service.client import ClientError, RefusedError
from service.config import SettingsError
from service.errors.base import sentence


class CommandError(Exception):
    """A command cannot do what it was asked; the message is a sentence for the person who asked."""


class SentenceGroup(TyperGroup):
    """A group of commands whose foreseen errors end as a sentence."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except RefusedError as error:
            hint = " Set FACSIMILE_API_KEY to one." if error.code == "unauthenticated" else ""
            told = f"{sentence(str(error))}{hint}"
        except (ClientError, CommandError, SettingsError, TargetError) as error:
            told = str(error)
        except OSError as error:
            told = _describe(error)
        typer.echo(f"facsimile: {sentence(told)}", err=True)
        raise typer.Exit(1)


def _describe(error: OSError) -> str:
    """``[Errno 13] Permission denied: 'me.jpg'`` -> ``me.jpg: Permission denied``"""
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason
