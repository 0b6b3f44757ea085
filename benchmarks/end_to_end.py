"""The whole service against its bare generator: drawings per second, in turn, on the same cores.

A service on the embedded default (SQLite, a folder, one worker process) gets photos over HTTP and
is asked to draw all of them with all targets, as faces of 224 pixels. After it, the same drawings
are made by the generator alone, in one process, from faces registered before. No photo comes
twice, so nothing is stored or measured ahead; some drawings are compared, pixel by pixel.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
from PIL import Image

from benchmarks.portraits import as_jpegs
from models.facs import MAX_INTENSITY, SUPPORTED_AUS, Target, targets_array
from models.generators.rig import RigGenerator
from models.images import decode_image
from models.registration import Registrar
from models.registration.face import ImageArray, RegisteredFace
from models.rig.shown import shown_expression
from service.cli.running import running_service
from service.client import Client
from service.config import Settings

Intensities = Mapping[str, float]
_BATCH = Settings().batch_size


@dataclass(frozen=True)
class Round:
    """Seconds that one lot of drawings took: the bare loop, and the service in two parts.

    `bare_work` and `job_work` are seconds that processors worked; for the job, those of all
    processes of the service.
    """

    bare: float
    bare_work: float
    uploads: float
    job: float
    job_work: float


def random_targets(count: int) -> list[Intensities]:
    """1 to 4 AUs each, at A to E; the same ones every time."""
    rng = np.random.default_rng(0)
    chosen = [rng.choice(SUPPORTED_AUS, rng.integers(1, 5), replace=False) for _ in range(count)]
    return [
        {str(au): float(rng.integers(1, int(MAX_INTENSITY) + 1)) for au in aus} for aus in chosen
    ]


def print_end_to_end(
    registrar: Registrar,
    photos: Sequence[Image.Image],
    targets: Sequence[Intensities],
    count: int,
) -> None:
    with tempfile.TemporaryDirectory() as folder, running_service(Path(folder)) as client:
        shades = [_written(photos, shade, Path(folder)) for shade in range(count + 1)]
        _round(client, registrar, shades[0], targets[:1])  # both warm up
        rounds = [_round(client, registrar, files, targets) for files in shades[1:]]
    items = len(photos) * len(targets)
    print(f"### {items} drawings ({len(photos)} photos x {len(targets)} targets of 1 to 4 AUs, "
          "output `face`), images per second\n")  # fmt: skip
    print("| round | bare loop | service | service with uploads | service / bare loop "
          "| processor ms a drawing: bare, service |")  # fmt: skip
    print("|---|---|---|---|---|---|")
    for number, one in enumerate(rounds, 1):
        print(f"| {number} | {items / one.bare:.0f} | {items / one.job:.0f} "
              f"| {items / (one.job + one.uploads):.0f} | {one.bare / one.job:.0%} "
              f"| {1e3 * one.bare_work / items:.1f}, {1e3 * one.job_work / items:.1f} |"
        )  # fmt: skip
    ratio = median(one.bare / one.job for one in rounds)
    whole = median(one.bare / (one.job + one.uploads) for one in rounds)
    print(f"\nMedian: the service does {ratio:.0%} of the bare loop, {whole:.0%} with uploads.")


def _written(photos: Sequence[Image.Image], shade: int, folder: Path) -> list[Path]:
    paths = []
    for number, jpeg in enumerate(as_jpegs(photos, shade)):
        paths.append(folder / f"{shade}-{number}.jpg")
        paths[-1].write_bytes(jpeg)
    return paths


def _round(
    client: Client, registrar: Registrar, files: Sequence[Path], targets: Sequence[Intensities]
) -> Round:
    start = perf_counter()
    ids = [client.upload(file).id for file in files]
    uploaded, worked_before = perf_counter(), _work_of_children()
    accepted = client.draw(ids, targets, output=["face"], generator="rig")
    *_, last = client.follow(accepted.job.id)
    ended, worked = perf_counter(), _work_of_children()
    if last.state != "succeeded":
        raise SystemExit(f"the job {last.state}: {last.error}")
    faces = [registrar.register(decode_image(file.read_bytes()).rgb) for file in files]
    start_bare, start_work = perf_counter(), process_time()
    drawings = _bare_loop(faces, targets)
    bare, bare_work = perf_counter() - start_bare, process_time() - start_work
    items = client.expressions(accepted.id).items
    for index in (0, len(items) - 1):
        png = client.download(str(items[index].face_url))
        if not np.array_equal(np.asarray(Image.open(io.BytesIO(png))), drawings[index]):
            raise SystemExit(f"service and bare loop drew item {index} differently")
    return Round(bare, bare_work, uploaded - start, ended - uploaded, worked - worked_before)


def _bare_loop(faces: Sequence[RegisteredFace], targets: Sequence[Intensities]) -> list[ImageArray]:
    """Every face with every target, in the batches that the worker draws."""
    rig = RigGenerator()
    shown = [shown_expression(face) for face in faces]
    arrays = targets_array(Target.parse(target) for target in targets)
    pairs = [(f, t) for f in range(len(faces)) for t in range(len(targets))]
    out: list[ImageArray] = []
    for start in range(0, len(pairs), _BATCH):
        batch = pairs[start : start + _BATCH]
        drawn = rig.generate(
            [faces[f] for f, _ in batch],
            arrays[[t for _, t in batch]],
            np.stack([shown[f] for f, _ in batch]),
            seeds=range(start, start + len(batch)),
        )
        out.extend(drawn)
    return out


def _work_of_children() -> float:
    """Seconds that processors have worked for this process's descendants that are alive."""
    ticks: dict[int, int] = {}
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            # Behind the name, which may contain anything: state, parent, ..., user, system.
            fields = entry.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        parents[int(entry.parent.name)] = int(fields[1])
        ticks[int(entry.parent.name)] = int(fields[11]) + int(fields[12])
    family = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    worked = sum(ticks[pid] for pid in family - {os.getpid()})
    return worked / os.sysconf("SC_CLK_TCK")
