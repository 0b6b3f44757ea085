"""Holds the refined mesh against the one in use, on photographs and drawings of studio faces.

Run as ``python -m scripts.measure_meshes --data DATA [--people 24]``; prints Markdown. Consistency
is the distance between a contour found in a photo and in its mirror image, or by a poorer camera,
in per cent of the outer-eye distance. Drawings are put back into the photo and found again: what
matters is how far an opening changes for how much the change differs from person to person.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import process_time
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.wild import poor_camera
from models.facs import Target
from models.generators.paste import paste_back
from models.generators.rig import RigGenerator
from models.registration.canonical import canonical_face
from models.registration.contours import INNER_LIPS, LEFT_EYE, OUTER_LIPS, RIGHT_EYE, Opening
from models.registration.face import FloatArray, ImageArray, RegisteredFace
from models.registration.refined import RefinedFinder, load_refined_finder
from models.registration.registrar import Registrar, RegistrationError, load_registrar
from scripts.fit_rig.photos import read_face
from scripts.train_compact.people import split_people

Finder = Callable[[ImageArray], FloatArray]
"""A photo's mesh, float32 (468, 3) in its pixels."""
CONTOURS: Final[Mapping[str, tuple[Opening, ...]]] = {
    "eyes": (RIGHT_EYE, LEFT_EYE),
    "outer lips": (OUTER_LIPS,),
    "inner lips": (INNER_LIPS,),
}
DRAWN: Final = (
    ("AU05", "E", "eyes"), ("AU07", "C", "eyes"), ("AU07", "E", "eyes"), ("AU43", "C", "eyes"),
    ("AU43", "E", "eyes"), ("AU23", "E", "outer lips"), ("AU24", "E", "outer lips"),
    ("AU25", "B", "inner lips"), ("AU25", "E", "inner lips"),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--people", type=int, default=24)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    registrar, refined = load_registrar(), load_refined_finder()
    finders = {"in use": in_use(registrar), "refined": finer(registrar, refined)}
    people = [one for one in split_people(args.data) if one.split == "test"][: args.people]
    faces = [read_face(registrar, person.neutral) for person in people]
    print(f"{len(faces)} people.\n\n| contour | change | in use | refined |\n|---|---|---|---|")
    for change, made in (("mirror image", mirrored), ("poorer camera", poor_camera)):
        for contour in CONTOURS:
            cells = [_spread([apart(find, face.photo, made, contour) for face in faces])
                     for find in finders.values()]  # fmt: skip
            print(f"| {contour} | {change} | {cells[0]} | {cells[1]} |", flush=True)
    print("\n| drawn | opening | in use: change, over its spread | refined |\n|---|---|---|---|")
    for au, level, contour in DRAWN:
        pictures = drawn(faces, au, level)
        cells = [changes(find, faces, pictures, contour) for find in finders.values()]
        print(f"| {au} {level} | {contour} | {cells[0]} | {cells[1]} |", flush=True)
    print()
    for name, find in finders.items():
        start = process_time()
        for face in faces:
            find(face.photo)
        print(f"{name}: {1e3 * (process_time() - start) / len(faces):.1f} ms of a processor a face")


def in_use(registrar: Registrar) -> Finder:
    """What registration finds."""
    return lambda photo: registrar.locate(photo)[0].mesh


def finer(registrar: Registrar, refined: RefinedFinder) -> Finder:
    """The refined mesh, from the place that registration finds."""
    return lambda photo: refined.refine(photo, registrar.locate(photo)[0].mesh).mesh


def mirrored(photo: ImageArray) -> ImageArray:
    """The mirror image."""
    return np.ascontiguousarray(photo[:, ::-1])


def apart(
    find: Finder, photo: ImageArray, change: Callable[[ImageArray], ImageArray], contour: str
) -> float:
    """Mean distance of a contour's vertices, per cent of the outer-eye distance; NaN: no face."""
    try:
        one, other = find(photo), find(change(photo))
    except (RegistrationError, IndexError):
        return float("nan")
    if change is mirrored:
        other = other[canonical_face().mirror].copy()
        other[:, 0] = photo.shape[1] - 1 - other[:, 0]
    rows = [v for opening in CONTOURS[contour] for v in (*opening.upper, *opening.lower)]
    distance = np.linalg.norm(one[rows, :2] - other[rows, :2], axis=1).mean()
    return 100 * float(distance / _eyes(one))


def drawn(faces: Sequence[RegisteredFace], au: str, level: str) -> list[ImageArray]:
    """Everybody's photo with one AU drawn into it."""
    target = Target.parse({au: level}).array()
    targets = np.repeat(target[None], len(faces), axis=0)
    drawings = RigGenerator().generate(list(faces), targets)
    return [paste_back(face, one, target) for face, one in zip(faces, drawings, strict=True)]


def changes(
    find: Finder, faces: Sequence[RegisteredFace], pictures: Sequence[ImageArray], contour: str
) -> str:
    """Mean change of an opening's height, and that over its standard deviation over people."""
    values = []
    for face, picture in zip(faces, pictures, strict=True):
        try:
            before, after = find(face.photo), find(picture)
        except (RegistrationError, IndexError):
            continue
        values.append(_height(after, contour) - _height(before, contour))
    read = np.array(values)
    return f"{read.mean():+.1f}, {abs(read.mean()) / read.std(ddof=1):.1f}"


def _height(mesh: FloatArray, contour: str) -> float:
    """Middle height of an opening, per cent of the outer-eye distance."""
    heights = [
        np.linalg.norm(
            mesh[opening.upper[len(opening.upper) // 2], :2]
            - mesh[opening.lower[len(opening.lower) // 2], :2]
        )
        for opening in CONTOURS[contour]
    ]
    return 100 * float(np.mean(heights) / _eyes(mesh))


def _eyes(mesh: FloatArray) -> float:
    return float(np.linalg.norm(mesh[33, :2] - mesh[263, :2]))


def _spread(values: Sequence[float]) -> str:
    known: npt.NDArray[np.float64] = np.array([one for one in values if not np.isnan(one)])
    return f"{known.mean():.2f} ({known.std(ddof=1):.2f})"


if __name__ == "__main__":
    main()
