"""D_exp, the discriminator's head for AU intensities, as an estimator of its own.

Niinuma et al. (2022, Table 7) compare it with estimators that were trained for nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch

from models.checkpoints import Checkpoint, CheckpointMismatchError, read_checkpoint
from models.estimators.estimates import Estimates
from models.estimators.estimator import Faces, face_images
from models.estimators.faces import to_tensor
from models.facs import LEVELS, MAX_INTENSITY
from models.generators.learned import load_strictly
from models.generators.networks import Discriminator
from models.registration.face import RegistrationKind

KIND: Final = "expressions"
_FORMAT: Final = 1


class ExpressionReader:
    """Reads AU intensities from registered faces. Safe to use from several threads."""

    def __init__(
        self, aus: tuple[str, ...], network: Discriminator, registration: RegistrationKind = "3d"
    ) -> None:
        """For the `aus` that `network` was trained on, and faces registered so."""
        self.aus, self.registration = aus, registration
        self.network = network.eval().requires_grad_(False)

    def estimate(self, faces: Faces, *, batch: int = 32) -> Estimates:
        """Intensities of registered faces, or of their images uint8 (N, 224, 224, 3).

        The head answers with one number for each AU. As probabilities of levels that is the pair
        of neighbouring levels whose mean it is.
        """
        images = face_images(faces)
        size = (self.network.size, self.network.size)
        parts = []
        with torch.inference_mode():
            for first in range(0, len(images), batch):
                seen = [
                    cv2.resize(image, size, interpolation=cv2.INTER_AREA)
                    for image in images[first : first + batch]
                ]
                pictures = to_tensor(np.asarray(seen, np.uint8))
                parts.append(self.network(pictures)[1].float().numpy())
        read = np.concatenate(parts) if parts else np.zeros((0, len(self.aus)), np.float32)
        intensity = np.clip(read * MAX_INTENSITY, 0, MAX_INTENSITY)
        levels = np.arange(len(LEVELS), dtype=np.float32)
        near = np.clip(1 - np.abs(intensity[..., None] - levels), 0, 1)
        return Estimates(self.aus, near.astype(np.float32))

    def checkpoint(self) -> Checkpoint:
        """Everything needed to load it again, as float16."""
        network = self.network
        config = {
            "format": _FORMAT,
            "kind": KIND,
            "aus": list(self.aus),
            "registration": self.registration,
            "size": network.size,
            "channels": network.channels,
            "layers": network.layers,
        }
        tensors = {
            name: value.detach().cpu().contiguous().numpy().astype(np.float16)
            for name, value in network.state_dict().items()
        }
        return Checkpoint(tensors, config, f"# D_exp\n\nReads {', '.join(self.aus)}.\n")


def load_expression_reader(folder: Path) -> ExpressionReader:
    """What training left in ``expressions/``, on the CPU.

    Raises:
        models.checkpoints.CheckpointError: the folder is something else.
    """
    checkpoint = read_checkpoint(folder)
    config: dict[str, Any] = dict(checkpoint.config)
    if config.pop("format", None) != _FORMAT or config.pop("kind", None) != KIND:
        raise CheckpointMismatchError("config.json is not that of a reader of expressions.")
    try:
        aus, registration = tuple(config.pop("aus")), config.pop("registration")
        with torch.device("meta"):
            network = Discriminator(len(aus), **config)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointMismatchError(f"config.json: {error}.") from error
    load_strictly(network, checkpoint, "reader of expressions")
    torch.nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
    return ExpressionReader(aus, network, registration)
