"""Milliseconds, and how far they spread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import TypeVar

import numpy as np

T = TypeVar("T")

TABLE_HEAD = (
    "| step | median | fastest tenth | slowest tenth | processor time |\n|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Times:
    """Milliseconds by the clock, and those that processors worked for this process, all threads.

    On a machine with other work to do, the second is what the step itself takes.
    """

    clock: list[float]
    processor: list[float]


def measure(step: Callable[[T], object], inputs: Sequence[T], rounds: int) -> Times:
    """What `step` takes on each input, `rounds` times over; a first one is not counted."""
    step(inputs[0])
    times = Times([], [])
    for given in [*inputs] * rounds:
        start, start_processor = perf_counter(), process_time()
        step(given)
        times.processor.append(1e3 * (process_time() - start_processor))
        times.clock.append(1e3 * (perf_counter() - start))
    return times


def table_row(name: str, times: Times) -> str:
    """A row for `TABLE_HEAD`: medians, and the clock times that a tenth are below and above."""
    low, middle, high = np.percentile(times.clock, [10, 50, 90])
    return f"| {name} | {middle:.1f} | {low:.1f} | {high:.1f} | {np.median(times.processor):.1f} |"
