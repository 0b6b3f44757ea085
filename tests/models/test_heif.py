"""HEIC and HEIF as phones write them, and as nobody should."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from models.heif import is_heif
from models.images import (
    AnimatedImageError,
    ImageArray,
    ImageError,
    ImageLimits,
    ImageTooLargeError,
    TruncatedImageError,
    decode_image,
)
from tests.support.heif import grid, picture, stored


def difference(one: ImageArray, other: ImageArray) -> float:
    return float(np.abs(one.astype(int) - other).mean())


def test_tiles_are_joined() -> None:
    """A file read as its first tile would be 64x64."""
    decoded = decode_image(grid())
    assert decoded.media_type == "image/heic"
    assert (decoded.width, decoded.height) == (128, 128)
    assert decoded.rgb.flags.writeable
    assert difference(decoded.rgb, picture()) < 3


def test_a_grid_may_end_within_its_last_tiles() -> None:
    decoded = decode_image(grid(size=(120, 100)))
    assert decoded.rgb.shape == (100, 120, 3)
    assert difference(decoded.rgb, picture()[:100, :120]) < 3


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_it_is_turned_once(turns: int) -> None:
    """The box `irot` counts; phones write the same turn into EXIF, and it must not count again."""
    exif = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, {1: 8, 2: 3, 3: 6}[turns], 0, 0)
    for data in (grid(size=(128, 100), turns=turns), grid(size=(128, 100), turns=turns, exif=exif)):
        decoded = decode_image(data)
        assert difference(decoded.rgb, np.rot90(picture()[:100], turns)) < 3


def test_a_colour_profile_is_applied() -> None:
    """In a profile whose red and green are changed for one another, they come out changed."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")
    description = "sRGB".encode("utf-16-be")
    decoded = decode_image(grid(profile=swapped.replace(description, b"\0l" * 4)))
    assert difference(decoded.rgb, picture()[..., [1, 0, 2]]) < 4


def test_grey_and_deep_pictures() -> None:
    grey = decode_image(stored("grey")).rgb
    assert difference(grey, np.repeat(picture()[..., :1], 3, axis=2)) < 3
    deep = decode_image(stored("deep")).rgb  # 10 bits
    ramp = np.linspace(0, 255, 64 * 64).reshape(64, 64)
    assert difference(deep[..., 1], ramp.astype(np.uint8)) < 3


def test_alpha_is_laid_over_white() -> None:
    """A fifth of the colour and four fifths of white."""
    decoded = decode_image(stored("alpha"))
    assert difference(decoded.rgb, (0.2 * picture()[:, :96] + 0.8 * 255).astype(np.uint8)) < 3


def test_brands_that_leave_the_coding_open() -> None:
    data = bytearray(grid())
    data[8:12] = b"mif1"
    assert decode_image(bytes(data)).media_type == "image/heif"
    data[20:24] = b"avif"
    assert not is_heif(bytes(data))


def test_several_pictures_are_refused() -> None:
    with pytest.raises(AnimatedImageError, match="several pictures"):
        decode_image(stored("two"))


@pytest.mark.parametrize("size", [(20_000, 20_000), (12_001, 8), (0x7FFF_FFFF, 0x7FFF_FFFF)])
def test_too_many_pixels_are_refused_before_decoding(size: tuple[int, int]) -> None:
    data = bytearray(stored("flat"))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", *size)
    with pytest.raises(ImageTooLargeError):
        decode_image(bytes(data))


def test_pixels_of_another_size_than_claimed() -> None:
    data = bytearray(stored("flat"))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", 32, 32)
    with pytest.raises(TruncatedImageError):
        decode_image(bytes(data))


@pytest.mark.parametrize("kept", [12, 40, 200, 600, 1_200, -100, -1])
def test_truncated(kept: int) -> None:
    with pytest.raises(TruncatedImageError, match="HEIF"):
        decode_image(grid()[:kept])


def test_damaged_files_end_in_our_errors() -> None:
    chance = random.Random("HEIF")
    refused = 0
    for _ in range(200):
        damaged = bytearray(grid())
        for _ in range(chance.choice([1, 3, 20])):
            at = 8 + chance.randrange(700 if chance.random() < 0.6 else len(damaged) - 8)
            damaged[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        try:
            decoded = decode_image(bytes(damaged), ImageLimits(max_pixels=10_000_000))
        except ImageError:
            refused += 1
        else:
            assert decoded.rgb.shape == (decoded.height, decoded.width, 3)
    assert refused > 10


def test_pillow_is_left_as_it_was() -> None:
    # Another library in this process may have taught Pillow more; what is ours teaches it nothing.
    Image.init()
    before = dict(Image.OPEN)
    decode_image(grid())
    Image.init()
    assert before == Image.OPEN
