"""A fingerprint says what a run depends on, and nothing else changes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch

from models.fingerprint import OtherRunError, fingerprint, insist_on_same_run


@dataclass(frozen=True, eq=False)
class Held:
    """Something that a run is made of."""

    array: np.ndarray
    name: str = "a"


class Plain:
    """No dataclass, with attributes all the same."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self._tensor = tensor


def of(part: object) -> str:
    return fingerprint({"part": part})["part"]


def test_equal_things_are_alike_wherever_they_lie(tmp_path: Path) -> None:
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    np.save(tmp_path / "array.npy", array)
    kept = np.load(tmp_path / "array.npy", mmap_mode="r")
    assert of(Held(array)) == of(Held(kept)) == of(Held(np.asfortranarray(array)))
    tensor = torch.from_numpy(array)[None]
    last = tensor.to(memory_format=torch.channels_last)
    assert of(Plain(tensor)) == of(Plain(last))
    assert of({"a": 1, "b": [np.float32(2)]}) == of({"b": (2.0,), "a": 1})


def test_any_difference_shows() -> None:
    array = np.arange(6, dtype=np.uint8)
    changed = array.copy()
    changed[5] = 0
    different = [
        Held(array), Held(changed), Held(array.reshape(2, 3)), Held(array.astype(np.int8)),
        Held(array, "b"), Plain(torch.zeros(2)), Plain(torch.ones(2)), torch.nn.Linear(2, 2),
        [1, 2], [[1], 2], [1, [2]], {"a": 1}, {"b": 1}, 1, 1.0, "1", True, None, of, fingerprint,
    ]  # fmt: skip
    assert len({of(each) for each in different}) == len(different)


def test_what_cannot_be_told_apart_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        of(object())


def test_every_part_that_differs_is_named() -> None:
    own = fingerprint({"configuration": 1, "base": 2, "split": 3})
    insist_on_same_run(own, dict(own))
    with pytest.raises(OtherRunError, match="another configuration and another split"):
        insist_on_same_run(own, fingerprint({"configuration": 2, "base": 2, "split": 1}))
    with pytest.raises(OtherRunError, match="earlier version"):
        insist_on_same_run(own, {})
