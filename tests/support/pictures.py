"""Photos for tests: real ones from scikit-image, and files that are wrong in one way each."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image


@cache
def portrait() -> bytes:
    """A PNG of 512x512 pixels with one face."""
    return (files("skimage.data") / "astronaut.png").read_bytes()


@cache
def portrait_image(side: int = 256) -> Image.Image:
    """The portrait, smaller, so that work on it is quick."""
    return Image.open(io.BytesIO(portrait())).convert("RGB").resize((side, side))


@cache
def small_portrait() -> bytes:
    """A JPEG of 256x256 pixels with one face."""
    return encoded(portrait_image(), "JPEG", quality=95)


@cache
def two_faces() -> bytes:
    """A JPEG with two faces, the left one larger."""
    photo = Image.new("RGB", (512, 256), "white")
    photo.paste(portrait_image(256), (0, 0))
    photo.paste(portrait_image(192), (288, 40))
    return encoded(photo, "JPEG", quality=95)


@cache
def no_face() -> bytes:
    """A JPEG of smooth colours."""
    ramp = np.linspace(0, 255, 160, dtype=np.uint8)
    photo = np.stack([np.tile(ramp, (120, 1)), np.full((120, 160), 90, np.uint8)], -1)
    return encoded(Image.fromarray(np.dstack([photo, photo[..., :1]])), "JPEG")


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """The image as a file of this kind."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def huge_png(side: int = 20_000) -> bytes:
    """A small PNG that decodes to `side` times `side` pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    packer = zlib.compressobj(9)
    row = bytes(1 + side)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"IDAT", pixels),
            chunk(b"IEND", b""),
        )
    )


def animated_gif() -> bytes:
    """A GIF of three frames."""
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue")]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)


def stranger_image() -> Image.Image:
    """A photo of somebody who is not in the portrait: the first of a sheet of docs/rig.md.

    Face Research Lab London Set (DeBruine & Jones), CC BY 4.0.
    """
    sheet = Path(__file__).resolve().parents[2] / "docs" / "rig_pasted.jpg"
    with Image.open(sheet) as opened:
        return opened.convert("RGB").crop((8, 42, 218, 252)).resize((420, 420))
