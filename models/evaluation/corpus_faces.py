"""The faces of a corpus that lies on this machine, found as an import by the service finds them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from models.corpora.corpus import Corpus
from models.corpora.errors import FrameMissingError
from models.corpora.pixels import ImageArray
from models.evaluation.collected import Faces
from models.registration import Registrar, RegistrationError
from models.registration.face import RegistrationKind
from models.registration.kept import keep_face, registered_face

AHEAD: Final = 8
"""Frames decoded before their faces are wanted: 8 * 1920 * 1080 * 3 B = 50 MB."""


def faces_of(
    corpus: Corpus,
    frames: Sequence[int],
    registrar: Registrar,
    kinds: Sequence[RegistrationKind],
    threads: int,
) -> Iterator[tuple[int, Faces | str]]:
    """Each frame's index with its largest face in every registration, or why there is none.

    A face is kept and taken up again as `models.registration.kept` does it, so that an evaluation
    here and one by the service read the same pixels.

    Args:
        corpus: read by `models.corpora.registry.read_corpus`.
        frames: ascending indices.
        registrar: finds faces.
        kinds: registrations that are wanted.
        threads: that find faces at the same time.

    Raises:
        models.corpora.errors.CorpusError: a video cannot be opened at all.
    """

    def found(picture: ImageArray | FrameMissingError) -> Faces | str:
        if isinstance(picture, FrameMissingError):
            return picture.reason
        try:
            kept = keep_face(registrar, picture)
        except RegistrationError as error:
            return str(error)
        return {kind: registered_face(kept, kind).image for kind in kinds}

    waiting: deque[tuple[int, Future[Faces | str]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="faces") as pool:
        for index, picture in corpus.pixels(frames):
            waiting.append((index, pool.submit(found, picture)))
            if len(waiting) > AHEAD:
                first, face = waiting.popleft()
                yield first, face.result()
        for first, face in waiting:
            yield first, face.result()
