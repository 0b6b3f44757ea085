"""Photos that need nothing beside this repository: variants of scikit-image's portrait."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data

_CROPS = 5
_CROPPED = 30
"""Pixels by which each crop is smaller than the one before; the face stays whole in all."""


def portraits(count: int, folder: Path | None) -> list[Image.Image]:
    """The first `count` photos of a folder; without one, the portrait cropped and mirrored."""
    if folder is not None:
        paths = sorted(folder.glob("*.jpg"))[:count]
        if len(paths) < count:
            raise SystemExit(f"{folder} has {len(paths)} photos (*.jpg), not {count}")
        return [Image.open(path).convert("RGB") for path in paths]
    whole = Image.fromarray(np.asarray(data.astronaut(), np.uint8))  # type: ignore[no-untyped-call]
    return [_variant(whole, number) for number in range(count)]


def as_jpegs(photos: Sequence[Image.Image], shade: int) -> list[bytes]:
    """JPEGs of the photos in another colour for each `shade`: bytes that nobody has seen yet."""
    gains = 1 - np.array([0.01, 0.015, 0.02]) * shade
    return [_jpeg(np.asarray(photo) * gains) for photo in photos]


def _variant(whole: Image.Image, number: int) -> Image.Image:
    crop, mirrored = number // 2 % _CROPS, number % 2
    side = whole.width - _CROPPED * crop
    photo = whole.crop((0, 0, side, side))
    photo = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else photo
    pale = 0.98 ** (number // (2 * _CROPS))
    return Image.fromarray((np.asarray(photo) * pale).astype(np.uint8))


def _jpeg(pixels: NDArray[np.float64]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(out, "JPEG", quality=95)
    return out.getvalue()
