"""The fast generator as one CUDA graph: a batch is drawn by one launch and not by a hundred."""

from __future__ import annotations

import threading
from typing import Final

import torch

from models.generators.fast import FastGenerator

_WARM_UP: Final = 3
"""Runs before the recording, in which libraries choose how they compute."""


class GraphedGenerator:
    """Draws up to `batch` images at a time on a GPU. Safe to use from several threads."""

    def __init__(self, fast: FastGenerator, batch: int) -> None:
        """Record what `fast` does with a full batch; smaller ones are filled up."""
        self.device, self._batch = fast.device, batch
        config = fast.config
        self._lock = threading.Lock()
        with torch.inference_mode():
            self._source = torch.zeros(
                (batch, 3, config.size, config.size), device=self.device
            ).contiguous(memory_format=torch.channels_last)
            self._aus = torch.zeros((batch, len(config.aus)), device=self.device)
            aside = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
            aside.wait_stream(torch.cuda.current_stream(self.device))
            with torch.cuda.stream(aside):
                for _ in range(_WARM_UP):
                    fast(self._source, self._aus)
            torch.cuda.current_stream(self.device).wait_stream(aside)
            self._graph = torch.cuda.CUDAGraph()
            # Other threads may use the GPU meanwhile.
            with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
                self._drawn = fast(self._source, self._aus)

    def __call__(self, source: torch.Tensor, aus: torch.Tensor) -> torch.Tensor:
        """As `FastGenerator.__call__`, N at most the batch."""
        count = len(source)
        if count > self._batch:
            raise ValueError(f"{count} images are more than a batch of {self._batch}")
        with self._lock:
            self._source[:count].copy_(source)
            self._aus[:count].copy_(aus)
            self._graph.replay()
            return self._drawn[:count].clone()
