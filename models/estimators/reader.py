"""Reads AU intensities by onnxruntime: what estimates are made with where there is no torch.

The same checkpoints, the same answers as `models.estimators.estimator` to some thousandths, and
no more than reading: training and fine-tuning are torch's.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.checkpoints import Checkpoint
from models.estimators.config import REFERENCE_IMAGE, EstimatorConfig
from models.estimators.crop import crop_faces
from models.estimators.estimates import Estimates, concatenated
from models.estimators.onnx_graph import REFERENCE, onnx_model
from models.normalisation.au0 import difference
from models.onnx_session import open_session
from models.registration.face import FACE_SIZE

ImageArray = npt.NDArray[np.uint8]

BATCH: Final = 8
"""Faces a pass: 8 * 3 * 128 * 96 * 4 B = 1.2 MB of input, which stays in a core's cache."""


class NoComparisonError(ValueError):
    """The network reads faces alone: it cannot be calibrated by a neutral face."""


class NoReferenceError(ValueError):
    """The model reads faces as differences, and was not given what from."""

    code = "reference-needed"


class Reader:
    """An estimator that only reads. Safe to use from several threads."""

    def __init__(self, checkpoint: Checkpoint, threads: int = 0) -> None:
        """From a checkpoint.

        Args:
            checkpoint: of `compact` or `vgg16`.
            threads: that read at the same time; 0 for as many as there are cores. Each takes faces
                of its own, cropping included: no step waits for a slower neighbour.

        Raises:
            CheckpointMismatchError: it is not of one of these.
        """
        self.checkpoint = checkpoint
        self.config = EstimatorConfig.parse(checkpoint.config)
        stored = checkpoint.tensors.get(REFERENCE_IMAGE)
        self.reference = None if stored is None else np.asarray(stored, np.uint8)
        self._threads = threads or _cores()
        # Passes run on the thread that asks, and several may.
        self._session = open_session(onnx_model(checkpoint, features=True))

    @property
    def aus(self) -> tuple[str, ...]:
        """The AUs it answers for."""
        return self.config.aus

    @property
    def compares(self) -> bool:
        """Whether faces are compared with one person's neutral face or mean texture."""
        return REFERENCE in self.checkpoint.tensors or self.reference is not None

    def estimate(self, images: ImageArray) -> Estimates:
        """Intensities of registered images, uint8 (N, 224, 224, 3) RGB.

        Raises:
            NoReferenceError: faces are normalised and there is no reference; see `calibrated`.
        """
        self.insist_on_reference()
        if not len(images):
            return Estimates(self.aus, np.zeros((0, len(self.aus), 6), np.float32))
        passes = -(-len(images) // BATCH)
        # As many passes for each thread as for the others, and as many faces in each.
        passes = min(len(images), -(-passes // self._threads) * self._threads)
        batches = np.array_split(images, passes)
        if passes == 1:
            return self._estimated(batches[0])
        with ThreadPoolExecutor(self._threads, thread_name_prefix="estimate") as pool:
            return concatenated(list(pool.map(self._estimated, batches)))

    def calibrated(self, neutral: ImageArray) -> Reader:
        """The same estimator comparing every face with this neutral one (one-frame calibration).

        An estimator for normalised faces reads them as differences from it.

        Args:
            neutral: uint8 (224, 224, 3), registered; for an estimator for faces normalised by mean
                texture, the mean texture.

        Raises:
            NoComparisonError: the network cannot compare.
        """
        if self.config.normalisation != "none":
            if neutral.dtype != np.uint8 or neutral.shape != (FACE_SIZE, FACE_SIZE, 3):
                raise ValueError(f"a reference is a face, not {neutral.dtype} {neutral.shape}")
            return self._with(REFERENCE_IMAGE, neutral.astype(np.float16))
        if self.config.architecture != "compact":
            raise NoComparisonError(
                f"{self.config.architecture} reads a face alone and cannot be calibrated by a "
                "neutral one."
            )
        return self._with(REFERENCE, self._run("features", neutral[None]))

    def _with(self, name: str, reference: npt.NDArray[Any]) -> Reader:
        tuned = self.config.method in ("fine-tune", "both")
        config = replace(self.config, method="both" if tuned else "one-frame")
        tensors = {**self.checkpoint.tensors, name: reference}
        return Reader(Checkpoint(tensors, config.as_json(), self.checkpoint.card), self._threads)

    def insist_on_reference(self) -> None:
        """Raise `NoReferenceError` where faces are normalised and there is no reference."""
        if self.config.normalisation == "none" or self.reference is not None:
            return
        what = "neutral face" if self.config.normalisation == "au0" else "mean texture"
        raise NoReferenceError(
            f"This model reads a face as its difference from the same person's {what} "
            f"({self.config.normalisation}): give it one."
        )

    def _estimated(self, images: ImageArray) -> Estimates:
        return Estimates(self.aus, self._run("probabilities", images))

    def _run(self, output: str, images: ImageArray) -> npt.NDArray[np.float32]:
        seen = self._seen(images)
        if self.reference is None:
            faces = np.ascontiguousarray(seen.transpose(0, 3, 1, 2), np.float32)
            faces *= np.float32(1 / 127.5)
            faces -= 1
        else:
            change = difference(seen, self._seen(self.reference[None])[0])
            faces = np.ascontiguousarray(change.transpose(0, 3, 1, 2))
        return np.asarray(self._session.run([output], {"face": faces})[0], np.float32)

    def _seen(self, images: ImageArray) -> ImageArray:
        return crop_faces(images) if self.config.architecture == "compact" else images


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
