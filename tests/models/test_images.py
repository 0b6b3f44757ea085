"""Decoding of untrusted images and marking of synthetic ones."""

from __future__ import annotations

import io
import random
import struct
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from models.images import (
    AnimatedImageError,
    EmptyImageError,
    ImageArray,
    ImageError,
    ImageLimits,
    ImageTooLargeError,
    NotAnImageError,
    SyntheticMark,
    TruncatedImageError,
    UnsupportedImageError,
    decode_image,
    encode_jpeg,
    encode_png,
    read_mark,
)


def picture(width: int = 48, height: int = 32) -> ImageArray:
    """A smooth picture whose four corners differ, so that every turn of it is another picture."""
    y, x = np.mgrid[:height, :width]
    red, green = 255 * x / (width - 1), 255 * y / (height - 1)
    return np.stack([red, green, 255 - (red + green) / 2], axis=-1).astype(np.uint8)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def rgb_image() -> Image.Image:
    return Image.fromarray(picture())


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = struct.pack(">II5B", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 100)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    ("kind", "media_type", "tolerance"),
    [
        ("PNG", "image/png", 0),
        ("BMP", "image/bmp", 0),
        ("TIFF", "image/tiff", 0),
        ("JPEG", "image/jpeg", 6),
        ("WEBP", "image/webp", 6),
        ("AVIF", "image/avif", 6),
        ("GIF", "image/gif", 24),
    ],
)
def test_accepted_kinds(kind: str, media_type: str, tolerance: int) -> None:
    decoded = decode_image(encoded(rgb_image(), kind))
    assert (decoded.width, decoded.height, decoded.media_type) == (48, 32, media_type)
    assert decoded.rgb.dtype == np.uint8
    assert decoded.rgb.shape == (32, 48, 3)
    assert decoded.rgb.flags.writeable
    difference = np.abs(decoded.rgb.astype(int) - picture())
    assert difference.mean() <= tolerance


def test_grey_is_repeated() -> None:
    decoded = decode_image(encoded(rgb_image().convert("L"), "PNG"))
    grey = np.asarray(rgb_image().convert("L"))
    assert np.array_equal(decoded.rgb, np.repeat(grey[..., None], 3, axis=2))


def test_one_bit() -> None:
    bits = Image.fromarray(picture()[..., 0] > 127)
    assert bits.mode == "1"
    decoded = decode_image(encoded(bits, "PNG"))
    assert np.array_equal(decoded.rgb[..., 0], np.where(picture()[..., 0] > 127, 255, 0))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_range(kind: str) -> None:
    deep = np.linspace(0, 65535, 48 * 32).reshape(32, 48).astype(np.uint16)
    decoded = decode_image(encoded(Image.fromarray(deep), kind))
    assert decoded.rgb[0, 0].tolist() == [0, 0, 0]
    assert decoded.rgb[-1, -1].tolist() == [255, 255, 255]
    assert np.array_equal(decoded.rgb[..., 1], np.rint(deep / 257.0).astype(np.uint8))


def test_16_bit_colour() -> None:
    """Every pixel (0xffff, 0x8000, 0x0100), written as PNG by hand."""
    row = b"\0" + struct.pack(">3H", 0xFFFF, 0x8000, 0x0100) * 4
    whole = encode_png(np.zeros((4, 4, 3), np.uint8))
    header = struct.pack(">II5B", 4, 4, 16, 2, 0, 0, 0)
    body = zlib.compress(row * 4)
    chunks = [
        struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part))
        for kind, part in ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    ]
    decoded = decode_image(whole[:8] + b"".join(chunks))
    assert decoded.rgb[1, 1].tolist() == [255, 128, 1]


def test_alpha_is_laid_over_white() -> None:
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[0, 0] = (200, 100, 0, 255)
    rgba[0, 1] = (200, 100, 0, 0)
    rgba[1, 0] = (200, 100, 0, 51)  # a fifth
    decoded = decode_image(encoded(Image.fromarray(rgba), "PNG"))
    assert decoded.rgb[0, 0].tolist() == [200, 100, 0]
    assert decoded.rgb[0, 1].tolist() == [255, 255, 255]
    assert decoded.rgb[1, 0].tolist() == [244, 224, 204]  # 0.2 * colour + 0.8 * 255


def test_grey_with_alpha() -> None:
    decoded = decode_image(encoded(Image.new("LA", (2, 2), (100, 51)), "PNG"))
    assert decoded.rgb[0, 0].tolist() == [224, 224, 224]


def test_palette_with_a_transparent_colour() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    decoded = decode_image(encoded(image, "PNG", transparency=1))
    assert decoded.rgb[0].tolist() == [[10, 20, 30], [255, 255, 255]]


@pytest.mark.parametrize(("kind", "tolerance"), [("TIFF", 0), ("JPEG", 6)])
def test_cmyk(kind: str, tolerance: int) -> None:
    decoded = decode_image(encoded(rgb_image().convert("CMYK"), kind))
    assert np.abs(decoded.rgb.astype(int) - picture()).mean() <= tolerance


