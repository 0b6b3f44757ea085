"""Images in and out: untrusted bytes to upright RGB, and RGB to PNGs that say what they are.

Needs only Pillow, pi-heif and NumPy. Nothing is decoded before its size is known to be acceptable.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from models.file_kinds import accepted_photo, other_kind
from models.heif import is_heif, open_heif
from models.marking import SyntheticMark, read_xmp_packet, xmp_packet
from models.png import write_png

__all__ = [
    "ACCEPTED_NAMES",
    "PHOTO_SUFFIXES",
    "AnimatedImageError",
    "DecodedImage",
    "EmptyImageError",
    "ImageArray",
    "ImageError",
    "ImageLimits",
    "ImageTooLargeError",
    "NotAnImageError",
    "SyntheticMark",
    "TruncatedImageError",
    "UnsupportedImageError",
    "decode_image",
    "encode_jpeg",
    "encode_png",
    "read_mark",
]

ImageArray = npt.NDArray[np.uint8]


class ImageError(ValueError):
    """Bytes that are not an acceptable image; `code` names the reason."""

    code: ClassVar[str]


class EmptyImageError(ImageError):
    """There are no bytes."""

    code = "empty-image"


class NotAnImageError(ImageError):
    """The bytes are no image of any kind known here."""

    code = "not-an-image"


class TruncatedImageError(ImageError):
    """The image begins well, but is cut short or damaged."""

    code = "truncated-image"


class ImageTooLargeError(ImageError):
    """The image has too many pixels; it was not decoded."""

    code = "image-too-large"


class AnimatedImageError(ImageError):
    """The image has several frames or pages."""

    code = "animated-image"


class UnsupportedImageError(ImageError):
    """An image of a kind that is not accepted; the message names the kind."""

    code = "unsupported-image"


@dataclass(frozen=True)
class ImageLimits:
    """How large an image may be. 50 megapixels take 50e6 * 3 B = 150 MB decoded."""

    max_pixels: int = 50_000_000
    max_side: int = 12_000


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """An image as its maker meant it to be seen.

    Attributes:
        rgb: uint8 (height, width, 3), sRGB, upright, alpha laid over white.
        width, height: in pixels, upright.
        media_type: of the bytes it came from, such as ``image/jpeg``.
    """

    rgb: ImageArray
    width: int
    height: int
    media_type: str


_ACCEPTED: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
ACCEPTED_NAMES: Final = "JPEG, PNG, HEIC, HEIF, WebP, GIF, BMP, TIFF or AVIF"
_ASK_FOR: Final = f"Send a {ACCEPTED_NAMES} image."
PHOTO_SUFFIXES: Final = frozenset(
    {
        ".jpg", ".jpeg", ".jfif", ".png", ".heic", ".heif", ".hif", ".webp", ".gif", ".bmp", ".tif",
        ".tiff", ".avif",
    }
)  # fmt: skip
"""Of files that hold a photo, where others lie beside them; the bytes decide what a file is."""

_CONVERTIBLE: Final = frozenset(
    {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}
)
_DEEP_GREY: Final = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_DAMAGE: Final = (
    OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, IndexError, KeyError,
    TypeError, OverflowError, RuntimeError, ZeroDivisionError, Warning,
)  # fmt: skip
"""What Pillow's readers raise on damaged files, found by damaging files of every kind; Warning,
where the caller has made warnings errors."""


def decode_image(data: bytes, limits: ImageLimits | None = None) -> DecodedImage:
    """Decode one still image.

    Grey, grey with alpha, RGBA, palette, CMYK and 16-bit images are converted, embedded colour
    profiles are brought to sRGB and the EXIF orientation is applied. Alpha is laid over white.

    Raises:
        EmptyImageError, NotAnImageError, TruncatedImageError, ImageTooLargeError,
        AnimatedImageError, UnsupportedImageError.
    """
    limits = limits or ImageLimits()
    upright, media_type = _heif(data, limits) if is_heif(data) else _by_pillow(data, limits)
    try:
        rgb = np.array(_to_rgb(upright), np.uint8)
    except _DAMAGE as error:
        raise _damaged(None) from error
    return DecodedImage(rgb, int(rgb.shape[1]), int(rgb.shape[0]), media_type)


def _by_pillow(data: bytes, limits: ImageLimits) -> tuple[Image.Image, str]:
    """The upright image and its media type."""
    with _open(data) as image:
        media_type = Image.MIME["JPEG" if image.format == "MPO" else str(image.format)]
        _check_size(*image.size, limits)
        _check_frames(image)
        _check_mode(image)
        try:
            image.load()
            return ImageOps.exif_transpose(image), media_type
        except _DAMAGE as error:
            raise _damaged(image.format) from error


def _heif(data: bytes, limits: ImageLimits) -> tuple[Image.Image, str]:
    # A HEIF file says itself how it is turned, and the library turns it; its EXIF is not asked.
    try:
        photo = open_heif(data)
    except _DAMAGE as error:
        if "Security limit exceeded" in str(error):
            raise _far_too_large() from error
        raise _damaged("HEIF") from error
    _check_size(photo.width, photo.height, limits)
    if photo.pictures > 1:
        raise _several("HEIF", "pictures")
    try:
        return photo.decoded(), photo.media_type
    except _DAMAGE as error:
        raise _damaged("HEIF") from error


def _open(data: bytes) -> Image.Image:
    if not data:
        raise EmptyImageError("The image is empty: it has no bytes.")
    try:
        return Image.open(io.BytesIO(data), formats=_ACCEPTED)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _far_too_large() from error
    except UnidentifiedImageError as error:
        raise _unidentified(data) from error
    except _DAMAGE as error:
        raise _damaged(None) from error


def _unidentified(data: bytes) -> ImageError:
    kind = other_kind(data)
    if kind is not None:
        return UnsupportedImageError(f"{kind} files are not accepted. {_ASK_FOR}")
    if accepted_photo(data):
        return _damaged(None)
    return NotAnImageError(f"These bytes are not an image. {_ASK_FOR}")


def _damaged(kind: str | None) -> TruncatedImageError:
    return TruncatedImageError(
        f"The {kind + ' ' if kind else ''}image is cut short or damaged. Send it again whole."
    )


def _check_size(width: int, height: int, limits: ImageLimits) -> None:
    if width * height > limits.max_pixels or max(width, height) > limits.max_side:
        raise ImageTooLargeError(
            f"The image is {width}x{height} pixels; at most {limits.max_pixels} pixels and "
            f"{limits.max_side} on a side are accepted."
        )


def _far_too_large() -> ImageTooLargeError:
    return ImageTooLargeError(
        "The image has far more pixels than are accepted, and was not decoded."
    )


def _check_frames(image: Image.Image) -> None:
    # Cameras write a preview or a second eye behind a JPEG (MPO); the photo itself is the first.
    if image.format == "MPO":
        return
    try:
        several = bool(getattr(image, "is_animated", False))
    except _DAMAGE as error:
        raise _damaged(image.format) from error
    if several:
        raise _several(str(image.format), "pages" if image.format == "TIFF" else "frames")


def _several(kind: str, what: str) -> AnimatedImageError:
    return AnimatedImageError(f"The {kind} image has several {what}. Send one still image.")


def _check_mode(image: Image.Image) -> None:
    if image.mode in _CONVERTIBLE or image.mode in _DEEP_GREY:
        return
    names = {
        "I": "32-bit integer", "F": "floating-point", "LAB": "CIELAB", "HSV": "HSV",
    }  # fmt: skip
    kind = names.get(image.mode, image.mode)
    raise UnsupportedImageError(f"{kind} {image.format} images are not accepted. {_ASK_FOR}")


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in _DEEP_GREY:
        deep = np.asarray(image, np.float32)
        image = Image.fromarray(np.rint(deep / 257).astype(np.uint8))
    if image.mode in ("P", "PA", "LA", "La", "RGBA", "RGBa") or "transparency" in image.info:
        image = _over_white(image)
    return _to_srgb(image)


def _over_white(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    # Pillow turns premultiplied modes only into their plain counterparts.
    plain = {"La": "LA", "RGBa": "RGBA"}.get(image.mode)
    rgba = (image.convert(plain) if plain else image).convert("RGBA")
    flat = Image.new("RGB", rgba.size, (255, 255, 255))
    flat.paste(rgba, mask=rgba.getchannel("A"))
    if profile:
        flat.info["icc_profile"] = profile
    return flat


def _to_srgb(image: Image.Image) -> Image.Image:
    """RGB in sRGB; an image without a readable profile for its mode is taken to be sRGB."""
    profile = image.info.get("icc_profile")
    if not profile:
        return image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode == "RGB" and "sRGB" in ImageCms.getProfileDescription(source):
            return image
        converted = ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError):
        return image.convert("RGB")
    return image.convert("RGB") if converted is None else converted


_XMP_KEYWORD: Final = "XML:com.adobe.xmp"
_JPEG_QUALITY: Final = 88


def encode_png(rgb: ImageArray, mark: SyntheticMark | None = None) -> bytes:
    """PNG bytes of uint8 (H, W, 3) RGB; the same pixels and mark give the same bytes.

    Args:
        mark: written as XMP, for an image that a generator has drawn.

    Raises:
        ValueError: `rgb` has another shape or type.
    """
    _check_rgb(rgb)
    return write_png(rgb, {} if mark is None else {_XMP_KEYWORD: xmp_packet(mark)})


def encode_jpeg(rgb: ImageArray, mark: SyntheticMark | None = None) -> bytes:
    """JPEG bytes of uint8 (H, W, 3) RGB, a tenth of a PNG's, to be looked at; else as `encode_png`.

    Raises:
        ValueError: `rgb` has another shape or type.
    """
    _check_rgb(rgb)
    out = io.BytesIO()
    xmp = {} if mark is None else {"xmp": xmp_packet(mark).encode()}
    Image.fromarray(rgb).save(out, "JPEG", quality=_JPEG_QUALITY, **xmp)
    return out.getvalue()


def read_mark(content: bytes) -> SyntheticMark | None:
    """The mark that `encode_png` or `encode_jpeg` wrote; None when the bytes carry none."""
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            packet = image.info.get(_XMP_KEYWORD) or image.info.get("xmp")
    except (UnidentifiedImageError, Image.DecompressionBombError, *_DAMAGE):
        return None
    if isinstance(packet, bytes):
        packet = packet.decode("utf-8", "replace")
    return read_xmp_packet(packet) if isinstance(packet, str) else None


def _check_rgb(rgb: ImageArray) -> None:
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        raise ValueError(f"an image is uint8 (H, W, 3), not {rgb.dtype} {rgb.shape}")
