"""A trained generator that draws: weights, configuration and card.

generator = load_learned(Path("smiles/generator"))
drawings = generator.generate([registrar.register(photo)], targets)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import torch

from models.checkpoints import Checkpoint, CheckpointMismatchError, read_checkpoint
from models.device import compute_device, fastest
from models.estimators.faces import to_tensor
from models.generators.base import FloatArray, ImageArray, check_request
from models.generators.config import GeneratorConfig, Precision, check_targets, told
from models.generators.fast import FastGenerator
from models.generators.graphed import GraphedGenerator
from models.generators.networks import ResnetGenerator, blank
from models.generators.pairs import scaled
from models.registration.face import FACE_SIZE, RegisteredFace
from models.registration.pyramid import Pyramid
from models.registration.tone import face_tone
from models.rig.cloth import drawable

_DTYPES: Final[Mapping[Precision, torch.dtype]] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
}


_BATCH: Final = 16
"""Faces a pass on a GPU: 16 x 64 channels x 224 x 224 x 2 B = 103 MB a layer."""


class LearnedGenerator:
    """GANimation or StarGAN with its weights. Safe to use from several threads.

    On a CPU faces are drawn one by one, which is as fast as in batches and gives a face the same
    bytes whatever it is drawn beside.
    """

    def __init__(
        self,
        config: GeneratorConfig,
        network: ResnetGenerator,
        name: str,
        *,
        card: str = "",
        precision: Precision | None = None,
    ) -> None:
        """From its parts; see `from_checkpoint` for the usual way.

        Args:
            config: what the network is.
            network: with its weights, on the device to draw on.
            name: that requests select it by, and drawings are marked with.
            card: text of its model card.
            precision: to draw in; by default `fastest` for the device. bfloat16 moves grey
                levels by about one (see docs/generators.md).
        """
        self.config, self.name, self.card = config, name, card
        self.network = network.eval().requires_grad_(False)
        device = next(network.parameters()).device
        self.precision = precision or fastest(device)
        fast = FastGenerator(network, _DTYPES[self.precision])
        self._draw: FastGenerator | GraphedGenerator = (
            GraphedGenerator(fast, _BATCH) if device.type == "cuda" else fast
        )

    @classmethod
    def of(
        cls, network: ResnetGenerator, name: str, *, lineage: Mapping[str, Any]
    ) -> LearnedGenerator:
        """A network that was just trained."""
        return cls(replace(network.config, lineage=lineage), network, name)

    @property
    def device(self) -> torch.device:
        """Where it draws."""
        return self._draw.device

    def generate(
        self,
        faces: Sequence[RegisteredFace],
        targets: FloatArray,
        sources: FloatArray | None = None,
        *,
        seeds: Sequence[int] | None = None,
        size: int = FACE_SIZE,
    ) -> ImageArray:
        """See `models.generators.base.Generator.generate`.

        Nothing is random. The network sees what a face shows, so `sources` only tell which faces
        show their target already: those come back as they are.

        Raises:
            UndrawableTargetError: see `models.generators.config.check_targets`.
        """
        check_request(len(faces), targets, sources, seeds, size)
        check_targets(self.config, targets)
        if len(faces):
            each = zip(faces, targets, strict=True)
            targets = np.stack([drawable(face, target) for face, target in each])
        asked = told(self.config, targets)
        shown = np.zeros_like(asked) if sources is None else told(self.config, sources)
        own = {face: registered(face, size) for face in dict.fromkeys(faces)}
        out = np.array([own[face] for face in faces], np.uint8).reshape(-1, size, size, 3)
        rows = np.flatnonzero((asked != shown).any(axis=1))
        for first in range(0, len(rows), self._batch):
            batch = rows[first : first + self._batch]
            images = np.stack([scaled(faces[row].image, self.config.size) for row in batch])
            drawn = self.draw(images, asked[batch])
            for row, before, after in zip(batch, images, drawn, strict=True):
                drawing = after if size == self.config.size else _changed(out[row], before, after)
                out[row] = face_tone(faces[row]).applied(drawing)
        return out

    def draw(self, images: ImageArray, aus: FloatArray) -> ImageArray:
        """What the network makes of images.

        Args:
            images: uint8 (N, S, S, 3), registered, of the configuration's size.
            aus: (N, A) in [0, 1].

        Returns:
            uint8 (N, S, S, 3).
        """
        with torch.inference_mode():
            drawn = self._draw(
                to_tensor(images).to(self.device), torch.from_numpy(aus).to(self.device)
            )
            grey = ((drawn + 1) * 127.5).round_().clamp_(0, 255).to(torch.uint8)
        return np.ascontiguousarray(grey.permute(0, 2, 3, 1).cpu().numpy())

    @property
    def _batch(self) -> int:
        """Faces a pass."""
        return 1 if self.device.type == "cpu" else _BATCH

    def checkpoint(self, *, half: bool = True) -> Checkpoint:
        """Everything needed to load it again; `half` keeps weights as float16."""
        tensors = {}
        for name, value in self.network.state_dict().items():
            array = value.detach().cpu().contiguous().numpy()
            tensors[name] = array.astype(np.float16) if half else array
        return Checkpoint(tensors, self.config.as_json(), self.card)


def registered(face: RegisteredFace, size: int) -> ImageArray:
    """The registered image of a face, uint8 (size, size, 3), from the photo's own resolution."""
    if size == FACE_SIZE:
        return face.image
    if size < FACE_SIZE:
        return scaled(face.image, size)
    seen = np.asarray(np.isfinite(face.sampling).all(axis=-1), np.bool_)
    # Beyond the face the places of its rim go on, so that enlarging mixes no hole into the rim.
    at = face.sampling.copy()
    for axis in (0, 1):
        at[..., axis] = _spread(at[..., axis], seen)
    large = cv2.resize(at, (size, size), interpolation=cv2.INTER_LINEAR)
    reduction = face.photo_view.scale / face.view.scale * FACE_SIZE / size
    out = Pyramid(face.photo).sample(np.asarray(large, np.float32), reduction)
    shown = cv2.resize(seen.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
    return np.where(shown[..., None] >= 0.5, out, np.uint8(0))


def _spread(values: FloatArray, seen: npt.NDArray[np.bool_]) -> FloatArray:
    """`values` where seen, and beyond, within a few pixels, the mean of those seen nearby."""
    kept = np.where(seen, values, 0).astype(np.float32)
    around = cv2.boxFilter(kept, -1, (5, 5), normalize=False)
    count = cv2.boxFilter(seen.astype(np.float32), -1, (5, 5), normalize=False)
    return np.where(seen, kept, around / np.maximum(count, 1)).astype(np.float32)


def _changed(face: ImageArray, before: ImageArray, after: ImageArray) -> ImageArray:
    """`face` of another size with the change from `before` to `after`."""
    kind = cv2.INTER_AREA if face.shape[0] < before.shape[0] else cv2.INTER_LINEAR
    change = cv2.resize(after.astype(np.float32) - before, face.shape[:2], interpolation=kind)
    return np.asarray(np.clip(face + change + 0.5, 0, 255), np.uint8)


def from_checkpoint(
    checkpoint: Checkpoint,
    name: str,
    *,
    precision: Precision | None = None,
    device: torch.device | None = None,
) -> LearnedGenerator:
    """The generator of a checkpoint, on `device`: the GPU where there is one, unless it is said.

    Raises:
        models.checkpoints.CheckpointMismatchError: weights and configuration do not fit.
    """
    config = GeneratorConfig.parse(checkpoint.config)
    network = blank(config)
    load_strictly(network, checkpoint, config.kind)
    torch.nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
    network.to(device or compute_device())
    return LearnedGenerator(config, network, name, card=checkpoint.card, precision=precision)


def load_learned(
    folder: Path,
    name: str | None = None,
    *,
    precision: Precision | None = None,
    device: torch.device | None = None,
) -> LearnedGenerator:
    """The generator in a checkpoint's folder, named like the folder unless said otherwise.

    `precision` and `device` are as `LearnedGenerator` and `from_checkpoint` take them.

    Raises:
        models.checkpoints.CheckpointError: the folder is not a checkpoint of such a generator.
    """
    name = name or folder.name
    return from_checkpoint(read_checkpoint(folder), name, precision=precision, device=device)


def load_strictly(network: torch.nn.Module, checkpoint: Checkpoint, what: str) -> None:
    """Give `network` a checkpoint's weights; each must be there, of its shape and finite.

    Raises:
        CheckpointMismatchError: one is not.
    """
    tensors = {
        name: torch.from_numpy(np.array(value)).float()
        for name, value in checkpoint.tensors.items()
    }
    own = network.state_dict()
    wrong = sorted(
        name
        for name in own.keys() | tensors.keys()
        if name not in own or name not in tensors or own[name].shape != tensors[name].shape
    )
    if wrong:
        raise CheckpointMismatchError(
            f"The weights are not those of the {what} that config.json describes: "
            f"{', '.join(wrong[:4])}."
        )
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise CheckpointMismatchError("The weights hold numbers that are not finite.")
    network.load_state_dict(tensors, assign=True)
