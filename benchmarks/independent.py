"""What networks that have nothing to do with Facsimile make of its photos: expression, identity.

    npm install --prefix PACKAGES @vladmandic/face-api@1.7 @tensorflow/tfjs@4 \
        @tensorflow/tfjs-backend-wasm@4
    python -m benchmarks.independent --data DATA --packages PACKAGES [--generator NAME]

face-api (MIT) holds an expression classifier, learnt from photos of real people, and a face
descriptor of 128 numbers by which the same person is told at distances below 0.6. Neither knows
FACS: the classifier tells whether prototypical expressions look like what they are, the
descriptor how much of the person is lost. Drawings are put back into their photos first. Nobody is
drawn who taught or chose the generator (`benchmarks.unseen`).
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.machine import described
from benchmarks.unseen import insist_unseen, unseen
from models.facs import SUPPORTED_AUS, Target
from models.generators.paste import drawing_size, paste_back
from models.generators.registry import load_generator
from models.hybrid.corrector import shipped_checkpoint as shipped_hybrid
from models.registration import load_registrar
from models.registration.face import ImageArray, RegisteredFace
from scripts.fit_rig.photos import read_face
from scripts.train_compact.people import split_people

PROTOTYPES: Final[Mapping[str, Mapping[str, float]]] = {
    "happy": {"AU06": 3, "AU12": 4, "AU25": 3},
    "surprised": {"AU01": 4, "AU02": 4, "AU05": 3, "AU25": 3, "AU26": 4},
    "sad": {"AU01": 4, "AU04": 3, "AU15": 4, "AU17": 2},
    "disgusted": {"AU09": 4, "AU10": 3, "AU17": 2},
    "angry": {"AU04": 4, "AU05": 2, "AU07": 3, "AU23": 3, "AU24": 2},
    "fearful": {"AU01": 4, "AU02": 3, "AU04": 3, "AU05": 4, "AU20": 3, "AU25": 3, "AU26": 2},
}
"""Ekman's prototypes, named as the classifier names them."""
SIDE: Final = 320
"""Pixels of the square around a face that the networks see."""
_PHOTO: Final = "the photo itself"
_SMILE: Final = "a real smile of theirs"


@dataclass(frozen=True)
class Reading:
    """One picture: whose and of what, with each expression's probability and the descriptor."""

    person: str
    shows: str
    expressions: Mapping[str, float]
    descriptor: npt.NDArray[np.float64]

    @property
    def first(self) -> str:
        return max(self.expressions, key=lambda name: self.expressions[name])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds london/ and canada/")
    parser.add_argument("--packages", type=Path, required=True, help="where npm installed face-api")
    parser.add_argument("--generator", default="rig")
    parser.add_argument("--people", type=int, default=12, help="of each collection")
    options = parser.parse_args()
    drawn = list(_pictures(options.data, options.people, options.generator))
    readings = _read(drawn, options.packages)
    print(described())
    print(f"{len(drawn)} photos, in {len(drawn) - len(readings)} no face was found.\n")
    _print_expressions(readings)
    _print_identity(readings)


def _pictures(data: Path, people: int, named: str) -> Iterator[tuple[str, str, ImageArray]]:
    """Person, what is shown, and uint8 (SIDE, SIDE, 3)."""
    registrar, generator = load_registrar(), load_generator(named)
    lineage = shipped_hybrid().config["lineage"] if named == "hybrid" else {}
    held_out = [one for one in split_people(data) if one.split == "test"]
    insist_unseen([one.name for one in held_out], lineage)
    london = [one.neutral for one in held_out]
    canada = [
        path
        for path in sorted((data / "canada").glob("*.jpg"))
        if unseen([f"canada-{path.stem}"], lineage)
    ]
    wanted = dict(PROTOTYPES) | {f"{au} at E": {str(au): 5.0} for au in SUPPORTED_AUS}
    for path in (*_spread(london, people), *_spread(canada, people)):
        face = read_face(registrar, path)
        person = f"{path.parent.name}/{path.stem}"
        yield person, _PHOTO, _crop(face, face.photo)
        smile = data / "london/smiling" / path.name
        if path in london and smile.exists():
            smiling = read_face(registrar, smile)
            yield person, _SMILE, _crop(smiling, smiling.photo)
        for shows, intensities in wanted.items():
            target = Target.parse(intensities).array()
            drawing = generator.generate([face], target[None], size=drawing_size(face))[0]
            yield person, shows, _crop(face, paste_back(face, drawing, target))