def test_a_colour_profile_is_applied() -> None:
    """Linear-light RGB: a stored 55/255 = 0.2157 is 0.5 in sRGB, within a level or two."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    linear = _with_linear_curves(profile)
    decoded = decode_image(
        encoded(Image.new("RGB", (4, 4), (55, 55, 55)), "PNG", icc_profile=linear)
    )
    assert np.abs(decoded.rgb.astype(int) - 128).max() <= 2


def test_a_broken_colour_profile_is_ignored() -> None:
    decoded = decode_image(encoded(rgb_image(), "PNG", icc_profile=b"not a profile"))
    assert np.array_equal(decoded.rgb, picture())


@pytest.mark.parametrize(
    ("orientation", "stored"),
    [
        (1, lambda upright: upright),
        (2, lambda upright: upright[:, ::-1]),
        (3, lambda upright: upright[::-1, ::-1]),
        (4, lambda upright: upright[::-1]),
        (5, lambda upright: upright.transpose(1, 0, 2)),
        (6, lambda upright: np.rot90(upright)),
        (7, lambda upright: upright[::-1, ::-1].transpose(1, 0, 2)),
        (8, lambda upright: np.rot90(upright, -1)),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_exif_orientation(
    kind: str, orientation: int, stored: Callable[[ImageArray], ImageArray]
) -> None:
    """EXIF 2.3, tag 0x0112: what is stored, for each way the camera was held."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.ascontiguousarray(stored(picture())))
    decoded = decode_image(encoded(image, kind, exif=exif))
    assert (decoded.width, decoded.height) == (48, 32)
    assert np.abs(decoded.rgb.astype(int) - picture()).mean() < 6


def test_an_mpo_is_its_first_photo() -> None:
    second = Image.new("RGB", (48, 32))
    decoded = decode_image(encoded(rgb_image(), "MPO", save_all=True, append_images=[second]))
    assert decoded.media_type == "image/jpeg"
    assert np.abs(decoded.rgb.astype(int) - picture()).mean() < 6


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF", "TIFF"])
def test_several_frames_are_refused(kind: str) -> None:
    second = Image.fromarray(picture()[::-1].copy())
    data = encoded(rgb_image(), kind, save_all=True, append_images=[second])
    with pytest.raises(AnimatedImageError, match=kind) as caught:
        decode_image(data)
    assert caught.value.code == "animated-image"


def test_no_bytes() -> None:
    with pytest.raises(EmptyImageError) as caught:
        decode_image(b"")
    assert caught.value.code == "empty-image"


