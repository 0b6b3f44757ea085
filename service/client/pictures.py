"""Pictures as notebooks show them."""

from __future__ import annotations

import base64
import io
from html import escape
from pathlib import Path

from PIL import Image


class Picture(bytes):
    """The bytes of a picture, which a notebook shows."""

    def image(self) -> Image.Image:
        """The pixels, for Pillow and NumPy."""
        return Image.open(io.BytesIO(self))

    def save(self, path: Path | str) -> Path:
        """Write the bytes as they are, synthetic mark and all."""
        target = Path(path)
        target.write_bytes(self)
        return target

    def __repr__(self) -> str:
        width, height = self.image().size
        return f"<Picture {width}x{height}, {len(self):,} bytes>"

    def _repr_png_(self) -> bytes | None:
        return bytes(self) if self.startswith(b"\x89PNG") else None

    def _repr_jpeg_(self) -> bytes | None:
        return bytes(self) if self.startswith(b"\xff\xd8") else None


class Pictures(list[Picture]):
    """Pictures beside each other, each with a line below it."""

    def __init__(self, pictures: list[Picture], captions: list[str], height: int = 224) -> None:
        """Shown `height` pixels high; what is saved keeps its size."""
        super().__init__(pictures)
        self.captions = captions
        self.height = height

    def _repr_html_(self) -> str:
        figures = "".join(
            f'<figure style="margin:4px"><img height="{self.height}" alt="{escape(caption)}" '
            f'src="data:image;base64,{base64.b64encode(picture).decode()}">'
            f"<figcaption>{escape(caption)}</figcaption></figure>"
            for picture, caption in zip(self, self.captions, strict=True)
        )
        return f'<div style="display:flex;flex-wrap:wrap">{figures}</div>'
