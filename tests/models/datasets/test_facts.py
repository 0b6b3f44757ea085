"""What a dataset is travels in its archive."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.datasets.facts import FACTS, KeptReference, UnknownDatasetError, facts_of, read_facts
from models.datasets.image_folder import write_image_folder
from models.datasets.labelled_images import LabelledImages
from models.datasets.references import Reference
from models.datasets.zip_reader import StoredZipReader
from tests.models.datasets.samples import DESCRIPTION, images

TURNED = replace(
    DESCRIPTION,
    registration="2d",
    poses=((0.0, 0.0), (-20.0, 40.0)),
    corpus="DISFA",
    spec={"registration": "2d", "name": "smiles", "poses": [[0, 0]], "generator": "hybrid"},
)


def written(path: Path, references: tuple[Reference, ...] = ()) -> Path:
    with path.open("wb") as sink:
        write_image_folder(sink, images(3), TURNED, references=references)
    return path


def rewritten(path: Path, facts: bytes | None) -> Path:
    """The archive with other bytes as its facts, or none."""
    with zipfile.ZipFile(path) as file:
        content = {name: file.read(name) for name in file.namelist() if name != FACTS}
    if facts is not None:
        content[FACTS] = facts
    with zipfile.ZipFile(path, "w") as file:
        for name, data in content.items():
            file.writestr(name, data)
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    picture = np.full((224, 224, 3), 7, np.uint8)
    archive = written(tmp_path / "a.zip", (Reference("person 1", 12, picture, None),))
    found = read_facts(StoredZipReader(archive))
    kept = KeptReference("person 1", 12, "references/000000_mean_texture.png", None)
    assert found == facts_of(TURNED, [kept])
    assert (found.registration, found.corpus, found.generator) == ("2d", "DISFA", "rig")
    assert found.poses == ((0.0, 0.0), (-20.0, 40.0))
    assert [source.licence for source in found.sources] == ["CC BY 4.0", "for research only"]
    assert found.as_lineage()["dataset_spec"] == TURNED.spec
    np.testing.assert_array_equal(LabelledImages(archive).picture(str(kept.mean_texture)), picture)


def test_real_frames_are_drawn_by_nobody(tmp_path: Path) -> None:
    with (tmp_path / "a.zip").open("wb") as sink:
        write_image_folder(sink, images(3), replace(TURNED, synthetic=False))
    assert read_facts(StoredZipReader(tmp_path / "a.zip")).generator == "none"


def test_archives_of_earlier_versions_say_it_in_their_card(tmp_path: Path) -> None:
    found = read_facts(StoredZipReader(rewritten(written(tmp_path / "a.zip"), None)))
    assert (found.name, found.registration, found.generator) == ("smiles", "2d", "hybrid")
    assert found.corpus is None


def test_an_archive_that_does_not_say_what_it_is_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "a.zip").open("wb") as sink:
        write_image_folder(sink, images(3), replace(TURNED, spec={}))
    with pytest.raises(UnknownDatasetError, match="how its faces are registered"):
        read_facts(StoredZipReader(rewritten(tmp_path / "a.zip", None)))
    for facts in (b"{", b"[]", b'{"format": 2}', b'{"format": 1, "name": "a"}'):
        with pytest.raises(UnknownDatasetError, match=FACTS):
            read_facts(StoredZipReader(rewritten(tmp_path / "a.zip", facts)))
