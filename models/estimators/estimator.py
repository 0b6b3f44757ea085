"""An estimator ready to read faces: a network, its configuration, and perhaps a person's neutral.

estimator = load_estimator("compact")
estimates = estimator.estimate([registrar.register(photo)])
mine = estimator.calibrated(registrar.register(neutral_photo))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from models.checkpoints import Checkpoint, CheckpointMismatchError, read_checkpoint
from models.estimators.compact import Compact
from models.estimators.config import REFERENCE_FEATURES, REFERENCE_IMAGE, EstimatorConfig
from models.estimators.estimates import Estimates, concatenated
from models.estimators.networks import Network, build_network, prepared
from models.estimators.shipped import shipped_checkpoint
from models.registration.face import FACE_SIZE, RegisteredFace

ImageArray = npt.NDArray[np.uint8]
Faces = Sequence[RegisteredFace] | ImageArray
Precision = Literal["float32", "bfloat16"]


class CannotCompareError(ValueError):
    """A reference was given to an estimator that reads faces alone."""


class Estimator:
    """Reads AU intensities from registered faces. Safe to use from several threads."""

    def __init__(
        self,
        config: EstimatorConfig,
        network: Network,
        reference: torch.Tensor | None = None,
        *,
        card: str = "",
        precision: Precision = "float32",
        reference_image: ImageArray | None = None,
    ) -> None:
        """From its parts; see `load_estimator` for the usual way.

        Args:
            config: what the network is.
            network: with its weights; it is put into evaluation mode.
            reference: float32 (1, F), features of a person's neutral face that all faces are
                compared with; `compact` only.
            card: text of its model card.
            precision: of the forward pass. bfloat16 is up to twice as fast on processors that
                compute in it, and moves intensities by some hundredths.
            reference_image: uint8 (224, 224, 3), a person's neutral face or mean texture that an
                estimator for normalised faces reads all faces as differences from.
        """
        if reference_image is not None and config.normalisation == "none":
            raise CannotCompareError("faces are not normalised here")
        if reference is not None and not isinstance(network, Compact):
            raise CannotCompareError(f"{config.architecture} cannot compare faces")
        self.config, self.network, self.reference = config, network.eval(), reference
        self.card, self.precision, self.reference_image = card, precision, reference_image
        for parameter in network.parameters():
            parameter.requires_grad_(False)

    @property
    def aus(self) -> tuple[str, ...]:
        """The AUs it answers for."""
        return self.config.aus

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return next(self.network.parameters()).device

    def estimate(
        self,
        faces: Faces,
        reference: RegisteredFace | ImageArray | None = None,
        *,
        batch: int = 32,
    ) -> Estimates:
        """Intensities of registered faces.

        Args:
            faces: N registered faces, or their images uint8 (N, 224, 224, 3).
            reference: the same person's neutral face (or, for an estimator normalised so, mean
                texture): registered, or its image (224, 224, 3); or images (N, 224, 224, 3), one
                for each face. Without it, `compact` answers from each face alone, or by the
                person it is calibrated to.
            batch: faces a pass: 32 x 3 x 128 x 96 x 4 B = 5 MB of input for `compact`.

        Raises:
            ValueError: shapes do not fit, or a normalised estimator is given no reference.
            CannotCompareError: a reference for an estimator that has no use for one.
        """
        images = face_images(faces)
        reference = self.reference_image if reference is None else reference
        neutral = None if reference is None else _reference_images(reference, len(images))
        parts = [
            self._read(
                images[first : first + batch],
                neutral if neutral is None or neutral.ndim == 3 else neutral[first : first + batch],
            )
            for first in range(0, len(images), batch)
        ]
        if not parts:
            return Estimates(self.aus, np.zeros((0, len(self.aus), 6), np.float32))
        return concatenated(parts)

    def calibrated(self, neutral: RegisteredFace | ImageArray) -> Estimator:
        """The same estimator, comparing every face with this neutral one (one-frame calibration).

        Shares its weights with this estimator; takes one pass of the network. An estimator for
        normalised faces reads them as differences from it: the neutral face or the mean texture.

        Raises:
            CannotCompareError: the network cannot compare.
        """
        images = _reference_images(neutral, 1)
        network, method = self.network, self.config.method
        method = "both" if method in ("fine-tune", "both") else "one-frame"
        if self.config.normalisation != "none":
            return Estimator(
                replace(self.config, method=method),
                network,
                card=self.card,
                precision=self.precision,
                reference_image=images.copy(),
            )
        if not isinstance(network, Compact):
            raise CannotCompareError(f"{self.config.architecture} cannot compare faces")
        with torch.inference_mode(), self._autocast():
            features = network.features(self._tensor(images[None], None)).float()
        return Estimator(
            replace(self.config, method=method),
            network,
            features.clone(),
            card=self.card,
            precision=self.precision,
        )

    def checkpoint(self, *, half: bool = False) -> Checkpoint:
        """Everything needed to load it again; `half` keeps weights as float16."""
        tensors = {}
        for name, value in self.network.state_dict().items():
            array = value.detach().cpu().contiguous().numpy()
            tensors[name] = (
                array.astype(np.float16) if half and array.dtype == np.float32 else array
            )
        if self.reference is not None:
            tensors[REFERENCE_FEATURES] = self.reference.cpu().numpy()
        if self.reference_image is not None:
            tensors[REFERENCE_IMAGE] = self.reference_image.astype(np.float16)
        return Checkpoint(tensors, self.config.as_json(), self.card)

    def _read(self, images: ImageArray, reference: ImageArray | None) -> Estimates:
        network = self.network
        with torch.inference_mode(), self._autocast():
            if isinstance(network, Compact) and self.config.normalisation == "none":
                features = network.features(self._tensor(images, None))
                neutral = self.reference
                if reference is not None:
                    pictures = reference if reference.ndim == 4 else reference[None]
                    neutral = network.features(self._tensor(pictures, None))
                logits = network.logits(
                    features, None if neutral is None else neutral.to(features.dtype)
                )
            elif reference is not None and self.config.normalisation == "none":
                raise CannotCompareError(f"{self.config.architecture} cannot compare faces")
            else:
                logits = network(self._tensor(images, reference))
            probabilities = network.probabilities(logits)
        return Estimates(self.aus, probabilities.float().cpu().numpy())

    def _tensor(self, images: ImageArray, reference: ImageArray | None) -> torch.Tensor:
        return prepared(self.config, images, reference).to(self.device)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.precision == "bfloat16"
        )


def face_images(faces: Faces) -> ImageArray:
    """uint8 (N, 224, 224, 3) of registered faces or of what is that already.

    Raises:
        ValueError: an array of another type or shape.
    """
    if isinstance(faces, np.ndarray):
        if (
            faces.dtype != np.uint8
            or faces.ndim != 4
            or faces.shape[1:] != (FACE_SIZE, FACE_SIZE, 3)
        ):
            raise ValueError(
                f"expected uint8 (N, {FACE_SIZE}, {FACE_SIZE}, 3), got {faces.dtype} {faces.shape}"
            )
        return faces
    if not faces:
        return np.zeros((0, FACE_SIZE, FACE_SIZE, 3), np.uint8)
    return np.stack([face.image for face in faces])


def from_checkpoint(checkpoint: Checkpoint, *, precision: Precision = "float32") -> Estimator:
    """The estimator of a checkpoint, on the CPU.

    Raises:
        models.checkpoints.CheckpointMismatchError: weights and configuration do not fit.
    """
    config = EstimatorConfig.parse(checkpoint.config)
    network = build_network(config)
    tensors = {
        name: torch.from_numpy(np.array(value)).to(
            torch.float32 if value.dtype.kind == "f" else torch.int64
        )
        for name, value in checkpoint.tensors.items()
    }
    reference = tensors.pop(REFERENCE_FEATURES, None)
    picture = tensors.pop(REFERENCE_IMAGE, None)
    own = network.state_dict()
    wrong = sorted(
        name
        for name in own.keys() | tensors.keys()
        if name not in own or name not in tensors or own[name].shape != tensors[name].shape
    )
    if wrong:
        raise CheckpointMismatchError(
            f"The weights are not those of the {config.architecture} that config.json describes: "
            f"{', '.join(wrong[:4])}."
        )
    if reference is not None and not (
        isinstance(network, Compact) and reference.shape == (1, network.feature_count)
    ):
        raise CheckpointMismatchError(f"{REFERENCE_FEATURES} has shape {tuple(reference.shape)}.")
    reference_image = None if picture is None else picture.numpy().astype(np.uint8)
    if reference_image is not None and (
        config.normalisation == "none" or reference_image.shape != (FACE_SIZE, FACE_SIZE, 3)
    ):
        raise CheckpointMismatchError(f"{REFERENCE_IMAGE} does not belong to the estimator.")
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise CheckpointMismatchError("The weights hold numbers that are not finite.")
    network.load_state_dict(tensors)
    if isinstance(network, Compact):
        torch.nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
    return Estimator(
        config,
        network,
        reference,
        card=checkpoint.card,
        precision=precision,
        reference_image=reference_image,
    )


def load_estimator(source: str | Path, *, precision: Precision = "float32") -> Estimator:
    """A shipped estimator by name (``"compact"``), or one from its checkpoint's folder.

    Raises:
        models.checkpoints.CheckpointError: the folder is not a checkpoint of an estimator.
        models.assets.AssetError: shipped weights are missing or damaged.
        models.estimators.shipped.UnknownEstimatorError: no estimator ships under this name.
    """
    if isinstance(source, Path):
        return from_checkpoint(read_checkpoint(source), precision=precision)
    return from_checkpoint(shipped_checkpoint(source), precision=precision)


def _reference_images(reference: RegisteredFace | ImageArray, count: int) -> ImageArray:
    """(224, 224, 3), or (N, 224, 224, 3) when there is one for each of several faces."""
    if isinstance(reference, RegisteredFace):
        return reference.image
    image = reference[0] if reference.ndim == 4 and len(reference) == 1 else reference
    shape = (FACE_SIZE, FACE_SIZE, 3)
    if reference.dtype != np.uint8 or image.shape not in (shape, (count, *shape)):
        raise ValueError(
            f"a reference is uint8 {shape}, or one for each of {count} faces, "
            f"not {reference.dtype} {reference.shape}"
        )
    return image
