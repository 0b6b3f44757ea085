"""How fast the studio follows a slider: a real service, and the requests that its page sends.

    python -m benchmarks.preview [PHOTO] [--moves 60]

Each move is a new target, sent when the one before has been drawn, as the page does. Processor time
is of all processes, this one and the job worker that has nothing to do included.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np

from benchmarks.machine import described
from service.cli.running import running_service
from service.client import Client

PORTRAIT: Final = Path(__file__).resolve().parents[1] / "scripts" / "astronaut.jpg"
_WAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "while a slider moves (rig, 480 pixels)": {"size": 480, "generator": "rig"},
    "the same, close-up": {"size": 480, "generator": "rig", "frame": "face"},
    "when it is let go (hybrid, 1,024 pixels)": {"size": 1024},
    "the whole photo as a PNG (hybrid)": {},
}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photo", nargs="?", type=Path, default=PORTRAIT)
    parser.add_argument("--moves", type=int, default=60)
    asked = parser.parse_args()
    print(described() + "\n")
    with (
        tempfile.TemporaryDirectory(prefix="facsimile-preview-") as data,
        running_service(Path(data)) as client,
    ):
        image = client.upload(asked.photo)
        start = perf_counter()
        client.preview_image(image.id, {"size": 480})
        print(f"{asked.photo.name}, {image.width}x{image.height} pixels.")
        print(f"From nothing to the first picture: {perf_counter() - start:.1f} s.\n")
        print("| milliseconds | p50 | p95 | processor time | load |\n|---|---|---|---|---|")
        for name, way in _WAYS.items():
            client.preview_image(image.id, {"target": {"AU12": 1}, **way})
            before = _processor_time()
            times = _moves(client, image.id, way, asked.moves)
            worked = 1e3 * (_processor_time() - before) / asked.moves
            middle, late = np.percentile(times, [50, 95])
            load = os.getloadavg()[0]
            print(f"| {name} | {middle:.0f} | {late:.0f} | {worked:.0f} | {load:.1f} |")


def _moves(client: Client, image: uuid.UUID, way: Mapping[str, Any], count: int) -> list[float]:
    """Milliseconds from asking to having each picture."""
    times = []
    for step in range(1, count + 1):
        smile = 5 * step / count
        target = {"AU12": round(smile, 1), "AU01": 1, "AU25": round(smile / 2, 1)}
        start = perf_counter()
        client.preview_image(image, {"target": target, **way})
        times.append(1e3 * (perf_counter() - start))
    return times


def _processor_time() -> float:
    """Seconds that processors have worked for this process and all that come from it: on a machine
    with other work to do, what a picture itself takes."""
    ticks, parents = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        parents[int(entry.name)], ticks[int(entry.name)] = (
            int(stat[1]),
            int(stat[11]) + int(stat[12]),
        )

    def is_ours(process: int) -> bool:
        while process in parents and process != os.getpid():
            process = parents[process]
        return process == os.getpid()

    return sum(spent for process, spent in ticks.items() if is_ours(process)) / os.sysconf(
        "SC_CLK_TCK"
    )


if __name__ == "__main__":
    main()
