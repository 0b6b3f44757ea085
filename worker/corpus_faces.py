"""The labels and the kept faces of an imported corpus."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from models.corpora.frames import FrameIndex, read_index
from models.corpora.table import LabelTable, read_table
from models.registration.face import RegisteredFace, RegistrationKind
from models.registration.kept import registered_face
from service.artifacts import ArtifactMissingError, ArtifactStore
from worker.runtime import FaceKey, Models
from worker.work import JobFailedError, Work


@dataclass(frozen=True, eq=False)
class CorpusFaces:
    """Labels and faces of the N frames of a corpus that have a face, in one order."""

    table: LabelTable
    index: FrameIndex
    store: ArtifactStore
    models: Models

    def face(self, frame: int, kind: RegistrationKind) -> RegisteredFace:
        """The registered face of a frame; kept for a while.

        Raises:
            JobFailedError: the corpus was deleted.
        """
        pack = self.index.packs[self.index.pack[frame]]
        start = int(self.index.offset[frame])

        def read() -> RegisteredFace:
            stop = start + int(self.index.length[frame])
            with _of_a_corpus_that_is_there():
                return registered_face(b"".join(self.store.stream(pack, start, stop)), kind)

        return self.models.kept.get(FaceKey(f"{pack}@{start}", kind, None), read)


def corpus_faces(work: Work, labels: str, faces: str) -> CorpusFaces:
    """Those of a corpus by the SHA-256 of its labels and of the index of its faces.

    Raises:
        JobFailedError: the corpus was deleted.
    """
    with _of_a_corpus_that_is_there():
        table = work.models.recent.get(("labels", labels), lambda: _labels(work, labels))
        index = work.models.recent.get(("faces", faces), lambda: read_index(work.store.read(faces)))
    return CorpusFaces(table, index, work.store, work.models)


@contextlib.contextmanager
def _of_a_corpus_that_is_there() -> Iterator[None]:
    """Reading blobs of a corpus, which may be deleted at any time.

    Raises:
        JobFailedError: it has been.
    """
    try:
        yield
    except ArtifactMissingError as error:
        raise JobFailedError(
            "corpus-not-found", "No such corpus", "The corpus was deleted meanwhile."
        ) from error


def _labels(work: Work, sha256: str) -> LabelTable:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.parquet"
        path.write_bytes(work.store.read(sha256))
        return read_table(path)
