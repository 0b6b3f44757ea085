"""Sharing the cores among the processes of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import pytest

from worker.threads import available_cores, share_cores, share_of_cores


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


def test_processes_together_use_each_core_once() -> None:
    cores = available_cores()
    assert cores >= 1
    for processes in (1, cores, 2 * cores):
        assert 1 <= share_of_cores(processes) * min(processes, cores) <= cores


def test_opencv_is_capped() -> None:
    share_cores(2 * available_cores())
    assert cv2.getNumThreads() == 1
    share_cores(1)
    assert cv2.getNumThreads() == available_cores()
