"""What a person may say about how the files of a corpus are to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

Layout = Literal["folder", "openface", "fera2017", "bp4d", "disfa", "unbc"]
Scale = Literal["0-5", "0-1", "0-100", "presence"]
"""What the numbers of a table of labels mean: FACS intensities; parts or percentages of the
highest one; or 0 and 1 for absent and present."""
SCALES: Final[tuple[Scale, ...]] = get_args(Scale)
Camera = Literal["left", "right"]
CAMERAS: Final[tuple[Camera, ...]] = get_args(Camera)
VIEWS: Final = range(1, 10)
FRONTAL_VIEW: Final = 6
"""FERA 2017's view of pitch and yaw 0, and the only one read unless others are asked for: all nine
have nine times the frames, some 150 GB of faces."""
CONFIDENT: Final = 0.8
"""Frames that a tracker is less sure of are skipped, unless another limit is asked for."""

_TABLES: Final[tuple[Layout, ...]] = ("folder", "openface")
_APPLIES: Final[Mapping[str, tuple[Layout, ...]]] = {
    "scale": _TABLES,
    "missing": (*_TABLES, "fera2017", "bp4d", "disfa"),
    "views": ("fera2017",),
    "cameras": ("disfa",),
    "min_confidence": ("openface",),
}


class ReadOptionError(ValueError):
    """An option that does not go with the layout, or is out of range; `field` names it."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class ReadOptions:
    """How the files of a corpus are read.

    Attributes:
        scale: what the numbers of a table mean; by default 0 to 5, where they can be that.
        missing: cells that stand for a missing label beside empty ones, NaN, NA and null: text
            is compared without its case, numbers by value, so ``9`` is also ``9.0``.
        views: of FERA 2017, 1 to 9; the frontal one, 6, when empty.
        cameras: of DISFA; when empty, the left one, or the right one of people who have no other.
        min_confidence: layout ``openface``: least confidence of a frame that is used, 0 to 1.
        boundary: the resolved folder that links may not lead out of; the corpus's own when None.
    """

    scale: Scale | None = None
    missing: tuple[str, ...] = ()
    views: tuple[int, ...] = ()
    cameras: tuple[Camera, ...] = ()
    min_confidence: float | None = None
    boundary: Path | None = None

    def check(self, layout: Layout) -> None:
        """Refuse what makes no sense for a corpus of this layout.

        Raises:
            ReadOptionError: `field` names the option.
        """
        for name, layouts in _APPLIES.items():
            if getattr(self, name) not in (None, ()) and layout not in layouts:
                raise ReadOptionError(
                    f"{name} goes with a corpus of the layout {' or '.join(layouts)}, not with "
                    f"{layout}.",
                    name,
                )
        if self.scale is not None and self.scale not in SCALES:
            raise ReadOptionError(f"scale is one of {', '.join(SCALES)}.", "scale")
        if any(view not in VIEWS for view in self.views):
            raise ReadOptionError("views are numbers from 1 to 9.", "views")
        if any(camera not in CAMERAS for camera in self.cameras):
            raise ReadOptionError(f"cameras are {' and '.join(CAMERAS)}.", "cameras")
        if self.min_confidence is not None and not 0 <= self.min_confidence <= 1:
            raise ReadOptionError(
                f"min_confidence is {self.min_confidence:g}; it goes from 0 to 1.",
                "min_confidence",
            )

    def as_dict(self) -> dict[str, Any]:
        """What was asked for, fit for JSON; the boundary is the reader's own matter."""
        asked: dict[str, Any] = {
            name: list(value) if isinstance(value, tuple) else value
            for name in _APPLIES
            if (value := getattr(self, name)) not in (None, ())
        }
        return asked


def stored_options(stored: Mapping[str, Any] | None, boundary: Path | None = None) -> ReadOptions:
    """The options that `ReadOptions.as_dict` gave."""
    stored = stored or {}
    return ReadOptions(
        scale=cast("Scale | None", stored.get("scale")),
        missing=tuple(stored.get("missing", ())),
        views=tuple(stored.get("views", ())),
        cameras=tuple(stored.get("cameras", ())),
        min_confidence=stored.get("min_confidence"),
        boundary=boundary,
    )
