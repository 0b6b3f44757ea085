"""Draws the sheets of docs/characters.md.

python -m scripts.character_sheets [--out docs]
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.characters.cast import CAST
from models.characters.looks import Character
from models.characters.render import ImageArray, Shot, render
from models.facs import AU_NAMES, SUPPORTED_AUS, Target

EXPRESSIONS: Final[Mapping[str, Mapping[str, float]]] = {
    "at rest": {},
    "happiness": {"AU06": 4, "AU12": 4, "AU25": 3},
    "anger": {"AU04": 5, "AU05": 2, "AU07": 3, "AU23": 4, "AU24": 2},
    "surprise": {"AU01": 4, "AU02": 4, "AU05": 4, "AU25": 3, "AU26": 4},
    "sadness": {"AU01": 5, "AU04": 3, "AU15": 4, "AU17": 3},
    "disgust": {"AU09": 5, "AU10": 4, "AU17": 2},
    "fear": {"AU01": 5, "AU02": 4, "AU04": 4, "AU05": 5, "AU20": 4, "AU25": 3},
}
"""The six basic expressions, after the prototypes of EMFACS."""
_SIDE: Final = 150
_LINE: Final = 22


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    out = parser.parse_args().out
    cast = list(CAST.values())
    rows = [[_cell(each, target) for target in EXPRESSIONS.values()] for each in cast]
    _save(rows, list(EXPRESSIONS), [each.name for each in cast], out / "characters_cast.jpg")
    _save(*_aus(CAST["rory"]), out / "characters_aus.jpg")


def _cell(character: Character, target: Mapping[str, float]) -> ImageArray:
    shot = Shot(character, Target.parse(target).array())
    # Drawn large and made smaller: the full mesh has every tooth.
    picture = Image.fromarray(render(shot, 2 * _SIDE, "full"))
    return np.asarray(picture.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS), np.uint8)


def _aus(character: Character) -> tuple[list[list[ImageArray]], list[str], list[str]]:
    """Pairs of C and E, three AUs a row."""
    cells = [
        [
            _cell(character, {au: level})
            for au in SUPPORTED_AUS[start : start + 3]
            for level in (3, 5)
        ]
        for start in range(0, len(SUPPORTED_AUS), 3)
    ]
    titles = [
        "\n".join(f"{au} {AU_NAMES[au]}" for au in SUPPORTED_AUS[start : start + 3])
        for start in range(0, len(SUPPORTED_AUS), 3)
    ]
    return cells, ["C", "E"] * 3, titles


def _save(
    rows: Sequence[Sequence[ImageArray]], tops: Sequence[str], titles: Sequence[str], path: Path
) -> None:
    margin = 8 * max(len(line) for title in titles for line in title.split("\n")) + 8
    width = margin + _SIDE * max(map(len, rows))
    sheet = Image.new("RGB", (width, _LINE + _SIDE * len(rows)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for column, text in enumerate(tops):
        pen.text((margin + _SIDE * column + 4, 3), text, fill="black", font=font)
    for number, (row, title) in enumerate(zip(rows, titles, strict=True)):
        top = _LINE + _SIDE * number
        pen.multiline_text((4, top + 6), title, fill="black", font=font, spacing=8)
        for column, picture in enumerate(row):
            sheet.paste(Image.fromarray(picture), (margin + _SIDE * column, top))
    sheet.save(path, quality=86, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
