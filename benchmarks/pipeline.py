"""How long an image takes, step by step and from request to stored drawing.

Run as ``python -m benchmarks.pipeline``; prints Markdown. Photos are variants of scikit-image's
portrait unless ``--data`` names a folder of others.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.end_to_end import print_end_to_end, random_targets
from benchmarks.machine import described
from benchmarks.portraits import as_jpegs, portraits
from benchmarks.timing import TABLE_HEAD, measure, table_row
from models.facs import Target
from models.generators.paste import drawing_size, paste_back
from models.generators.rig import RigGenerator
from models.images import SyntheticMark, decode_image, encode_png
from models.registration import Registrar, load_registrar
from models.registration.face import FACE_SIZE, ImageArray, RegisteredFace
from models.registration.frontalise import frontalise
from models.registration.procrustes2d import register_2d
from models.registration.pyramid import Pyramid
from worker.threads import available_cores, share_cores

T = TypeVar("T")
SMILE = {"AU06": 3.0, "AU12": 4.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder of photos (*.jpg)")
    parser.add_argument("--photos", type=int, default=10)
    parser.add_argument("--targets", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5, help="of service and bare loop in turn")
    parser.add_argument("--cores", type=int, help="use that many, for everything")
    options = parser.parse_args()
    if options.cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    share_cores(1)
    print(described())
    photos = portraits(options.photos, options.data)
    sizes = sorted({photo.size for photo in photos})
    print(f"{len(photos)} photos of {sizes[0][0]}x{sizes[0][1]} to {sizes[-1][0]}x{sizes[-1][1]} "
          f"pixels; {available_cores()} cores used.\n")  # fmt: skip
    registrar = load_registrar()
    _print_steps(registrar, as_jpegs(photos, 0))
    print_end_to_end(registrar, photos, random_targets(options.targets), options.rounds)


def _print_steps(registrar: Registrar, files: Sequence[bytes], rounds: int = 12) -> None:
    rig, target = RigGenerator(), Target.parse(SMILE).array()
    decoded = [decode_image(file).rgb for file in files]
    found = [(photo, registrar.locate(photo)[0].mesh) for photo in decoded]
    faces = [registrar.register(photo) for photo in decoded]
    pasted = [(face, _draw(rig, face, drawing_size(face))) for face in faces]
    mark = SyntheticMark("rig", SMILE, 0)

    def show(name: str, step: Callable[[T], object], inputs: Sequence[T]) -> None:
        print(table_row(name, measure(step, inputs, rounds)))

    print("### Milliseconds an image, one process\n")
    print(TABLE_HEAD)
    show("decode a JPEG", decode_image, files)
    show("detect + mesh, all faces of the photo", registrar.locate, decoded)
    show("register 3D, mesh given", lambda pair: frontalise(Pyramid(pair[0]), pair[1]), found)
    show("register 2D, mesh given", lambda pair: register_2d(Pyramid(pair[0]), pair[1]), found)
    show("**detect + mesh + register 3D**, largest face", registrar.register, decoded)
    show(
        "detect + mesh + register 2D, largest face",
        lambda photo: registrar.register(photo, kind="2d"),
        decoded,
    )
    show("first expression of a person, 224 px", lambda face: _draw(rig, replace(face)), faces)
    show("**one expression, 224 px**, person measured before", partial(_draw, rig), faces)
    show(
        "one expression at the photo's resolution",
        lambda face: _draw(rig, face, drawing_size(face)),
        faces,
    )
    show("paste-back of that", lambda pair: paste_back(*pair, target), pasted)
    show("encode a face as PNG, 224 px", lambda face: encode_png(face.image, mark), faces)
    show("encode a photo as PNG", lambda photo: encode_png(photo, mark), decoded)
    print()


def _draw(rig: RigGenerator, face: RegisteredFace, size: int = FACE_SIZE) -> ImageArray:
    target = Target.parse(SMILE).array()
    return np.asarray(rig.generate([face], target[None], size=size)[0])


if __name__ == "__main__":
    main()
