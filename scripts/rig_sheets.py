"""Draws the contact sheets under ``docs/``: every AU, combinations, and faces put back.

Run as ``python -m scripts.rig_sheets --data DATA`` where DATA holds ``london/`` and ``canada/``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageDraw

from models.contact_sheet import contact_sheet
from models.facs import AU_NAMES, SUPPORTED_AUS, Target
from models.generators.paste import drawing_size, paste_back
from models.generators.rig import RigGenerator
from models.images import ImageArray
from models.registration import load_registrar
from models.registration.face import FloatArray, RegisteredFace
from scripts.fit_rig.photos import read_face

PEOPLE: Final = (
    "london/neutral/005.jpg", "london/neutral/025.jpg", "london/neutral/008.jpg",
    "london/neutral/038.jpg", "canada/024f.jpg", "canada/115m.jpg",
)  # fmt: skip
COMBINATIONS: Final[Mapping[str, Mapping[str, object]]] = {
    "smile\n6C 12D 25C": {"AU06": "C", "AU12": "D", "AU25": "C"},
    "surprise\n1D 2D 5D 26D": {"AU01": "D", "AU02": "D", "AU05": "D", "AU26": "D"},
    "anger\n4E 7C 23D": {"AU04": "E", "AU07": "C", "AU23": "D"},
    "disgust\n9D 10D 17C": {"AU09": "D", "AU10": "D", "AU17": "C"},
    "sadness\n1D 4C 15D": {"AU01": "D", "AU04": "C", "AU15": "D"},
    "pain\n4D 6D 7D 9C 10C 43E": {
        "AU04": "D", "AU06": "D", "AU07": "D", "AU09": "C", "AU10": "C", "AU43": "E"},
    "fear\n1E 2C 4C 5E 20D 25C": {
        "AU01": "E", "AU02": "C", "AU04": "C", "AU05": "E", "AU20": "D", "AU25": "C"},
    "one side\n12L D": {"AU12L": "D"},
    "against each other\n12D 15D": {"AU12": "D", "AU15": "D"},
}  # fmt: skip
CLOSE: Final = ("canada/045f.jpg", "london/neutral/136.jpg", "london/neutral/025.jpg")
CLOSE_EYES: Final = ("AU05", "AU43", "AU07", "AU06", "AU04", "AU09")
CLOSE_MOUTH: Final = ("AU12", "AU14", "AU15", "AU20", "AU23", "AU24", "AU10", "AU25", "AU26")
_EYES: Final = (33, 263, 105, 334, 50)
_MOUTH: Final = (205, 425, 2, 199)
"""Vertices around what is shown close."""
_AROUND: Final = 0.12
"""Margin around them, of their width."""
_PER_LINE: Final = 5
_LARGEST: Final = 400_000
"""Bytes a sheet may take in the repository."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds london/ and canada/")
    parser.add_argument("--out", type=Path, default=Path("docs"))
    parser.add_argument("--png", action="store_true", help="write large PNGs, to look closely")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    registrar = load_registrar()
    faces = [read_face(registrar, options.data / name) for name in PEOPLE]
    close = [read_face(registrar, options.data / name) for name in CLOSE]
    sheets = [*_sheets(faces, 224 if options.png else 150), *_close_sheets(close)]
    for name, sheet in sheets:
        if options.png:
            Image.fromarray(sheet).save(options.out / f"{name}.png")
        else:
            save(sheet, options.out / f"{name}.jpg")


def _sheets(faces: Sequence[RegisteredFace], cell: int) -> Iterator[tuple[str, ImageArray]]:
    neutral = Target.parse({})
    for name, aus in (("rig_upper", SUPPORTED_AUS[:7]), ("rig_lips", SUPPORTED_AUS[7:13]),
                      ("rig_mouth", SUPPORTED_AUS[13:])):  # fmt: skip
        asked = {"neutral": neutral} | {
            f"{au} {level}\n{AU_NAMES[au]}": Target.parse({au: level})
            for au in aus
            for level in "CE"
        }
        rows = [[_face(face, target.array()) for target in asked.values()] for face in faces]
        yield name, contact_sheet(rows, [""] * len(rows), list(asked), cell)
    asked = {"neutral": neutral} | {name: Target.parse(aus) for name, aus in COMBINATIONS.items()}
    rows = [[_face(face, target.array()) for target in asked.values()] for face in faces]
    yield "rig_combinations", contact_sheet(rows, [""] * len(rows), list(asked), cell)
    few = {name: asked[name] for name in list(asked)[:7]}
    rows = [[_pasted(face, target.array()) for target in few.values()] for face in faces]
    yield "rig_pasted", contact_sheet(rows, [""] * len(rows), list(few), int(1.4 * cell))


