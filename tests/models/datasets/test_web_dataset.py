"""WebDataset shards: plain tar archives in which an image and its row share a stem."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile

import numpy as np
import pytest

from models.datasets.web_dataset import write_web_dataset
from models.images import decode_image
from tests.models.corpora.builders import number_of
from tests.models.datasets import samples


def written(total: int, per_shard: int) -> io.BytesIO:
    sink = io.BytesIO()
    count = write_web_dataset(sink, samples.images(total), samples.DESCRIPTION, per_shard=per_shard)
    assert count == total
    return sink


def test_shards_hold_pairs_in_order() -> None:
    numbers = []
    with zipfile.ZipFile(written(7, 3)) as opened:
        shards = [name for name in opened.namelist() if name.endswith(".tar")]
        assert shards == [f"shards/{number:06d}.tar" for number in range(3)]
        for shard in shards:
            with tarfile.open(fileobj=io.BytesIO(opened.read(shard))) as tar:
                members = tar.getmembers()
                assert {member.mtime for member in members} == {0}
                for row, image in zip(members[::2], members[1::2], strict=True):
                    assert row.name.removesuffix(".json") == image.name.removesuffix(".png")
                    data, pixels = tar.extractfile(row), tar.extractfile(image)
                    assert data is not None
                    assert pixels is not None
                    values = json.loads(data.read())
                    rgb = decode_image(pixels.read()).rgb
                    numbers.append(number_of(rgb))
                    assert np.float32(values["AU12"]) == np.float32(numbers[-1] % 6 * 0.7)
                    assert values["AU01"] is None
                    assert values["file_name"] == f"images/{image.name}"
    assert numbers == list(range(7))


def test_tables_and_card_are_there_too() -> None:
    with zipfile.ZipFile(written(4, 4)) as opened:
        assert [name for name in opened.namelist() if not name.endswith(".tar")] == [
            "README.md", "croissant.json", "dataset.json", "labels.csv", "metadata.parquet",
        ]  # fmt: skip
        document = json.loads(opened.read("croissant.json"))
    assert document["distribution"][1]["includes"] == "shards/*.tar"
    assert [record_set["name"] for record_set in document["recordSet"]] == ["labels"]


def test_the_same_images_make_the_same_bytes() -> None:
    assert written(5, 2).getvalue() == written(5, 2).getvalue()


def test_a_shard_has_at_least_one_image() -> None:
    with pytest.raises(ValueError, match="at least 1 image"):
        write_web_dataset(io.BytesIO(), iter(()), samples.DESCRIPTION, per_shard=0)