@pytest.mark.parametrize("data", [b"hello, world" * 9, bytes(500), b"{}", b"\x7fELF" + bytes(99)])
def test_not_an_image(data: bytes) -> None:
    with pytest.raises(NotAnImageError) as caught:
        decode_image(data)
    assert caught.value.code == "not-an-image"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("PDF", b"%PDF-1.7\n" + bytes(40)),
        ("SVG", b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'),
        ("JPEG XL", b"\xff\x0a" + bytes(40)),
        ("Photoshop", b"8BPS" + bytes(40)),
        ("MP4", b"\0\0\0\x18ftypisom" + bytes(40)),
        ("JPEG 2000", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40)),
        ("Netpbm", b"P6\n2 2\n255\n" + bytes(12)),
        ("floating-point", encoded(rgb_image().convert("F"), "TIFF")),
        ("32-bit integer", encoded(rgb_image().convert("I"), "TIFF")),
        ("CIELAB", encoded(rgb_image().convert("LAB"), "TIFF")),
    ],
)
def test_other_kinds_are_refused_by_name(name: str, data: bytes) -> None:
    with pytest.raises(UnsupportedImageError, match=name) as caught:
        decode_image(data)
    assert caught.value.code == "unsupported-image"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_truncated(kind: str, kept: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    with pytest.raises(TruncatedImageError) as caught:
        decode_image(data[: int(len(data) * kept)])
    assert caught.value.code == "truncated-image"


@pytest.mark.parametrize(
    ("width", "height"), [(20_000, 20_000), (10_000, 10_000), (8_000, 7_000), (12_001, 4)]
)
def test_too_many_pixels_are_refused_before_decoding(width: int, height: int) -> None:
    # Decoding would fail differently: the file holds no such pixels.
    with pytest.raises(ImageTooLargeError) as caught:
        decode_image(png_header(width, height))
    assert caught.value.code == "image-too-large"


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_too_many_pixels_where_warnings_are_not_errors() -> None:
    with pytest.raises(ImageTooLargeError, match="10000x10000"):
        decode_image(png_header(10_000, 10_000))


def test_limits_can_be_set() -> None:
    data = encoded(rgb_image(), "PNG")
    assert decode_image(data, ImageLimits(max_pixels=48 * 32, max_side=48)).width == 48
    with pytest.raises(ImageTooLargeError):
        decode_image(data, ImageLimits(max_pixels=48 * 32 - 1, max_side=48))
    with pytest.raises(ImageTooLargeError):
        decode_image(data, ImageLimits(max_pixels=48 * 32, max_side=47))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_damaged_files_end_in_our_errors(kind: str) -> None:
    """120 files with bytes changed, inserted or left out: each decodes or is an ImageError."""
    chance = random.Random(kind)
    data = encoded(rgb_image(), kind)
    refused = 0
    for _ in range(120):
        damaged = bytearray(data)
        for _ in range(chance.choice([1, 3, 20])):
            # Headers are the smaller part of a file and break in more ways.
            reach = min(200, len(damaged)) if chance.random() < 0.6 else len(damaged)
            at = chance.randrange(reach)
            damaged[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        try:
            decoded = decode_image(bytes(damaged), ImageLimits(max_pixels=10_000_000))
        except ImageError:
            refused += 1
        else:
            assert decoded.rgb.shape == (decoded.height, decoded.width, 3)
    assert refused > 10


MARK = SyntheticMark("rig", {"AU12": 4.0, "AU06": 2.5}, 1234)


@pytest.mark.parametrize("shape", [(32, 48, 3), (1, 1, 3), (1, 7, 3), (224, 224, 3)])
def test_png_holds_the_pixels(shape: tuple[int, int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, shape, dtype=np.uint8)
    data = encode_png(pixels, MARK)
    with Image.open(io.BytesIO(data)) as image:
        image.verify()
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(np.asarray(image), pixels)


def test_png_of_a_view_of_an_array() -> None:
    view = picture()[::2, ::-1]
    assert np.array_equal(decode_image(encode_png(view)).rgb, view)


def test_png_bytes_are_the_same_each_time() -> None:
    other_order = SyntheticMark("rig", {"AU06": 2.5, "AU12": 4.0}, 1234)
    assert encode_png(picture(), MARK) == encode_png(picture(), other_order)
    assert encode_png(picture(), MARK) != encode_png(picture())


def test_the_mark_is_read_back() -> None:
    assert read_mark(encode_png(picture(), MARK)) == MARK
    awkward = SyntheticMark("a \"b\" <c> & 'd'\né", {}, -3)
    assert read_mark(encode_png(picture(), awkward)) == awkward


def test_the_mark_is_xmp_that_others_read() -> None:
    with Image.open(io.BytesIO(encode_png(picture(), MARK))) as image:
        packet = image.info["XML:com.adobe.xmp"]
    iptc = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
    found = [element.attrib[iptc] for element in ET.fromstring(packet).iter() if element.attrib]
    assert found[-1] == (
        "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
    )
    assert "Iptc4xmpExt:DigitalSourceType" in packet


def test_images_without_a_mark() -> None:
    assert read_mark(encode_png(picture())) is None
    assert read_mark(encoded(rgb_image(), "JPEG")) is None
    assert read_mark(b"") is None
    assert read_mark(encode_png(picture(), MARK)[:60]) is None


def test_a_mark_with_entities_is_not_parsed() -> None:
    data = encode_png(picture(), MARK)
    with Image.open(io.BytesIO(data)) as image:
        packet = image.info["XML:com.adobe.xmp"]
    bomb = packet.replace("<x:", '<!DOCTYPE x [<!ENTITY a "b">]><x:', 1)
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", bomb)
    assert read_mark(encoded(rgb_image(), "PNG", pnginfo=info)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_png_of_something_else_is_refused(wrong: ImageArray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        encode_png(wrong)


def _with_linear_curves(srgb: bytes) -> bytes:
    """An sRGB profile whose three tone curves are replaced by straight lines.

    In ICC.1 a curve with no entries is the identity; the description must not say sRGB, or the
    profile would be taken at its word.
    """
    profile = bytearray(srgb)
    (count,) = struct.unpack_from(">I", profile, 128)
    identity = b"curv" + bytes(8)
    for tag in range(count):
        at = 132 + 12 * tag
        name, offset, size = struct.unpack_from(">4sII", profile, at)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            profile[offset : offset + len(identity)] = identity
            struct.pack_into(">I", profile, at + 8, len(identity))
        if name == b"desc":
            text = bytes(profile[offset : offset + size])
            profile[offset : offset + size] = text.replace("sRGB".encode("utf-16-be"), b"\0l" * 4)
    return bytes(profile)


def test_a_jpeg_is_marked_as_a_png_is_and_looks_the_same() -> None:
    rgb = picture()
    mark = SyntheticMark("rig", {"AU12": 4.0, "AU43L": 2.5}, 7)
    content = encode_jpeg(rgb, mark)
    assert content == encode_jpeg(rgb, mark)
    assert read_mark(content) == mark
    assert read_mark(encode_jpeg(rgb)) is None
    decoded = decode_image(content)
    assert decoded.media_type == "image/jpeg"
    assert np.abs(decoded.rgb.astype(int) - rgb).mean() < 3
    with pytest.raises(ValueError, match="uint8"):
        encode_jpeg(rgb[..., 0])
