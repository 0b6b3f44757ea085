"""Make ``tests/models/registration/average_skin.jpg``: the skin of the known head in the tests.

    python -m scripts.average_skin DATA

DATA holds ``london/neutral/*.jpg`` and ``canada/*.jpg`` (people, CC BY 4.0, see
``fit_canonical_face.py``). Every neutral face is laid onto the canonical mesh, seen from the
front, and the pictures are averaged: a head of known shape needs a skin that no single face's
habits lean to one side. No person can be told from the average of 108.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from models.images import decode_image
from models.registration.registrar import load_registrar
from scripts.measure_head_pose import FRONTAL, canonical_head

OUTPUT = Path(__file__).resolve().parents[1] / "tests/models/registration/average_skin.jpg"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    options = parser.parse_args(arguments)
    photos = sorted((options.data / "london/neutral").glob("*.jpg"))
    photos += sorted((options.data / "canada").glob("*.jpg"))
    registrar = load_registrar()
    total = np.zeros((512, 512, 3))
    for path in photos:
        face = registrar.register(decode_image(path.read_bytes()).rgb)
        skin = face.photo_view.project(face.mesh)[:, :2]
        total += canonical_head(face.photo, skin, FRONTAL)
    average = np.rint(total / len(photos)).astype(np.uint8)
    cv2.imwrite(str(OUTPUT), average[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])


if __name__ == "__main__":
    main()
