"""Readings that are collected batch by batch, kept, and gone on with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.estimators.reader import Reader
from models.estimators.shipped import shipped_checkpoint
from models.evaluation.collected import Collected, Faces, kinds
from models.registration import load_registrar
from tests.support.pictures import portrait_image


@pytest.fixture(scope="module")
def readers() -> list[Reader]:
    return [Reader(shipped_checkpoint("compact"), threads=1)]


@pytest.fixture(scope="module")
def faces() -> list[Faces]:
    photo = np.asarray(portrait_image(320), np.uint8)
    registrar = load_registrar()
    return [
        {"3d": registrar.register(image).image}
        for image in (photo, np.ascontiguousarray(photo[:, ::-1]), (photo * 0.6).astype(np.uint8))
    ]


def test_batches_read_what_one_reads(readers: list[Reader], faces: list[Faces]) -> None:
    whole = Collected.none(readers).with_faces(readers, [4, 7, 9], faces)
    parts = Collected.none(readers).with_faces(readers, [4], faces[:1])
    parts = parts.with_faces(readers, [7, 9], faces[1:]).with_faces(readers, [], [])
    assert parts.frame.tolist() == [4, 7, 9]
    assert np.allclose(parts.readings[0].intensities, whole.readings[0].intensities, atol=1e-5)
    assert parts.readings[0].intensities[0, readers[0].aus.index("AU12")] > 2
    assert np.array_equal(parts.angle, whole.angle)


def test_what_was_kept_is_gone_on_with(
    readers: list[Reader], faces: list[Faces], tmp_path: Path
) -> None:
    path = tmp_path / "read.safetensors"
    read = Collected.none(readers).with_faces(readers, [1, 2, 3], faces)
    read.save(path)
    again = Collected.load(path, readers)
    assert again.frame.tolist() == [1, 2, 3]
    assert np.array_equal(again.readings[0].intensities, read.readings[0].intensities)
    assert list(tmp_path.iterdir()) == [path]
    path.write_bytes(path.read_bytes()[:100])
    assert not len(Collected.load(path, readers).frame), "a damaged file is nothing"
    assert not len(Collected.load(tmp_path / "none", readers).frame)
    read.save(path)
    assert not len(Collected.load(path, [*readers, *readers]).frame), "of one estimator, not two"


def test_skin_is_that_of_a_persons_faces(readers: list[Reader], faces: list[Faces]) -> None:
    read = Collected.none(readers).with_faces(readers, [0, 1, 2], faces)
    groups = read.skin(np.array([1, 1, 0], np.int32), ["S0", "S1"])
    assert set(groups) == {"S0", "S1"}
    assert read.angle[0] > read.angle[2], "the darker picture has the smaller angle"
    assert kinds(readers) == ("3d",)
