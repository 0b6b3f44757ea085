"""Datasets' zip archives as faces to learn from, to choose by and to test on, no person in two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from models.corpora.splits import subject_disjoint
from models.corpora.table import SPLITS
from models.datasets.facts import DatasetFacts
from models.datasets.labelled_images import LabelledImages
from models.estimators.config import Architecture, Normalisation
from models.estimators.dataset_references import references
from models.estimators.faces import LabelledFaces
from models.estimators.networks import network_inputs
from models.facs import SUPPORTED_AUS
from models.registration.face import FACE_SIZE, RegistrationKind

FloatArray = npt.NDArray[np.float32]
ImageArray = npt.NDArray[np.uint8]
IndexArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_TRAIN, _VALIDATION, _TEST = (SPLITS.index(name) for name in ("train", "validation", "test"))
_REFERENCES: Final = {"au0": "a neutral face", "mean-texture": "a natural frame"}


class UnfitDatasetError(ValueError):
    """The dataset cannot train an estimator; the message says why."""

    code = "unfit-dataset"


@dataclass(frozen=True, eq=False)
class DatasetFaces:
    """All parts, and what has to be known of them.

    Attributes:
        aus: the AUs that labels are of.
        train: faces to learn from.
        validation: faces of other people, which choose; real frames where there are any.
        test: faces of people who do neither, where datasets have official test people.
        validation_drawn, test_drawn: whether those are drawings and not real frames.
        registration: of all faces.
        normalisation: what `neutrals` of each part are references for: neutral faces, or mean
            textures.
        facts: what each dataset is.
        notes: who was left out, and why.
    """

    aus: tuple[str, ...]
    train: LabelledFaces
    validation: LabelledFaces
    test: LabelledFaces | None = None
    validation_drawn: bool = True
    test_drawn: bool = True
    registration: RegistrationKind = "3d"
    normalisation: Normalisation = "none"
    facts: tuple[DatasetFacts, ...] = ()
    notes: tuple[str, ...] = ()


def dataset_faces(
    archives: Path | Sequence[Path],
    scratch: Path,
    architecture: Architecture,
    *,
    measured: Sequence[Path] = (),
    normalisation: Normalisation = "none",
    aus: Sequence[str] | None = None,
    validation: float = 0.2,
    seed: int = 0,
) -> DatasetFaces:
    """Read image-folder archives of registered faces, 224x224.

    Official splits decide who is learnt from, chosen by and tested on. Where datasets name nobody
    to choose by, a share of the people to learn from is held out. Of those who are not learnt from,
    real frames are looked at where there are any, else drawings. Images are kept as the network
    sees them, in a file under `scratch` and not in memory: 128 x 96 x 3 B = 37 kB each for
    `compact`, 151 kB for `vgg16`.

    Args:
        archives: the zip, or several that are learnt from together; AUs that one does not code are
            not known of its faces. People of one corpus are the same people in each.
        scratch: an existing folder for the duration of the training.
        architecture: of the network that will see the faces.
        measured: further archives of which nothing is learnt, such as real frames to choose by.
        normalisation: which reference each person is to have: the neutral face (also for "none"),
            or the mean texture.
        aus: AUs to learn; all that have labels by default.
        validation: share of the people who are held out where no split says whom.
        seed: of the split.

    Raises:
        UnfitDatasetError: nobody is left to learn from or to choose by, no label, an AU without
            labels, images of another size, faces registered in different ways, or poses that
            references do not have.
        UnknownDatasetError: an archive does not say what it is.
        OSError, zipfile.BadZipFile, KeyError: as `models.datasets.labelled_images` says.
    """
    taught = [archives] if isinstance(archives, Path) else list(archives)
    opened = [LabelledImages(path) for path in (*taught, *measured)]
    if not all(len(one) for one in opened):
        raise UnfitDatasetError("The dataset has no images.")
    registration = _registration(opened, normalisation)
    rows = _Rows(opened, len(taught))
    chosen = _chosen(rows.labels[rows.taught], aus)
    split = _dealt(rows, validation, seed)
    for archive in opened:
        _face(archive, 0)  # before any is taken for a reference
    reference, has = references(opened, rows.people, rows.person, architecture, normalisation)
    if normalisation == "none":
        kept, notes = np.ones(len(rows.person), np.bool_), []
    else:
        kept, notes = has[rows.person], _left_out(rows, has, normalisation)
    parts = _parts(rows, split, kept)
    images = _images(opened, rows, np.concatenate(parts), scratch / "faces.npy", architecture)
    columns = [SUPPORTED_AUS.index(au) for au in chosen]
    faces, start = [], 0
    for part in parts:
        faces.append(
            LabelledFaces(
                images[start : start + len(part)],
                np.ascontiguousarray(rows.labels[part][:, columns]),
                rows.person[part],
                reference,
                has_neutral=has,
            )
        )
        start += len(part)
    train, held_out, test = faces
    return DatasetFaces(
        chosen,
        train,
        held_out,
        test if len(test.images) else None,
        bool(rows.drawn[parts[_VALIDATION]].any()),
        bool(rows.drawn[parts[_TEST]].any()),
        registration,
        normalisation,
        tuple(one.facts for one in opened),
        tuple(notes),
    )


class _Rows:
    """The images of all archives after one another."""

    def __init__(self, opened: Sequence[LabelledImages], taught: int) -> None:
        self.archive = np.repeat(np.arange(len(opened)), [len(one) for one in opened])
        self.row = np.concatenate([np.arange(len(one)) for one in opened])
        self.labels = np.concatenate([one.labels for one in opened])
        self.drawn = np.concatenate([one.drawn for one in opened])
        self.split = np.concatenate([one.split for one in opened])
        self.taught: BoolArray = np.asarray(self.archive < taught, np.bool_)
        names = [one.person(subject) for one in opened for subject in one.subjects]
        people, person = np.unique(np.array(names), return_inverse=True)
        self.people: list[str] = people.tolist()
        self.person: IndexArray = person.astype(np.int64)


def _registration(
    opened: Sequence[LabelledImages], normalisation: Normalisation
) -> RegistrationKind:
    first, *others = [one.facts.registration for one in opened]
    if any(other != first for other in others):
        raise UnfitDatasetError("Datasets whose faces are registered in 3D and in 2D do not mix.")
    turned = any(pose != (0.0, 0.0) for one in opened for pose in one.facts.poses)
    if turned and normalisation != "none":
        raise UnfitDatasetError(
            "The dataset has faces in several poses, and people have a reference from the front "
            "alone: normalise faces that are all frontal."
        )
    return first


def _chosen(labels: FloatArray, aus: Sequence[str] | None) -> tuple[str, ...]:
    labelled = [
        au for column, au in enumerate(SUPPORTED_AUS) if not np.isnan(labels[:, column]).all()
    ]
    if not labelled:
        raise UnfitDatasetError("No image of the dataset has a label.")
    missing = [au for au in aus or () if au not in labelled]
    if missing:
        raise UnfitDatasetError(f"The dataset has no labels of {', '.join(missing)}.")
    return tuple(au for au in labelled if aus is None or au in aus)


def _dealt(rows: _Rows, validation: float, seed: int) -> IndexArray:
    """Of each person, which part they are in."""
    split = np.full(len(rows.people), -1)
    for part in range(len(SPLITS)):
        mine = np.unique(rows.person[rows.split == part])
        if (split[mine] >= 0).any():
            both = rows.people[int(mine[split[mine] >= 0][0])]
            raise UnfitDatasetError(f"{both} is in two splits; a person can be in one.")
        split[mine] = part
    learnt = np.isin(np.arange(len(split)), rows.person[rows.taught])
    split[(split < 0) & ~learnt] = _VALIDATION
    split[split < 0] = _TRAIN
    if not (split == _VALIDATION).any():
        names = [rows.people[person] for person in np.flatnonzero(split == _TRAIN)]
        if len(names) < 2:
            raise UnfitDatasetError(
                f"The dataset shows {len(names)} people to learn from; training needs one to "
                "validate on beside one to learn from."
            )
        dealt = subject_disjoint(names, (1 - validation, validation, 0.0), seed)
        for name, part_name in dealt.items():
            split[rows.people.index(name)] = SPLITS.index(part_name)
    return split


def _parts(rows: _Rows, split: npt.NDArray[np.integer], kept: BoolArray) -> list[IndexArray]:
    """Rows of the people to learn from, to choose by and to test on."""
    parts = []
    for part, name in enumerate(SPLITS):
        mine = (split[rows.person] == part) & kept
        if part == _TRAIN:
            mine &= rows.taught
        elif (mine & ~rows.drawn).any():
            mine &= ~rows.drawn
        if part != _TEST and not mine.any():
            raise UnfitDatasetError(
                f"No image is left of anybody to {'learn from' if part == _TRAIN else 'choose by'} "
                f"(the split {name})."
            )
        parts.append(np.flatnonzero(mine))
    return parts


def _left_out(rows: _Rows, has: BoolArray, normalisation: Normalisation) -> list[str]:
    alone = ~has[rows.person]
    if not alone.any():
        return []
    return [
        f"{int((~has).sum())} of {len(has)} people ({int(alone.sum()):,} of {len(alone):,} images) "
        f"have not {_REFERENCES[normalisation]} to be compared with, and are left out."
    ]


def _images(
    opened: Sequence[LabelledImages],
    rows: _Rows,
    order: IndexArray,
    path: Path,
    architecture: Architecture,
) -> ImageArray:
    """uint8 (N, H, W, 3), a memory map of the file at `path`."""
    out: ImageArray | None = None
    for place, index in enumerate(order):
        rgb = _face(opened[rows.archive[index]], int(rows.row[index]))
        seen = network_inputs(architecture, rgb[None])[0]
        if out is None:
            out = np.lib.format.open_memmap(path, "w+", np.uint8, (len(order), *seen.shape))
        out[place] = seen
    if out is None:
        raise ValueError("no image is to be read")
    return out


def _face(archive: LabelledImages, row: int) -> ImageArray:
    rgb = archive.image(row)
    if rgb.shape != (FACE_SIZE, FACE_SIZE, 3):
        raise UnfitDatasetError(
            f"{archive.name(row)} has {rgb.shape[1]}x{rgb.shape[0]} pixels; estimators learn from "
            f"registered faces of {FACE_SIZE}x{FACE_SIZE}."
        )
    return rgb
