"""Tiny corpora with faces that can be found, and archives of them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from tests.support.pictures import encoded, no_face, portrait_image

LABELS = ("AU06", "AU12")


@cache
def face(number: int) -> bytes:
    """A JPEG of a face; each number is a little different, odd ones are mirrored."""
    photo = portrait_image(224)
    if number % 2:
        photo = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    bright = np.clip(np.asarray(photo, float) * (0.8 + 0.03 * number), 0, 255)
    return encoded(Image.fromarray(bright.astype(np.uint8)), "JPEG", quality=95)


def folder_files(people: int = 2, each: int = 7, *, faceless: int = 1) -> dict[str, bytes]:
    """A corpus of the layout `folder`: every person neutral, then AU12 and AU06 from A to E; the
    last frames of it show no face. There is one frame more for each of those."""
    rows = ["file,subject,AU06,AU12"]
    files: dict[str, bytes] = {"LICENSE": b"Pictures for tests; do with them what you like.\n"}
    for person in range(people):
        for number in range(each):
            name = f"person{person}/{number:03d}.jpg"
            files[name] = face(number % 7 + person)
            rows.append(f"{name},person{person},{max(number % 7 - 1, 0)},{max(number % 7 - 1, 0)}")
    for number in range(faceless):
        name = f"person0/faceless{number}.jpg"
        files[name] = no_face()
        rows.append(f"{name},person0,0,0")
    files["labels.csv"] = ("\n".join(rows) + "\n").encode()
    return files


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip archive of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def written(files: Mapping[str, bytes], folder: Path) -> Path:
    """The files in a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
