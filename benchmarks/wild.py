"""How an estimator reads ordinary portraits: against blendshapes, its mirror image, a poor camera.

Run as ``python -m benchmarks.wild --portraits FOLDER [--model compact] [--csv FILE]`` for any
folder of portraits; the largest face of each is read. Nobody coded them, so this is no accuracy:
blendshapes, which learnt from real people, order faces where they see something, and a face has to
read like its mirror image and like itself by a poorer camera. Prints Markdown; intervals are of
95 %, over portraits drawn with replacement. The CSV has every reading, to hold against a detector
of your own.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.machine import described
from models.checkpoint_zip import unzipped
from models.checkpoints import Checkpoint, CheckpointError, read_checkpoint
from models.estimators.blendshapes import as_action_units, load_blendshape_reader
from models.estimators.reader import Reader
from models.estimators.shipped import shipped_checkpoint, shipped_estimators
from models.images import ImageError, decode_image
from models.metrics import spearman
from models.registration.face import ImageArray
from models.registration.gaze import gaze_of
from models.registration.refined import load_refined_finder
from models.registration.registrar import RegistrationError, load_registrar

FloatArray = npt.NDArray[np.float32]
_RESAMPLES: Final = 500
_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp", ".heic")


@dataclass(frozen=True, eq=False)
class Portraits:
    """What was read of N portraits.

    Attributes:
        names: of the files.
        aus: the A action units of the estimator.
        read, mirrored, poor: float32 (N, A), of the photo, its mirror image, and the photo by a
            poorer camera.
        units: by AU, float32 (N,): the blendshapes that rise with it.
        gaze: float32 (N, 2), yaw and pitch; NaN of closed eyes.
        faceless: files in which no face was found.
    """

    names: tuple[str, ...]
    aus: tuple[str, ...]
    read: FloatArray
    mirrored: FloatArray
    poor: FloatArray
    units: dict[str, FloatArray]
    gaze: FloatArray
    faceless: tuple[str, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portraits", type=Path, required=True)
    parser.add_argument("--model", default="compact", help="a name that ships, a folder or a zip")
    parser.add_argument("--csv", type=Path, help="write every reading to this file")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        reader = Reader(_checkpoint(args.model))
        portraits = read_portraits(args.portraits, reader)
    except (CheckpointError, NoPortraitsError) as error:
        raise SystemExit(str(error)) from error
    print(f"{described()}\n")
    print("\n".join(table(portraits)))
    if args.csv is not None:
        _write(args.csv, portraits)


class NoPortraitsError(ValueError):
    """The folder has no photo in which a face is found."""


def read_portraits(folder: Path, reader: Reader) -> Portraits:
    """Read every photo of a folder.

    Raises:
        NoPortraitsError: none of them shows a face, or there is no such folder.
    """
    if not folder.is_dir():
        raise NoPortraitsError(f"{folder} is no folder.")
    registrar, refined, shapes = load_registrar(), load_refined_finder(), load_blendshape_reader()
    names: list[str] = []
    faceless: list[str] = []
    seen: list[list[ImageArray]] = [[], [], []]
    coefficients, gazes = [], []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in _SUFFIXES:
            continue
        try:
            photo = decode_image(path.read_bytes()).rgb
            views = [photo, np.ascontiguousarray(photo[:, ::-1]), poor_camera(photo)]
            faces = [registrar.register(view) for view in views]
        except (ImageError, RegistrationError):
            faceless.append(path.name)
            continue
        names.append(path.name)
        for images, face in zip(seen, faces, strict=True):
            images.append(face.image)
        mesh = refined.refine(photo, faces[0].photo_view.project(faces[0].mesh))
        coefficients.append(shapes.read(mesh.points))
        gaze = gaze_of(mesh)
        gazes.append((np.nan, np.nan) if gaze is None else (gaze.yaw, gaze.pitch))
    if not names:
        raise NoPortraitsError(f"{folder} has no photo in which a face is found.")
    plain, mirrored, poor = (reader.estimate(np.stack(images)).intensities for images in seen)
    return Portraits(
        tuple(names),
        reader.aus,
        plain,
        mirrored,
        poor,
        as_action_units(np.stack(coefficients)),
        np.array(gazes, np.float32),
        tuple(faceless),
    )


def poor_camera(photo: ImageArray) -> ImageArray:
    """The photo at half its resolution, darker and flatter, by JPEG at 40."""
    height, width = photo.shape[:2]
    size = (max(1, width // 2), max(1, height // 2))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    dull = (255 * (0.06 + 0.8 * (small / 255.0) ** 1.25)).astype(np.uint8)
    coded = cv2.imencode(".jpg", dull, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    if decoded is None:
        raise ValueError("a photo that was just coded cannot be decoded")
    return np.asarray(cv2.resize(decoded, (width, height)), np.uint8)


def table(of: Portraits) -> list[str]:
    """The figures as lines of Markdown."""
    lines = [
        f"{len(of.names)} portraits; no face in {len(of.faceless)}"
        + (f": {', '.join(of.faceless[:8])}" if of.faceless else "")
        + ".",
        "",
        "| AU | rank correlation with blendshapes | with its mirror image | by a poorer camera "
        "| mean intensity | present |",
        "|---|---|---|---|---|---|",
    ]
    means: list[list[float]] = [[], [], []]
    for column, au in enumerate(of.aus):
        read = of.read[:, column]
        others = (of.units.get(au), of.mirrored[:, column], of.poor[:, column])
        cells = []
        for kept, other in zip(means, others, strict=True):
            if other is None:
                cells.append("not seen")
                continue
            found = spearman(read, other)
            low, high = interval(read, other)
            cells.append(f"{found:.2f} ({low:.2f} to {high:.2f})")
            if not np.isnan(found):
                kept.append(found)
        cells += [f"{read.mean():.2f}", f"{(read >= 0.5).mean():.0%}"]
        lines.append(f"| {au} | {' | '.join(cells)} |")
    averages = [f"{np.mean(kept):.2f}" if kept else "" for kept in means]
    lines.append(f"| mean | {' | '.join(averages)} | {of.read.mean():.2f} | |")
    return lines


def interval(one: FloatArray, other: FloatArray) -> tuple[float, float]:
    """95 % interval of the rank correlation over faces drawn with replacement."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, len(one), (_RESAMPLES, len(one)))
    values = [spearman(one[chosen], other[chosen]) for chosen in rows]
    known = [value for value in values if not np.isnan(value)]
    if not known:
        return float("nan"), float("nan")
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


def _checkpoint(name: str) -> Checkpoint:
    if name in shipped_estimators():
        return shipped_checkpoint(name)
    path = Path(name)
    if path.is_dir():
        return read_checkpoint(path)
    if path.is_file():
        return unzipped(path.read_bytes())
    raise SystemExit(
        f"There is no model {name!r}: name {', '.join(shipped_estimators())}, a "
        "folder or a zip file."
    )


def _write(path: Path, of: Portraits) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        units = [f"{au}_blendshapes" for au in of.units]
        writer.writerow(["file", *of.aus, *units, "gaze_yaw", "gaze_pitch"])
        for row, name in enumerate(of.names):
            values = [*of.read[row], *(read[row] for read in of.units.values()), *of.gaze[row]]
            writer.writerow([name, *(f"{value:.4f}" for value in values)])


if __name__ == "__main__":
    main()
