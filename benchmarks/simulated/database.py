"""A filmed database: all recordings, their labels as a table, its people split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.simulated.databases import DatabaseSpec
from benchmarks.simulated.recording import Recording, film
from models.corpora.splits import subject_disjoint
from models.corpora.table import LabelTable, Split, label_table
from models.facs import SUPPORTED_AUS
from models.images import decode_image
from models.registration import load_registrar
from models.registration.face import FloatArray, ImageArray, RegisteredFace, RegistrationKind

IndexArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Database:
    """Everybody's frames after one another.

    Attributes:
        spec: what was filmed.
        names: of the people.
        recordings: theirs.
        person: int64 (N,), whose each frame is.
        labels: float32 (N, 18), NaN where not coded.
    """

    spec: DatabaseSpec
    names: tuple[str, ...]
    recordings: tuple[Recording, ...]
    person: IndexArray
    labels: FloatArray

    def frames(self, people: Sequence[str]) -> IndexArray:
        """Rows of these people, without the neutral frame that each begins with."""
        wanted = np.isin(self.person, [self.names.index(name) for name in people])
        first = np.diff(self.person, prepend=-1) != 0
        return np.flatnonzero(wanted & ~first)

    def neutral_frame(self, name: str) -> int:
        """The row of a person's neutral frame."""
        return int(np.searchsorted(self.person, self.names.index(name)))

    def crops(self, kind: RegistrationKind) -> ImageArray:
        """uint8 (N, 128, 96, 3): all frames, registered so."""
        return np.concatenate([recording.crops(kind) for recording in self.recordings])

    def neutrals(self, kind: RegistrationKind) -> ImageArray:
        """uint8 (P, 128, 96, 3): everybody's neutral frame."""
        return np.stack([recording.crops(kind)[0] for recording in self.recordings])

    def face(self, row: int, kind: RegistrationKind) -> RegisteredFace:
        """The face of one frame."""
        person = int(self.person[row])
        start = int(np.searchsorted(self.person, person))
        return self.recordings[person].face(row - start, kind)

    def targets(self, rows: IndexArray, aus: Sequence[str]) -> FloatArray:
        """float32 (n, A): the labels of some frames for some AUs."""
        columns = [SUPPORTED_AUS.index(au) for au in aus]
        return np.ascontiguousarray(self.labels[rows][:, columns])

    def table(self, splits: dict[str, Split]) -> LabelTable:
        """The labels as balancing takes them."""
        subjects = [self.names[person] for person in self.person]
        return label_table(self.labels, subjects).with_splits(splits)

    @property
    def lost(self) -> int:
        """Frames in which no face was found."""
        return sum(recording.lost for recording in self.recordings)


def filmed(
    spec: DatabaseSpec,
    data: Path,
    work: Path,
    people: int,
    frames: int,
    say: Callable[[str], None] = lambda line: None,
) -> Database:
    """Film a database, or read what an earlier run filmed of it below `work`.

    Args:
        data: holds the folders of photographs.
        people: how many, the first by name.
        frames: of each.
        say: told how far it is.

    Raises:
        FileNotFoundError: there are not so many photographs.
    """
    paths = sorted((data / spec.people).glob("*.jpg"))[:people]
    if len(paths) < people:
        raise FileNotFoundError(f"{data / spec.people} shows {len(paths)} people of {people}")
    folder = work / f"{spec.name}-{frames}"
    folder.mkdir(parents=True, exist_ok=True)
    registrar = load_registrar()
    for number, path in enumerate(paths):
        stored = folder / f"{path.stem}.npz"
        if not stored.exists():
            face = registrar.register(decode_image(path.read_bytes()).rgb)
            film(spec, face, number, frames, registrar).save(stored)
            say(f"{spec.name}: filmed {number + 1} of {people}")
    recordings = tuple(Recording.load(folder / f"{path.stem}.npz") for path in paths)
    return Database(
        spec,
        tuple(path.stem for path in paths),
        recordings,
        np.repeat(np.arange(people), [len(recording.ends) for recording in recordings]),
        np.concatenate([recording.labels for recording in recordings]),
    )


def split_people(database: Database, seed: int) -> dict[str, Split]:
    """Two thirds to learn from, an eighth to choose by, the rest to be measured on."""
    return subject_disjoint(database.names, (0.64, 0.12, 0.24), seed)
