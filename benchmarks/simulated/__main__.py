"""Films, trains, measures and reports; see docs/simulated.md.

Run as ``python -m benchmarks.simulated --data DATA --work WORK --out OUT`` where DATA holds
``london/neutral`` and ``canada``. A run that was ended goes on where it was; WORK belongs to one
version of the code and one size. Writes ``simulated.md`` (tables) and three pictures into OUT.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import cv2
import torch

from benchmarks.machine import described
from benchmarks.simulated.comparison import compare
from benchmarks.simulated.figures import save_figures
from benchmarks.simulated.report import report
from benchmarks.simulated.sizes import FULL, QUICK


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder for what can be reused")
    parser.add_argument("--out", type=Path, required=True, help="folder for tables and plots")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seeds", type=int, help="other than the size's own number")
    parser.add_argument("--only-stored", action="store_true", help="report what is measured so far")
    parser.add_argument("--quick", action="store_true", help="see that it runs; no real figures")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    size = QUICK if options.quick else FULL
    if options.seeds:
        size = replace(size, seeds=options.seeds)
    work = options.work / ("quick" if options.quick else "full")
    for folder in (work, options.out):
        folder.mkdir(parents=True, exist_ok=True)
    start = time.process_time()

    def say(line: str) -> None:
        print(f"{time.process_time() - start:6.0f} s  {line}", flush=True)

    results = compare(size, options.data, work, say, only_stored=options.only_stored)
    save_figures(results, options.out)
    text = f"{described()}\n\n{report(results)}"
    (options.out / "simulated.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
