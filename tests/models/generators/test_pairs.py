"""Pairs are of one person, say what they show, and come from datasets and from the rig."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch

from models.corpora.table import Split
from models.datasets.labelled_images import LabelledImages
from models.facs import SUPPORTED_AUS
from models.generators.config import GeneratorConfig
from models.generators.dataset_pairs import dataset_pairs, labelled_aus
from models.generators.pairs import IMAGES, PairBatch, PeopleFaces, PeoplePairs, UnfitPairsError
from models.generators.teacher import PersonPhotos, photo_pairs, smile_shown
from tests.models.datasets.samples import DESCRIPTION
from tests.support.datasets import write_bright_faces
from tests.support.faces import astronaut, calm
from tests.support.gans import AUS, bright_faces

FACES = bright_faces()


def rows_of(images: torch.Tensor) -> list[int]:
    """Which of `FACES` each image of a batch is."""
    grey = ((images + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    return [int(np.flatnonzero((FACES.images == image).all((1, 2, 3)))[0]) for image in grey]


def test_a_target_is_the_same_persons_face_with_what_is_asked_for() -> None:
    batch = PeoplePairs(FACES).batch(0, 64)
    sources = rows_of(batch.source)
    np.testing.assert_allclose(batch.source_aus, FACES.labels[sources] / 5)
    has = batch.has_target.numpy()
    assert 0.6 < has.mean() < 0.9
    targets = rows_of(batch.target[batch.has_target])
    np.testing.assert_allclose(batch.target_aus[batch.has_target], FACES.labels[targets] / 5)
    asked = np.array(sources)[has]
    np.testing.assert_array_equal(FACES.person[asked], FACES.person[targets])
    assert (asked != targets).all()
    assert float(batch.target[~batch.has_target].abs().max()) == 0
    assert FACES.real[rows_of(batch.real)].all()


def test_batches_follow_from_seed_and_step_and_are_shared_out() -> None:
    pairs = PeoplePairs(FACES, seed=3)
    whole = pairs.batch(5, 8)
    halves = [pairs.batch(5, 8, part) for part in (slice(0, 4), slice(4, 8))]
    for name in vars(PairBatch)["__match_args__"]:
        if name != "with_target":
            joined = torch.cat([getattr(half, name) for half in halves])
            assert torch.equal(joined, getattr(whole, name)), name
    counts = {batch.with_target for batch in (whole, *halves)}
    assert counts == {int(whole.has_target.sum())}  # of the whole batch, whatever the part
    assert not torch.equal(pairs.batch(6, 8).source, whole.source)
    assert not torch.equal(PeoplePairs(FACES, seed=4).batch(5, 8).source, whole.source)


def test_a_person_of_one_face_is_asked_for_strangers_expressions() -> None:
    alone = replace(FACES, person=np.arange(len(FACES.images)))
    assert not PeoplePairs(alone).batch(0, 16).has_target.any()


def test_without_photographs_the_critic_sees_the_sources() -> None:
    batch = PeoplePairs(replace(FACES, real=np.zeros_like(FACES.real))).batch(0, 8)
    assert torch.equal(batch.real, batch.source)


def test_faces_are_kept_for_the_next_run(tmp_path: Path) -> None:
    assert not PeopleFaces.kept(tmp_path)
    FACES.save(tmp_path)
    assert PeopleFaces.kept(tmp_path)
    back = PeopleFaces.load(tmp_path)
    assert isinstance(back.images, np.memmap)
    for name in ("aus", "images", "labels", "person", "real"):
        np.testing.assert_array_equal(getattr(back, name), getattr(FACES, name))


def test_a_dataset(tmp_path: Path) -> None:
    archive = tmp_path / "data.zip"
    write_bright_faces(archive)
    dataset = LabelledImages(archive)
    assert labelled_aus(dataset) == tuple(au for au in SUPPORTED_AUS if au != "AU06")
    config = GeneratorConfig(aus=("AU12", "AU04"), size=32)
    pairs = dataset_pairs(dataset, tmp_path, config)
    assert (pairs.aus, pairs.size) == (("AU12", "AU04"), 32)
    batch = pairs.batch(0, 16)
    brightness = (batch.target[batch.has_target].mean((1, 2, 3)) + 1) * 127.5
    np.testing.assert_allclose(
        brightness, 49.5 + 175 * batch.target_aus[batch.has_target][:, 0], atol=8
    )
    for aus in (("AU06",), ("AU04",), ("AU12L",)):
        with pytest.raises(UnfitPairsError, match=aus[0]):
            dataset_pairs(dataset, tmp_path, replace(config, aus=aus))


def test_a_dataset_s_registration_and_splits_are_obeyed(tmp_path: Path) -> None:
    archive = tmp_path / "data.zip"
    splits: dict[str, Split] = {"person 0": "train", "person 1": "validation", "person 2": "test"}
    write_bright_faces(
        archive,
        description=replace(DESCRIPTION, registration="2d"),
        changed=lambda row: replace(row, split=splits.get(row.subject), synthetic=False),
    )
    dataset = LabelledImages(archive)
    config = GeneratorConfig(aus=("AU12",), size=32)
    with pytest.raises(UnfitPairsError, match="registered in 2d"):
        dataset_pairs(dataset, tmp_path, config)
    pairs = dataset_pairs(dataset, tmp_path, replace(config, registration="2d"))
    assert len(np.load(tmp_path / IMAGES)) == 2 * 12  # of nobody to choose by or to test on
    assert pairs.aus == ("AU12",)


def test_the_rig_as_a_teacher(tmp_path: Path) -> None:
    """Real and drawn faces of each person; only photographs for the critic."""
    config = GeneratorConfig(aus=(*AUS, "AU04"), size=32)
    people = [PersonPhotos(calm(), (astronaut(),)), PersonPhotos(calm())]
    seen: list[tuple[int, int]] = []
    pairs = photo_pairs(
        people, tmp_path, config, drawings=5, progress=lambda *done: seen.append(done)
    )
    assert seen == [(1, 2), (2, 2)]
    assert len(np.load(tmp_path / IMAGES)) == 2 + 5 + 1 + 5
    batch = pairs.batch(0, 64)
    assert len(torch.unique(batch.real.flatten(1), dim=0)) == 2
    assert len(torch.unique(batch.source.flatten(1), dim=0)) > 6
    shown = torch.unique(batch.target_aus, dim=0)
    assert len(shown) > 4
    smile = smile_shown(astronaut())
    assert smile[SUPPORTED_AUS.index("AU12")].min() >= 2
    with pytest.raises(UnfitPairsError):
        photo_pairs([], tmp_path, config)
