"""Datasets as faces to learn from: no person in both parts, neutral faces where there are some."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

from models.estimators.dataset_faces import UnfitDatasetError, dataset_faces
from models.facs import SUPPORTED_AUS
from tests.support.datasets import write_bright_faces


def test_parts_share_nobody_and_keep_labels_beside_their_images(tmp_path: Path) -> None:
    write_bright_faces(tmp_path / "data.zip")
    faces = dataset_faces(tmp_path / "data.zip", tmp_path, "compact", validation=0.25)
    assert faces.aus == tuple(au for au in SUPPORTED_AUS if au != "AU06")
    assert (len(faces.train.images), len(faces.validation.images)) == (36, 12)
    assert not set(faces.train.person.tolist()) & set(faces.validation.person.tolist())
    column = faces.aus.index("AU12")
    for part in (faces.train, faces.validation):
        assert part.images.shape[1:] == (128, 96, 3)
        brightness = part.images.mean(axis=(1, 2, 3))
        np.testing.assert_allclose(brightness, 49.5 + 35 * part.labels[:, column], atol=8)
        assert part.has_neutral is not None
        assert part.has_neutral.all()
        np.testing.assert_allclose(part.neutrals.mean(axis=(1, 2, 3)), 49.5, atol=2)


def test_people_never_seen_at_rest_have_no_neutral(tmp_path: Path) -> None:
    write_bright_faces(tmp_path / "data.zip", neutral=False)
    faces = dataset_faces(tmp_path / "data.zip", tmp_path, "vgg16", aus=["AU12"])
    assert faces.aus == ("AU12",)
    assert faces.train.images.shape[1:] == (224, 224, 3)
    assert faces.train.has_neutral is not None
    assert faces.train.has_neutral.tolist() == [False, True, True, True]


def test_datasets_that_cannot_be_learnt_from(tmp_path: Path) -> None:
    write_bright_faces(tmp_path / "one.zip", people=1)
    with pytest.raises(UnfitDatasetError, match="1 people"):
        dataset_faces(tmp_path / "one.zip", tmp_path, "compact")
    write_bright_faces(tmp_path / "small.zip", size=112, each=2)
    with pytest.raises(UnfitDatasetError, match="112x112"):
        dataset_faces(tmp_path / "small.zip", tmp_path, "compact")
    with pytest.raises(UnfitDatasetError, match="AU06"):
        dataset_faces(tmp_path / "small.zip", tmp_path, "compact", aus=["AU06"])
