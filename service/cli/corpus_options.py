"""Options of commands that read the files of a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, cast

import typer

from models.corpora.corpus import Corpus
from models.corpora.errors import CorpusError
from models.corpora.options import CAMERAS, SCALES, ReadOptionError, ReadOptions
from models.corpora.registry import UnknownLayoutError, layout_named, read_corpus
from service.cli.errors import CommandError
from service.wire.corpora import LAYOUTS

Layout = Annotated[str, typer.Option(help=f"How its files are laid out: {', '.join(LAYOUTS)}.")]
Scale = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(SCALES),
        help="Of tables: what their numbers mean; asked for where it is not plain.",
    ),
]
Missing = Annotated[
    list[str] | None,
    typer.Option(metavar="CODE", help="A code for a missing label, such as 9 or -1."),
]
Views = Annotated[
    list[int] | None,
    typer.Option("--view", min=1, max=9, help="Of fera2017: a view; by default 6, the frontal."),
]
Cameras = Annotated[
    list[str] | None,
    typer.Option("--camera", metavar="|".join(CAMERAS), help="Of disfa: a camera; by default one."),
]
MinConfidence = Annotated[
    float | None,
    typer.Option(help="Of openface: least confidence of a frame; by default 0.8."),
]

_ANYWHERE: Final = Path("/")
"""Links of a corpus that lies on one's own machine may lead to any disk of it."""
_OPTIONS: Final = {
    "scale": "--scale",
    "missing": "--missing",
    "views": "--view",
    "cameras": "--camera",
    "min_confidence": "--min-confidence",
}


def read_options(
    layout: str,
    scale: str | None,
    missing: list[str] | None,
    views: list[int] | None,
    cameras: list[str] | None,
    min_confidence: float | None,
) -> ReadOptions:
    """The options, if they go with the layout.

    Raises:
        CommandError: they do not, or there is no such layout.
    """
    options = ReadOptions(
        scale=cast("Any", scale),
        missing=tuple(missing or ()),
        views=tuple(views or ()),
        cameras=cast("Any", tuple(cameras or ())),
        min_confidence=min_confidence,
        boundary=_ANYWHERE,
    )
    try:
        options.check(layout_named(layout))
    except ReadOptionError as error:
        raise CommandError(f"{_OPTIONS[error.field]}: {error}") from error
    except UnknownLayoutError as error:
        raise CommandError(str(error)) from error
    return options


def read_folder(path: Path, layout: str, options: ReadOptions) -> Corpus:
    """A corpus that lies on this machine.

    Raises:
        CommandError: it cannot be read.
    """
    try:
        return read_corpus(path, layout_named(layout), options)
    except CorpusError as error:
        raise CommandError(_as_options(f"{error}.")) from error


def _as_options(sentence: str) -> str:
    """Options as they are called on the command line."""
    for name, option in _OPTIONS.items():
        sentence = sentence.replace(f"the option {name}", option)
    return sentence