def _close_sheets(faces: Sequence[RegisteredFace]) -> Iterator[tuple[str, ImageArray]]:
    """Eyes and mouths put back, pixel by pixel of the photo."""
    for name, aus, around in (("rig_close_eyes", CLOSE_EYES, _EYES),
                              ("rig_close_mouths", CLOSE_MOUTH, _MOUTH)):  # fmt: skip
        rows = [
            [_around(face, face.photo, around)]
            + [_around(face, _put_back(face, Target.parse({au: "E"}).array()), around)
               for au in aus]
            for face in faces
        ]  # fmt: skip
        cell = max(image.shape[1] for row in rows for image in row)
        yield name, _stacked(rows, ["photo", *(f"{au} E" for au in aus)], cell)


def _stacked(
    rows: Sequence[Sequence[ImageArray]], labels: Sequence[str], across: int
) -> ImageArray:
    """Rows of pictures at their own size, two lines of cells to a row where there are many."""
    lines = [row[at : at + _PER_LINE] for row in rows for at in range(0, len(row), _PER_LINE)]
    names = [labels[at : at + _PER_LINE] for _ in rows for at in range(0, len(labels), _PER_LINE)]
    heights = [max(image.shape[0] for image in line) + 18 for line in lines]
    sheet = Image.new("RGB", (_PER_LINE * (across + 4), sum(heights)), "white")
    pen, y = ImageDraw.Draw(sheet), 0
    for line, named, height in zip(lines, names, heights, strict=True):
        for column, (image, label) in enumerate(zip(line, named, strict=True)):
            x = column * (across + 4)
            pen.text((x + 2, y + 2), label, "black")
            sheet.paste(Image.fromarray(image), (x, y + 16))
        y += height
    return np.array(sheet, np.uint8)


def _around(face: RegisteredFace, photo: ImageArray, vertices: Sequence[int]) -> ImageArray:
    points = face.photo_view.project(face.mesh)[list(vertices), :2]
    margin = _AROUND * float(np.ptp(points[:, 0]))
    low = np.maximum(points.min(axis=0) - margin, 0).astype(int)
    high = (points.max(axis=0) + margin).astype(int)
    return np.ascontiguousarray(photo[low[1] : high[1], low[0] : high[0]])


def _face(face: RegisteredFace, target: FloatArray) -> ImageArray:
    return np.asarray(RigGenerator().generate([face], target[None])[0])


def _put_back(face: RegisteredFace, target: FloatArray) -> ImageArray:
    drawing = RigGenerator().generate([face], target[None], size=drawing_size(face))[0]
    return np.asarray(paste_back(face, drawing, target), np.uint8)


def _pasted(face: RegisteredFace, target: FloatArray) -> ImageArray:
    """The photo with `target`, cropped to the head."""
    photo = _put_back(face, target)
    points = face.photo_view.project(face.mesh)[:, :2]
    middle, half = (points.max(axis=0) + points.min(axis=0)) / 2, np.ptp(points[:, 1]) * 0.72
    low = np.maximum(middle - half, 0).astype(int)
    high = (middle + half).astype(int)
    return np.ascontiguousarray(photo[low[1] : high[1], low[0] : high[0]])


def save(sheet: ImageArray, path: Path) -> None:
    """As JPEG, of the best quality that stays small enough."""
    for quality in range(90, 30, -5):
        _, content = cv2.imencode(".jpg", sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        if len(content) <= _LARGEST:
            path.write_bytes(content.tobytes())
            return
    raise ValueError(f"{path} is too large at any quality; draw smaller cells")


if __name__ == "__main__":
    main()
