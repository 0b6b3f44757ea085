"""What a dataset is, in its archive: ``dataset.json``, which whatever reads it obeys."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast, get_args

from models.datasets.description import DatasetDescription, Pose, SourceNote
from models.datasets.zip_reader import StoredZipReader
from models.registration.face import RegistrationKind

FACTS: Final = "dataset.json"
_FORMAT: Final = 1
_CARD: Final = "README.md"
_SPEC: Final = "## How it was asked for\n\n```json\n"
"""Where archives of earlier versions say what they are."""


@dataclass(frozen=True)
class KeptReference:
    """Where the archive has pictures of what a person usually looks like.

    Attributes:
        subject: who it is.
        mean_texture: file of the mean of `frames` natural frames of them; None where there is none.
        neutral: file of a real frame on which every known AU is 0; None where there is none.
    """

    subject: str
    frames: int
    mean_texture: str | None
    neutral: str | None


class UnknownDatasetError(ValueError):
    """The archive does not say what it is, so nobody knows how to use it."""

    code = "unfit-dataset"


@dataclass(frozen=True)
class DatasetFacts:
    """What has to be known to use a dataset.

    Attributes:
        name: its own.
        registration: how its faces are registered.
        poses: (pitch, yaw) in degrees that every face is drawn in.
        generator: what drew the images; "none" for real frames.
        corpus: the name of the corpus it was balanced over; None where there was none.
        sources: where the faces come from, and on what terms.
        spec: the request it was built from.
        references: of the people in it, for those who normalise faces by them.
    """

    name: str
    registration: RegistrationKind
    poses: tuple[Pose, ...]
    generator: str
    corpus: str | None
    sources: tuple[SourceNote, ...] = ()
    spec: Mapping[str, Any] = field(default_factory=dict)
    references: tuple[KeptReference, ...] = ()

    def as_lineage(self) -> dict[str, Any]:
        """What a model that learns from it says of it."""
        return {
            "dataset": self.name,
            "generator": self.generator,
            "corpus": self.corpus,
            "poses": [list(pose) for pose in self.poses],
            "sources": [vars(source) for source in self.sources],
            "dataset_spec": dict(self.spec),
        }


def facts_of(
    description: DatasetDescription, references: Sequence[KeptReference] = ()
) -> DatasetFacts:
    """The facts of a dataset that is being written."""
    return DatasetFacts(
        description.name,
        description.registration,
        description.poses,
        description.generator if description.synthetic else "none",
        description.corpus,
        description.sources,
        description.spec,
        tuple(references),
    )


def facts_json(facts: DatasetFacts) -> str:
    """The text of ``dataset.json``."""
    content = {
        "format": _FORMAT,
        "name": facts.name,
        "registration": facts.registration,
        "poses": [list(pose) for pose in facts.poses],
        "generator": facts.generator,
        "corpus": facts.corpus,
        "sources": [vars(source) for source in facts.sources],
        "spec": dict(facts.spec),
        "references": [vars(reference) for reference in facts.references],
    }
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_facts(archive: StoredZipReader) -> DatasetFacts:
    """What an archive says it is; those of earlier versions say it in their card.

    Raises:
        UnknownDatasetError: it does not say how its faces are registered.
        zipfile.BadZipFile: its bytes are damaged.
    """
    try:
        return _parsed(json.loads(archive.read(FACTS)))
    except KeyError:
        return _of_card(archive)
    except ValueError as error:
        raise UnknownDatasetError(f"{FACTS} cannot be read: {error}.") from error


def _parsed(content: Any) -> DatasetFacts:
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise UnknownDatasetError(f"{FACTS} is not of format {_FORMAT}, which is read.")
    try:
        return DatasetFacts(
            str(content["name"]),
            _registration(content["registration"]),
            tuple((float(pitch), float(yaw)) for pitch, yaw in content["poses"]),
            str(content["generator"]),
            None if content["corpus"] is None else str(content["corpus"]),
            tuple(SourceNote(**source) for source in content["sources"]),
            dict(content["spec"]),
            tuple(KeptReference(**reference) for reference in content["references"]),
        )
    except (KeyError, TypeError) as error:
        raise UnknownDatasetError(f"{FACTS} is not whole: {error}.") from error


def _of_card(archive: StoredZipReader) -> DatasetFacts:
    missing = UnknownDatasetError(
        f"The archive has no {FACTS}, and its card does not say how its faces are registered: "
        "build the dataset again."
    )
    try:
        spec = json.loads(archive.read(_CARD).decode().split(_SPEC)[1].split("\n```")[0])
        registration = _registration(spec["registration"])
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise missing from error
    corpus = spec.get("corpus") or {}
    drawn = spec.get("synthetic", True)
    return DatasetFacts(
        str(spec.get("name", "a dataset")),
        registration,
        tuple((float(pitch), float(yaw)) for pitch, yaw in spec.get("poses", [(0, 0)])),
        str(spec.get("generator", "rig")) if drawn else "none",
        corpus.get("name"),
        spec=spec,
    )


def _registration(value: object) -> RegistrationKind:
    if value not in get_args(RegistrationKind):
        raise UnknownDatasetError(
            f"The dataset says that its faces are registered in {value!r}, which is not known."
        )
    return cast("RegistrationKind", value)
