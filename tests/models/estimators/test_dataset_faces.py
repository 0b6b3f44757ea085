"""Datasets as faces to learn from: no person in both parts, neutral faces where there are some."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

pytest.importorskip("torch", reason="torch is not installed")

from models.corpora.table import Split
from models.datasets.bundle import METADATA
from models.datasets.facts import FACTS
from models.datasets.labelled_images import LabelledImages
from models.datasets.references import Reference
from models.datasets.rows import DatasetRow
from models.estimators.dataset_faces import UnfitDatasetError, dataset_faces
from models.estimators.faces import LabelledFaces
from models.facs import SUPPORTED_AUS
from tests.models.datasets.samples import DESCRIPTION
from tests.support.datasets import LEVELS_OF_AU12, write_bright_faces


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


def with_label(row: DatasetRow, au: str, intensity: float) -> DatasetRow:
    labels = row.labels.copy()
    labels[SUPPORTED_AUS.index(au)] = intensity
    return replace(row, labels=labels, neutral=bool(np.nanmax(labels) == 0))


def test_a_neutral_face_shows_none_of_all_known_aus(tmp_path: Path) -> None:
    """Whatever AUs are asked for: a face with its jaw dropped is nobody's neutral one."""

    def dropped(row: DatasetRow) -> DatasetRow:
        first = row.labels[SUPPORTED_AUS.index("AU12")] == 0 and int(row.file_name[-6:-4]) % 12 == 0
        return with_label(row, "AU26", 5) if first else row

    write_bright_faces(tmp_path / "data.zip", people=2, changed=dropped)
    held = LabelledImages(tmp_path / "data.zip")
    for earlier in (False, True):  # archives of earlier versions have no column that says so
        if earlier:
            without_columns(tmp_path / "data.zip", "neutral", "synthetic", "split")
        faces = dataset_faces(tmp_path / "data.zip", tmp_path, "vgg16", aus=["AU12"])
        jaw = [number for number in range(24) if held.labels[number, 16] == 5]
        assert SUPPORTED_AUS[16] == "AU26"
        assert jaw == [0, 12]
        for person, number in ((0, 6), (1, 18)):  # the next with AU12 at 0
            np.testing.assert_array_equal(faces.train.neutrals[person], held.image(number))


def without_columns(archive: Path, *names: str) -> None:
    """Write an archive as an earlier version did, without columns and ``dataset.json``."""
    with zipfile.ZipFile(archive) as file:
        content = {name: file.read(name) for name in file.namelist() if name != FACTS}
    table = pq.read_table(io.BytesIO(content[METADATA])).drop_columns(list(names))
    out = io.BytesIO()
    pq.write_table(table, out)
    content[METADATA] = out.getvalue()
    with zipfile.ZipFile(archive, "w") as file:
        for name, data in content.items():
            file.writestr(name, data)


PARTS: dict[str, Split] = {
    "person 0": "test", "person 1": "train", "person 2": "validation", "person 3": "train",
}  # fmt: skip


def people(part: LabelledFaces | None) -> list[int]:
    assert part is not None
    return sorted(set(part.person.tolist()))


def test_official_splits_decide_and_real_frames_choose(tmp_path: Path) -> None:
    drawn, real = tmp_path / "drawn.zip", tmp_path / "real.zip"
    write_bright_faces(drawn, changed=lambda row: replace(row, split=PARTS[row.subject]))
    alone = dataset_faces(drawn, tmp_path, "compact")
    assert [people(part) for part in (alone.train, alone.validation, alone.test)] == [
        [1, 3],
        [2],
        [0],
    ]
    assert (alone.validation_drawn, alone.test_drawn) == (True, True)

    def frame(row: DatasetRow) -> DatasetRow:
        return replace(row, split=PARTS[row.subject], synthetic=False, generator="none")

    write_bright_faces(real, each=6, changed=frame)
    both = dataset_faces(drawn, tmp_path, "compact", measured=[real])
    assert [people(part) for part in (both.train, both.validation, both.test)] == [[1, 3], [2], [0]]
    assert (both.validation_drawn, both.test_drawn) == (False, False)
    assert both.test is not None
    assert [len(part.images) for part in (both.train, both.validation, both.test)] == [24, 6, 6]
    together = dataset_faces([drawn, real], tmp_path, "compact")
    assert len(together.train.images) == 2 * (12 + 6)

    write_bright_faces(real, changed=lambda row: replace(row, split="train"))
    with pytest.raises(UnfitDatasetError, match="is in two splits"):
        dataset_faces([drawn, real], tmp_path, "compact")
    held_out = dataset_faces(real, tmp_path, "compact", validation=0.25)
    assert len(people(held_out.validation)) == 1  # nobody else is there to choose by
    assert held_out.test is None


