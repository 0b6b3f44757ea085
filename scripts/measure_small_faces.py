"""From what size on faces are read as at full size.

Run as ``python -m scripts.measure_small_faces --data FOLDER`` with london/ in it. Photographs of
people who did not train `compact` are scaled down and read again; prints a Markdown table.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from models.estimators.reader import Reader
from models.estimators.shipped import shipped_checkpoint
from models.facs import presence
from models.images import decode_image
from models.registration import RegistrationError, load_registrar
from scripts.train_compact.people import split_people

_WIDTHS: Final = (8, 12, 16, 20, 24, 28, 32, 40, 64, 128)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with london/ and canada/")
    people = [one for one in split_people(parser.parse_args().data) if one.split != "train"]
    neutral = [decode_image(one.neutral.read_bytes()).rgb for one in people]
    smiling = [decode_image(one.smiling.read_bytes()).rgb for one in people if one.smiling]
    photos = [*neutral, *smiling]
    registrar, reader = load_registrar(), Reader(shipped_checkpoint("compact"))
    located = [registrar.find(photo) for photo in photos]
    whole = reader.estimate(
        np.stack(
            [registrar.register(p, face=f).image for p, f in zip(photos, located, strict=True)]
        )
    ).intensities
    at_rest = presence(whole[: len(neutral)]).mean()
    print(f"At full size {at_rest:.1%} of AUs are read as present on neutral faces.\n")
    print("| pixels wide | found | mean change | 95% below | present on neutral faces |")
    print("|---|---|---|---|---|")
    for width in _WIDTHS:
        rows, images = [], []
        for row, (photo, face) in enumerate(zip(photos, located, strict=True)):
            share = width / face.box[2]
            small = cv2.resize(photo, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
            try:
                images.append(registrar.register(np.asarray(small, np.uint8)).image)
            except RegistrationError:
                continue
            rows.append(row)
        read = reader.estimate(np.stack(images)).intensities
        change = np.abs(read - whole[rows])
        false = presence(read[np.array(rows) < len(neutral)]).mean()
        print(
            f"| {width} | {len(rows)} of {len(photos)} | {change.mean():.2f} | "
            f"{np.quantile(change, 0.95):.2f} | {false:.1%} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