def _spread(paths: Sequence[Path], count: int) -> list[Path]:
    return [paths[int(i)] for i in np.linspace(0, len(paths) - 1, count).round()]


def _crop(face: RegisteredFace, photo: ImageArray) -> ImageArray:
    """The face with half its size around it."""
    outline = face.photo_view.project(face.mesh)[:, :2]
    low, high = outline.min(0), outline.max(0)
    scale = SIDE / (1.7 * float((high - low).max()))
    middle = (low + high) / 2
    affine = np.array([[scale, 0, SIDE / 2 - scale * middle[0]],
                       [0, scale, SIDE / 2 - scale * middle[1]]])  # fmt: skip
    small = cv2.warpAffine(
        photo, affine, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(small, np.uint8)


def _read(drawn: Sequence[tuple[str, str, ImageArray]], packages: Path) -> list[Reading]:
    node = shutil.which("node")
    if node is None:
        raise SystemExit("node is not installed")
    with tempfile.NamedTemporaryFile(suffix=".rgb") as faces:
        faces.writelines(picture.tobytes() for _, _, picture in drawn)
        faces.flush()
        script = Path(__file__).with_suffix(".cjs")
        done = subprocess.run(
            [node, str(script), str(packages), faces.name, str(len(drawn)), str(SIDE)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    answers = [json.loads(line) for line in done.stdout.splitlines() if line[:1] in "{n"]
    if len(answers) != len(drawn):
        raise SystemExit(f"{len(drawn)} answers wanted, {len(answers)} came")
    return [
        Reading(person, shows, answer["expressions"], np.array(answer["descriptor"]))
        for (person, shows, _), answer in zip(drawn, answers, strict=True)
        if answer is not None
    ]


def _print_expressions(readings: Sequence[Reading]) -> None:
    print("| drawn | named so | its mean probability | otherwise named |")
    print("| --- | ---: | ---: | --- |")
    for shows in PROTOTYPES:
        rows = [one for one in readings if one.shows == shows]
        right = sum(one.first == shows for one in rows)
        mean = np.mean([one.expressions[shows] for one in rows])
        others = Counter(one.first for one in rows if one.first != shows).most_common(2)
        named = ", ".join(f"{name} {count}" for name, count in others)
        print(f"| {shows} | {right} of {len(rows)} | {mean:.2f} | {named} |")


def _print_identity(readings: Sequence[Reading]) -> None:
    photos = {one.person: one.descriptor for one in readings if one.shows == _PHOTO}
    nearest = [
        min(float(np.linalg.norm(mine - other)) for theirs, other in photos.items() if theirs != me)
        for me, mine in photos.items()
    ]
    away: dict[str, list[float]] = {}
    for one in readings:
        if one.shows != _PHOTO and one.person in photos:
            distance = float(np.linalg.norm(one.descriptor - photos[one.person]))
            away.setdefault(one.shows, []).append(distance)
    single = [d for shows, distances in away.items() if " at E" in shows for d in distances]
    print("\n| against the person's photo | median distance | 95% are below |")
    print("| --- | ---: | ---: |")
    rows = {"any single AU at E": single, **away, "the nearest other person": nearest}
    for shows, distances in rows.items():
        print(f"| {shows} | {np.median(distances):.2f} | {np.quantile(distances, 0.95):.2f} |")


if __name__ == "__main__":
    main()