def test_datasets_are_learnt_from_together(tmp_path: Path) -> None:
    """People of one corpus are the same; AUs that one does not code are not known there."""
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    first, second = (replace(DESCRIPTION, corpus=name) for name in ("BP4D", "DISFA"))
    write_bright_faces(one, people=2, description=first)
    write_bright_faces(
        two, people=3, description=second, changed=lambda row: with_label(row, "AU06", 2)
    )
    faces = dataset_faces([one, two], tmp_path, "compact", aus=["AU06", "AU12"])
    assert len(people(faces.train)) + len(people(faces.validation)) == 5
    labels = np.concatenate([faces.train.labels, faces.validation.labels])
    assert int(np.isnan(labels[:, 0]).sum()) == 24
    assert [facts.corpus for facts in faces.facts] == ["BP4D", "DISFA"]
    same = dataset_faces([one, one], tmp_path, "compact")
    assert len(people(same.train)) + len(people(same.validation)) == 2
    write_bright_faces(two, people=3, description=replace(second, registration="2d"))
    with pytest.raises(UnfitDatasetError, match="do not mix"):
        dataset_faces([one, two], tmp_path, "compact")
    assert dataset_faces(two, tmp_path, "compact").registration == "2d"


def reference(subject: str, grey: int, neutral: int | None) -> Reference:
    pictures = [None if level is None else np.full((224, 224, 3), level, np.uint8)
                for level in (grey, neutral)]  # fmt: skip
    assert pictures[0] is not None
    return Reference(subject, 50, pictures[0], pictures[1])


def test_people_without_a_reference_are_left_out_and_counted(tmp_path: Path) -> None:
    """They would be held against an all-black picture."""
    write_bright_faces(tmp_path / "data.zip", neutral=False)
    faces = dataset_faces(
        tmp_path / "data.zip", tmp_path, "compact", normalisation="au0", validation=0.25
    )
    assert len(people(faces.train)) + len(people(faces.validation)) == 3
    assert 0 not in people(faces.train) + people(faces.validation)
    assert faces.notes == (
        "1 of 4 people (12 of 48 images) have not a neutral face to be compared with, and are left "
        "out.",
    )
    write_bright_faces(
        tmp_path / "data.zip", neutral=False, references=[reference("person 0", 90, 44)]
    )
    kept = dataset_faces(tmp_path / "data.zip", tmp_path, "compact", normalisation="au0")
    assert kept.notes == ()
    assert (kept.train.neutrals[0] == 44).all()


def test_a_mean_texture_is_of_natural_frames(tmp_path: Path) -> None:
    """Balanced drawings of a person average to what nobody looks like in use."""
    write_bright_faces(tmp_path / "data.zip")
    with pytest.raises(UnfitDatasetError, match="learn from"):
        dataset_faces(tmp_path / "data.zip", tmp_path, "compact", normalisation="mean-texture")
    references = [reference(f"person {number}", 60 + number, None) for number in range(4)]
    write_bright_faces(tmp_path / "data.zip", references=references)
    faces = dataset_faces(tmp_path / "data.zip", tmp_path, "compact", normalisation="mean-texture")
    assert [int(picture.mean()) for picture in faces.train.neutrals] == [60, 61, 62, 63]

    def frame(row: DatasetRow) -> DatasetRow:
        number = int(row.file_name[-6:-4])
        # over-sampled: the first frame of everybody comes six times
        source = f"frame {number - number % 12 if number % 12 < 6 else number}"
        return replace(row, synthetic=False, source=source)

    write_bright_faces(tmp_path / "data.zip", changed=frame)
    faces = dataset_faces(tmp_path / "data.zip", tmp_path, "compact", normalisation="mean-texture")
    different = [0, *LEVELS_OF_AU12]
    expected = 49.5 + 35 * np.mean(different)
    np.testing.assert_allclose(faces.train.neutrals.mean(axis=(1, 2, 3)), expected, atol=2)


def test_references_are_of_frontal_faces(tmp_path: Path) -> None:
    turned = replace(DESCRIPTION, poses=((0.0, 0.0), (-20.0, 40.0)))
    write_bright_faces(tmp_path / "data.zip", description=turned)
    with pytest.raises(UnfitDatasetError, match="poses"):
        dataset_faces(tmp_path / "data.zip", tmp_path, "compact", normalisation="au0")
    dataset_faces(tmp_path / "data.zip", tmp_path, "compact")
