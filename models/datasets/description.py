"""What a dataset's card and Croissant file say of it beyond its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.registration.face import RegistrationKind

Pose = tuple[float, float]


@dataclass(frozen=True)
class SourceNote:
    """Where faces came from, and on what terms.

    `licence` is carried over word by word; `consent` says what the people in it agreed to.
    """

    name: str
    licence: str
    consent: str


@dataclass(frozen=True)
class DatasetDescription:
    """What a person needs to know to use a dataset.

    Attributes:
        name: a short name, letters, digits and hyphens.
        summary: one or two sentences on what it is.
        generator: what drew the images.
        sources: where the faces came from.
        spec: the request it was built from, fit for JSON; with it the same bytes can be made.
        synthetic: whether the images are drawn, and marked so; False for real frames.
        registration: how the faces are registered.
        poses: (pitch, yaw) in degrees that every face is drawn in.
        corpus: the name of the corpus it is balanced over; None where there is none.
        url: where it lives; Croissant asks for one.
        version: of the data, MAJOR.MINOR.PATCH.
        notes: what fell short or was scaled, for a person to read.
        sections: more sections of the card, title and Markdown.
    """

    name: str
    summary: str
    generator: str
    sources: tuple[SourceNote, ...]
    spec: Mapping[str, object] = field(default_factory=dict)
    synthetic: bool = True
    registration: RegistrationKind = "3d"
    poses: tuple[Pose, ...] = ((0.0, 0.0),)
    corpus: str | None = None
    url: str | None = None
    version: str = "1.0.0"
    notes: tuple[str, ...] = ()
    sections: tuple[tuple[str, str], ...] = ()
