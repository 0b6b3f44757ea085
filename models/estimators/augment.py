"""Light, colour, blur, noise, compression, occlusion and misregistration, at random.

What separates drawings from photographs and one camera from the next must not carry
information. Everything here leaves intensities as they are; mirroring does too, because labels
are of the stronger side.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from models.estimators.faces import ImageArray, to_tensor

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class AugmentConfig:
    """How much of what. Chances are per image; spreads are standard deviations or half ranges.

    Attributes:
        mirror: chance of a mirror image.
        shift, turn, scale, stretch: misregistration: in half image sides, degrees, log and log.
        gamma, gain, contrast, cast: log gamma, log brightness, log contrast, log gain a channel.
        grey: chance of a grey picture; else colours are washed out at random.
        side_light: log brightness from one edge of the face to the other.
        noise: largest standard deviation of noise, in [0, 1] units.
        resample, blur, jpeg: chances of each; strengths vary widely.
        cutout: chance of a covered patch.
    """

    mirror: float = 0.5
    shift: float = 0.03
    turn: float = 2.5
    scale: float = 0.03
    stretch: float = 0.03
    gamma: float = 0.25
    gain: float = 0.25
    contrast: float = 0.2
    cast: float = 0.12
    grey: float = 0.2
    side_light: float = 0.45
    noise: float = 0.05
    resample: float = 0.35
    blur: float = 0.3
    jpeg: float = 0.4
    cutout: float = 0.25


@dataclass(frozen=True)
class Augment:
    """Varies a batch; see the module. Everything follows from the generator handed in."""

    config: AugmentConfig = AugmentConfig()

    def __call__(self, images: ImageArray, rng: np.random.Generator) -> torch.Tensor:
        """uint8 (N, H, W, 3) -> float32 (N, 3, H, W) in [-1, 1]."""
        degraded = np.stack([degrade(image, self.config, rng) for image in images])
        tensor = (to_tensor(degraded) + 1) / 2
        face = (tensor.amax(dim=1, keepdim=True) > 0.02).float()
        tensor = relight(tensor, self.config, rng)
        tensor = misregister(tensor * face, self.config, rng)
        tensor = cover(tensor, self.config, rng)
        return (tensor.clamp(0, 1) * 2 - 1).contiguous(memory_format=torch.channels_last)


def degrade(image: ImageArray, config: AugmentConfig, rng: np.random.Generator) -> ImageArray:
    """What cameras and files take away: resolution, sharpness, and what JPEG drops."""
    height, width = image.shape[:2]
    if rng.random() < config.resample:
        factor = rng.uniform(0.3, 0.9)
        small = (max(1, round(width * factor)), max(1, round(height * factor)))
        way = cv2.INTER_AREA if rng.random() < 0.5 else cv2.INTER_LINEAR
        shrunk = cv2.resize(image, small, interpolation=way)
        image = np.asarray(cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_LINEAR))
    if rng.random() < config.blur:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.4)))
    if rng.random() < config.jpeg:
        quality = int(rng.integers(20, 90))
        # channel order does not matter to how JPEG degrades greys; it does little to colours
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        image = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    return image


def relight(images: torch.Tensor, config: AugmentConfig, rng: np.random.Generator) -> torch.Tensor:
    """Other exposure, colours, light from one side and sensor noise. (N, 3, H, W) in [0, 1]."""
    count, _, height, width = images.shape
    gamma = _column(np.exp(rng.normal(0, config.gamma, count)))
    images = images.clamp(min=1e-4) ** gamma
    grey = images.mean(dim=1, keepdim=True)
    washed = _column(np.where(rng.random(count) < config.grey, 0, rng.uniform(0.5, 1.2, count)))
    images = grey + (images - grey) * washed
    contrast = _column(np.exp(rng.normal(0, config.contrast, count)))
    images = 0.45 + (images - 0.45) * contrast
    cast = rng.normal(0, config.cast, (count, 3)) * (washed.numpy()[:, :, 0, 0] > 0)
    gain = np.exp(rng.normal(0, config.gain, (count, 1)) + cast)
    ys = torch.linspace(-1, 1, height)[:, None]
    xs = torch.linspace(-1, 1, width)[None]
    towards = rng.uniform(0, 2 * np.pi, count)
    strength = rng.normal(0, config.side_light, count)
    slope = _column(strength * np.cos(towards)) * xs + _column(strength * np.sin(towards)) * ys
    images = images * torch.exp(slope) * torch.from_numpy(gain.astype(np.float32))[:, :, None, None]
    # a power keeps most pictures nearly clean
    sigma = _column(config.noise * rng.random(count) ** 2)
    noise = rng.standard_normal((count, 3, height, width), dtype=np.float32)
    return images + torch.from_numpy(noise) * sigma


def misregister(
    images: torch.Tensor, config: AugmentConfig, rng: np.random.Generator
) -> torch.Tensor:
    """Mirror images, small shifts, turns and stretches; black moves in from outside."""
    count, _, height, width = images.shape
    turn = np.deg2rad(rng.normal(0, config.turn, count))
    scale = np.exp(rng.normal(0, config.scale, count))
    stretch = np.exp(rng.normal(0, config.stretch, count))
    mirror = np.where(rng.random(count) < config.mirror, -1.0, 1.0)
    aspect = height / width
    theta = np.empty((count, 2, 3), np.float32)
    theta[:, 0, 0] = np.cos(turn) * scale * stretch * mirror
    theta[:, 0, 1] = -np.sin(turn) * scale * aspect
    theta[:, 1, 0] = np.sin(turn) * scale * mirror / aspect
    theta[:, 1, 1] = np.cos(turn) * scale / stretch
    theta[:, :, 2] = rng.normal(0, config.shift, (count, 2))
    grid = functional.affine_grid(torch.from_numpy(theta), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def cover(images: torch.Tensor, config: AugmentConfig, rng: np.random.Generator) -> torch.Tensor:
    """A patch of one colour over part of some faces: a hand, hair, a microphone."""
    count, _, height, width = images.shape
    out = images.clone()
    for index in np.flatnonzero(rng.random(count) < config.cutout):
        tall, wide = (int(rng.uniform(0.08, 0.28) * side) for side in (height, width))
        top, left = int(rng.integers(0, height - tall)), int(rng.integers(0, width - wide))
        colour = torch.from_numpy(rng.random(3, dtype=np.float32))[:, None, None]
        out[index, :, top : top + tall, left : left + wide] = colour
    return out


def _column(values: npt.NDArray[np.float64]) -> torch.Tensor:
    return torch.from_numpy(np.asarray(values, np.float32))[:, None, None, None]
