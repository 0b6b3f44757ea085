"""A dataset's zip archive as faces to learn from and faces to validate on, no person in both."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from models.corpora.splits import subject_disjoint
from models.datasets.bundle import METADATA
from models.datasets.zip_reader import StoredZipReader
from models.estimators.config import Architecture
from models.estimators.faces import LabelledFaces
from models.estimators.networks import network_inputs
from models.facs import SUPPORTED_AUS
from models.images import decode_image
from models.registration.face import FACE_SIZE

FloatArray = npt.NDArray[np.float32]
ImageArray = npt.NDArray[np.uint8]


class UnfitDatasetError(ValueError):
    """The dataset cannot train an estimator; the message says why."""

    code = "unfit-dataset"


@dataclass(frozen=True, eq=False)
class DatasetFaces:
    """Both parts, and the AUs that their labels are of."""

    aus: tuple[str, ...]
    train: LabelledFaces
    validation: LabelledFaces


def dataset_faces(
    archive: Path,
    scratch: Path,
    architecture: Architecture,
    *,
    aus: Sequence[str] | None = None,
    validation: float = 0.2,
    seed: int = 0,
) -> DatasetFaces:
    """Read an image-folder archive of registered faces, 224x224.

    A person's neutral face is their first image on which every known AU is 0. Images are kept as
    the network sees them, in a file under `scratch` and not in memory: 128 x 96 x 3 B = 37 kB
    each for `compact`, 151 kB for `vgg16`.

    Args:
        archive: the zip.
        scratch: an existing folder for the duration of the training.
        architecture: of the network that will see the faces.
        aus: AUs to learn; all that have labels by default.
        validation: share of the people who are validated on.
        seed: of the split.

    Raises:
        UnfitDatasetError: fewer than two people, no label, an AU without labels, or images of
            another size.
        OSError, zipfile.BadZipFile, KeyError: as `models.datasets.torch_dataset` says.
    """
    reader = StoredZipReader(archive)
    table = pq.read_table(io.BytesIO(reader.read(METADATA)))
    every = np.stack([table[au].to_numpy().astype(np.float32) for au in SUPPORTED_AUS], axis=1)
    chosen = _chosen(every, aus)
    labels = np.ascontiguousarray(every[:, [SUPPORTED_AUS.index(au) for au in chosen]])
    subjects = np.array(table["subject"].to_pylist())
    names, person = np.unique(subjects, return_inverse=True)
    if len(names) < 2:
        raise UnfitDatasetError(
            f"The dataset shows {len(names)} people; training needs one to validate on beside one "
            "to learn from."
        )
    splits = subject_disjoint(names.tolist(), (1 - validation, validation, 0.0), seed)
    learning = np.array([splits[name] == "train" for name in names])[person]
    # people to learn from first, so that both parts are views of one file
    order = np.argsort(~learning, kind="stable")
    labels, person, cut = labels[order], person[order], int(learning.sum())
    files = [table["file_name"][int(row)].as_py() for row in order]
    images = _images(reader, files, scratch / "faces.npy", architecture)
    neutrals, has_neutral = _neutrals(images, labels, person, len(names))
    train, held_out = (
        LabelledFaces(images[rows], labels[rows], person[rows], neutrals, has_neutral=has_neutral)
        for rows in (slice(0, cut), slice(cut, None))
    )
    return DatasetFaces(chosen, train, held_out)


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


def _images(
    reader: StoredZipReader, names: list[str], path: Path, architecture: Architecture
) -> ImageArray:
    """uint8 (N, H, W, 3), a memory map of the file at `path`."""
    out: ImageArray | None = None
    for row, name in enumerate(names):
        rgb = decode_image(reader.read(name)).rgb
        if rgb.shape != (FACE_SIZE, FACE_SIZE, 3):
            raise UnfitDatasetError(
                f"{name} has {rgb.shape[1]}x{rgb.shape[0]} pixels; estimators learn from "
                f"registered faces of {FACE_SIZE}x{FACE_SIZE}."
            )
        seen = network_inputs(architecture, rgb[None])[0]
        if out is None:
            out = np.lib.format.open_memmap(path, "w+", np.uint8, (len(names), *seen.shape))
        out[row] = seen
    if out is None:
        raise UnfitDatasetError("The dataset has no images.")
    return out


def _neutrals(
    images: ImageArray, labels: FloatArray, person: npt.NDArray[np.int64], people: int
) -> tuple[ImageArray, npt.NDArray[np.bool_]]:
    """A neutral face of each person, black where there is none, and who has one."""
    neutrals = np.zeros((people, *images.shape[1:]), np.uint8)
    has = np.zeros(people, np.bool_)
    # every known label 0; a row without labels may show anything
    resting = (np.nan_to_num(labels).max(axis=1) == 0) & ~np.isnan(labels).all(axis=1)
    for row in np.flatnonzero(resting):
        if not has[person[row]]:
            neutrals[person[row]], has[person[row]] = images[row], True
    return neutrals, has
