"""Reads a corpus by the name of its layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from models.corpora import bp4d, disfa, fera2017, folder, openface, unbc
from models.corpora.corpus import Corpus
from models.corpora.options import Layout, ReadOptions

READERS: Final[Mapping[Layout, Callable[[Path, ReadOptions], Corpus]]] = {
    "folder": folder.read,
    "openface": openface.read,
    "fera2017": fera2017.read,
    "bp4d": bp4d.read,
    "disfa": disfa.read,
    "unbc": unbc.read,
}


class UnknownLayoutError(ValueError):
    """No corpus layout has this name."""


def layout_named(name: str) -> Layout:
    """Check the name of a layout.

    Raises:
        UnknownLayoutError: it is none of `READERS`.
    """
    for layout in READERS:
        if layout == name:
            return layout
    raise UnknownLayoutError(f"{name!r} is no corpus layout; use one of {', '.join(READERS)}.")


def read_corpus(root: Path, layout: Layout, options: ReadOptions | None = None) -> Corpus:
    """Read the labels of a corpus; its pixels are decoded when asked for.

    Raises:
        ReadOptionError: an option does not go with the layout.
        ScaleUnknownError: it has to be told what the numbers of its table mean.
        CorpusError: a file is wrong; it names the file and, where there is one, the line.
    """
    options = options or ReadOptions()
    options.check(layout)
    return READERS[layout](root, options)
