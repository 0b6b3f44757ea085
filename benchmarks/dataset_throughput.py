"""Building datasets: images per second by one and two workers, and memory as they grow.

Run as ``python -m benchmarks.dataset_throughput``; prints Markdown. A corpus is made of variants
of scikit-image's portrait, or of the photos in ``--data``, with random label vectors; a service on
the embedded default imports it and builds datasets over it, everything through HTTP.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.machine import described
from benchmarks.portraits import as_jpegs, portraits
from service.client import Client, ClientError
from service.config import environment_without_settings
from service.wire.datasets import Dataset

AUS: Final = ("AU01", "AU04", "AU06", "AU10", "AU12", "AU14", "AU17")
"""The seven of FERA 2017, for which the paper makes 7 x 6 x 5,000 = 210,000 images."""
PAPER_IMAGES: Final = 210_000
POLL_SECONDS: Final = 0.5

DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Built:
    """One dataset: seconds of drawing and of all, and the worker's largest memory meanwhile.

    `quarters` are images per second in each quarter of the drawing and `processor` milliseconds of
    processor time an image, which neighbours on the machine disturb less; `peak` is the largest
    resident set, in bytes, of any process that ran jobs.
    """

    images: int
    size: int
    drawing: float
    whole: float
    quarters: tuple[float, ...]
    processor: tuple[float, ...]
    peak: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder of photos (*.jpg)")
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--each", type=int, default=24, help="frames of each person")
    parser.add_argument("--rate-images", type=int, default=1_000, help="for one and two workers")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000, 40_000])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(described())
    print(f"A corpus of {options.people * options.each} frames of {options.people} people; "
          f"each dataset is balanced over {', '.join(AUS)}.\n")  # fmt: skip
    corpus = _corpus(options.people, options.each, options.data)
    rates = {}
    print("| workers | images | images per second, each round | seconds to pack |")
    print("| --- | ---: | --- | ---: |")
    for workers in (1, 2):
        with _service(workers) as (client, process):
            corpus_id = _imported(client, corpus)
            rounds = [
                _build(client, process, corpus_id, options.rate_images, seed)
                for seed in range(options.rounds)
            ]
        rates[workers] = [one.images / one.drawing for one in rounds]
        spread = ", ".join(f"{rate:.1f}" for rate in rates[workers])
        packing = np.median([one.whole - one.drawing for one in rounds])
        print(f"| {workers} | {rounds[0].images:,} | {spread} | {packing:.1f} |", flush=True)
    if options.sizes:
        _print_sizes(corpus, options.sizes)
    _print_paper(float(np.median(rates[1])), float(np.median(rates[2])), rounds[0])


def _print_sizes(corpus: bytes, sizes: Sequence[int]) -> None:
    print("\n| images | MB | images per second, by quarter | processor ms an image, by quarter "
          "| peak memory of the worker, MB |\n| ---: | ---: | --- | --- | ---: |")  # fmt: skip
    with _service(1) as (client, process):
        corpus_id = _imported(client, corpus)
        _build(client, process, corpus_id, 1_000, 99)  # models are loaded, caches are full
        for size in sizes:
            one = _build(client, process, corpus_id, size, 1)
            quarters, processor = (
                ", ".join(f"{figure:.1f}" for figure in figures)
                for figures in (one.quarters, one.processor)
            )
            print(
                f"| {one.images:,} | {one.size / 1e6:,.0f} | {quarters} | {processor} "
                f"| {one.peak / 1e6:.0f} |",
                flush=True,
            )


def _print_paper(one: float, two: float, sample: Built) -> None:
    per_image = sample.size / sample.images
    print(f"\nThe paper's {PAPER_IMAGES:,} images would weigh "
          f"{PAPER_IMAGES * per_image / 1e9:.1f} GB ({per_image / 1e3:.1f} kB each) and take, "
          f"here, {PAPER_IMAGES / one / 3600:.1f} h with one worker, "
          f"{PAPER_IMAGES / two / 3600:.1f} h with two.")  # fmt: skip


def _build(
    client: Client, process: subprocess.Popen[bytes], corpus_id: str, images: int, seed: int
) -> Built:
    """Build a dataset of about `images` and watch it."""
    request = {
        "corpus_id": corpus_id,
        "aus": list(AUS),
        "per_intensity": max(1, round(images / (6 * len(AUS)))),
        "seed": seed,
        "fill": "synthetic",
    }
    watch = _Watch(process)
    asked = client.build(request)
    times: list[tuple[float, int]] = []
    drawn = start = time.perf_counter()
    for job in client.follow(asked.job.id):
        drawn = time.perf_counter()
        if job.done and (not times or job.done > times[-1][1]):
            times.append((drawn, job.done))
    whole = time.perf_counter() - start
    watch.stop()
    built: Dataset = client.dataset(asked.id)
    if built.job.state != "succeeded" or built.size is None:
        raise SystemExit(f"the dataset was not built: {built.job.error}")
    drawing = times[-1][0] - start
    marks = _quarter_marks(start, times)
    share = times[-1][1] / 4
    rates = tuple(float(share / seconds) for seconds in np.diff(marks))
    processor = tuple(float(1e3 * used / share) for used in np.diff(watch.processor_at(marks)))
    return Built(built.images, built.size, drawing, whole, rates, processor, watch.peak)


def _quarter_marks(start: float, times: Sequence[tuple[float, int]]) -> DoubleArray:
    """(5,): when each quarter of the images began, and when the last one ended."""
    moments = np.array([start, *(moment for moment, _ in times)])
    done = np.array([0, *(count for _, count in times)], float)
    return np.asarray(np.interp(np.linspace(0, done[-1], 5), done, moments), np.float64)


class _Watch:
    """Looks at memory and processor time of the processes that run jobs, until stopped.

    `peak` is the largest resident set seen, in bytes.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.peak = 0
        self._process = process
        self._used: dict[int, float] = {}
        self._samples: list[tuple[float, float]] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def processor_at(self, moments: DoubleArray) -> DoubleArray:
        """Seconds of processor time used up to each of `moments`, all processes together."""
        seen, used = np.array(self._samples).T
        return np.asarray(np.interp(moments, seen, used), np.float64)

    def _run(self) -> None:
        while not self._stopped.wait(POLL_SECONDS):
            mains = _children(self._process.pid)
            for pid in [child for main in mains for child in _children(main)]:
                self.peak = max(self.peak, _resident(pid))
                self._used[pid] = max(self._used.get(pid, 0.0), _processor_seconds(pid))
            self._samples.append((time.perf_counter(), sum(self._used.values())))


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == parent:
                    found.append(int(entry.name))
    return found


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _processor_seconds(pid: int) -> float:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _corpus(people: int, each: int, folder: Path | None) -> bytes:
    """A zip archive of the layout `folder`, every third frame neutral, the others random."""
    rng = np.random.default_rng(0)
    files = portraits(people, folder)
    rows = ["file,subject," + ",".join(AUS)]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for frame in range(each):
            for person, jpeg in enumerate(as_jpegs(files, frame)):
                name = f"person{person}/{frame:03d}.jpg"
                archive.writestr(name, jpeg)
                levels = rng.integers(0, 6, len(AUS)) * (frame % 3 > 0) * rng.integers(0, 2, 7)
                rows.append(f"{name},person{person}," + ",".join(map(str, levels)))
        archive.writestr("labels.csv", "\n".join(rows) + "\n")
    return out.getvalue()


def _imported(client: Client, corpus: bytes) -> str:
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(corpus)
        file.flush()
        accepted = client.import_archive(Path(file.name), {"name": "bench", "layout": "folder"})
    for _ in client.follow(accepted.job.id):
        pass
    return str(accepted.id)


@contextlib.contextmanager
def _service(workers: int) -> Iterator[tuple[Client, subprocess.Popen[bytes]]]:
    """A service on a folder of its own with so many workers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="facsimile-bench-") as data:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve", "--port", str(port), "--data", data],
            env={**environment_without_settings(), "FACSIMILE_WORKER_PROCESSES": str(workers)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with Client(f"http://127.0.0.1:{port}") as client:
                _wait(client)
                yield client, process
        finally:
            process.terminate()
            process.wait(60)


def _wait(client: Client) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            client.ready()
        except ClientError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    main()
