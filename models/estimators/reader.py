"""Reads AU intensities by onnxruntime: what estimates are made with where there is no torch.

The same checkpoints, the same answers as `models.estimators.estimator` to some thousandths, and
no more than reading: training and fine-tuning are torch's.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from models.checkpoints import Checkpoint, CheckpointMismatchError
from models.estimators.config import EstimatorConfig
from models.estimators.crop import crop_faces
from models.estimators.estimates import Estimates, concatenated
from models.estimators.onnx_graph import REFERENCE, onnx_model
from models.onnx_session import open_session

ImageArray = npt.NDArray[np.uint8]

BATCH: Final = 8
"""Faces a pass: 8 * 3 * 128 * 96 * 4 B = 1.2 MB of input, which stays in a core's cache."""


class NoComparisonError(ValueError):
    """The network reads faces alone: it cannot be calibrated by a neutral face."""


class Reader:
    """An estimator that only reads. Safe to use from several threads."""

    def __init__(self, checkpoint: Checkpoint, threads: int = 0) -> None:
        """From a checkpoint.

        Args:
            checkpoint: of `compact` or `vgg16`.
            threads: that read at the same time; 0 for as many as there are cores. Each takes faces
                of its own, cropping included: no step waits for a slower neighbour.

        Raises:
            CheckpointMismatchError: it is not of one of these, or needs more than the face.
        """
        self.checkpoint = checkpoint
        self.config = EstimatorConfig.parse(checkpoint.config)
        if self.config.normalisation != "none":
            raise CheckpointMismatchError(
                f"Faces for this estimator are normalised by {self.config.normalisation}, which "
                "needs a reference at each reading; only estimators without can be used here."
            )
        self._threads = threads or _cores()
        # Passes run on the thread that asks, and several may.
        self._session = open_session(onnx_model(checkpoint, features=True))

    @property
    def aus(self) -> tuple[str, ...]:
        """The AUs it answers for."""
        return self.config.aus

    @property
    def compares(self) -> bool:
        """Whether faces are compared with one person's neutral face."""
        return REFERENCE in self.checkpoint.tensors

    def estimate(self, images: ImageArray) -> Estimates:
        """Intensities of registered images, uint8 (N, 224, 224, 3) RGB."""
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

        Args:
            neutral: uint8 (224, 224, 3), registered.

        Raises:
            NoComparisonError: the network cannot compare.
        """
        if self.config.architecture != "compact":
            raise NoComparisonError(
                f"{self.config.architecture} reads a face alone and cannot be calibrated by a "
                "neutral one."
            )
        tuned = self.config.method in ("fine-tune", "both")
        config = replace(self.config, method="both" if tuned else "one-frame")
        features = self._run("features", neutral[None])
        tensors = {**self.checkpoint.tensors, REFERENCE: features}
        return Reader(Checkpoint(tensors, config.as_json(), self.checkpoint.card), self._threads)

    def _estimated(self, images: ImageArray) -> Estimates:
        return Estimates(self.aus, self._run("probabilities", images))

    def _run(self, output: str, images: ImageArray) -> npt.NDArray[np.float32]:
        seen = crop_faces(images) if self.config.architecture == "compact" else images
        faces = np.ascontiguousarray(seen.transpose(0, 3, 1, 2), np.float32)
        faces *= np.float32(1 / 127.5)
        faces -= 1
        return np.asarray(self._session.run([output], {"face": faces})[0], np.float32)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
