"""How fast `compact` reads faces and becomes personal.

Run as ``python -m benchmarks.estimators --photos FOLDER`` where FOLDER holds JPEG portraits;
prints Markdown: medians with the 10th and 90th percentile of repeated runs.
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter, process_time

import cv2
import numpy as np
import numpy.typing as npt
import torch

from benchmarks.machine import described
from models.estimators.estimator import Estimator, load_estimator
from models.estimators.reader import Reader
from models.estimators.shipped import shipped_checkpoint
from models.generators.rig import RigGenerator
from models.images import decode_image
from models.personalisation.personalise import personalise
from models.personalisation.recipes import RECIPES
from models.registration import Registrar, load_registrar

ImageArray = npt.NDArray[np.uint8]
BATCH = 32


@dataclass(frozen=True)
class Timer:
    """Times work by a clock that gives seconds."""

    clock: Callable[[], float]

    def runs(self, work: Callable[[], object], count: int) -> list[float]:
        """Seconds of each run, after one to warm up."""
        work()
        out = []
        for _ in range(count):
            start = self.clock()
            work()
            out.append(self.clock() - start)
        return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--cpu-time",
        action="store_true",
        help="count the processor's seconds, not the clock's: for one thread on a busy machine",
    )
    parser.add_argument("--no-tuning", action="store_true", help="leave fine-tuning out")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    registrar = load_registrar()
    jpegs = [path.read_bytes() for path in sorted(options.photos.glob("*.jpg"))[:BATCH]]
    faces = [registrar.register(decode_image(jpeg).rgb) for jpeg in jpegs]
    images = np.stack([face.image for face in faces])
    images = np.concatenate([images] * (-(-BATCH // len(images))))[:BATCH]
    print(f"{described()} torch {torch.__version__}, {options.threads} threads.\n")
    timer = Timer(process_time if options.cpu_time else perf_counter)
    if options.cpu_time:
        print("Times are the processor's, summed over threads.\n")
    print("| what | median | 10th-90th percentile |\n|---|---|---|")
    reader = Reader(shipped_checkpoint("compact"), options.threads)
    estimators: dict[str, Reader | Estimator] = {
        "onnxruntime": reader,
        "torch float32": load_estimator("compact"),
        "torch bfloat16": load_estimator("compact", precision="bfloat16"),
    }
    for name, estimator in estimators.items():
        _print(
            f"registered faces/s, batches of {BATCH}, {name}", _rates(timer, estimator, images), 0
        )
        _print(f"ms for one registered face, {name}", _times(timer, estimator, images[:1]), 2)
    whole = _end_to_end(timer, registrar, reader, jpegs)
    _print("JPEG photos/s end to end, onnxruntime", whole, 1)
    _print(
        "ms to calibrate by one frame, registered face, onnxruntime",
        [1e3 * t for t in timer.runs(lambda: reader.calibrated(images[0]), 10)],
        1,
    )
    own = load_estimator("compact")
    _print(
        "ms to calibrate by one frame, registered face, torch",
        [1e3 * t for t in timer.runs(lambda: own.calibrated(images[0]), 20)],
        1,
    )
    if not options.no_tuning:
        print(f"| MB, peak memory before fine-tuning | {_peak():.0f} | |")
        rig = RigGenerator()
        for name, recipe in RECIPES.items():
            taken = timer.runs(partial(personalise, own, faces[0], rig, "both", recipe), 2)
            _print(f"s from photo to fine-tuned model, recipe {name}", taken, 1)
    print(f"| MB, peak memory of the process | {_peak():.0f} | |")


def _peak() -> float:
    """MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _rates(timer: Timer, estimator: Reader | Estimator, images: ImageArray) -> list[float]:
    return [len(images) / taken for taken in timer.runs(lambda: estimator.estimate(images), 15)]


def _times(timer: Timer, estimator: Reader | Estimator, image: ImageArray) -> list[float]:
    return [1e3 * taken for taken in timer.runs(lambda: estimator.estimate(image), 40)]


def _end_to_end(
    timer: Timer, registrar: Registrar, reader: Reader, jpegs: Sequence[bytes]
) -> list[float]:
    """Decoded and registered in two threads, read in one batch."""

    def whole() -> None:
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda j: registrar.register(decode_image(j).rgb).image, jpegs))
        reader.estimate(np.stack(found))

    return [len(jpegs) / taken for taken in timer.runs(whole, 5)]


def _print(what: str, values: Sequence[float], digits: int) -> None:
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
    print(f"| {what} | {middle:.{digits}f} | {low:.{digits}f}-{high:.{digits}f} |", flush=True)


if __name__ == "__main__":
    main()
