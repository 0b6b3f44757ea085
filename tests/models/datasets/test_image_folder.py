"""An image-folder zip is what the tools of others load: `datasets`, `mlcroissant`, a browser."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from models import facs
from models.corpora.registry import read_corpus
from models.datasets.bundle import RowsInWrongOrderError
from models.datasets.image_folder import image_name, write_image_folder
from models.datasets.rows import SCHEMA
from models.images import decode_image
from tests.models.corpora.builders import number_of, picture
from tests.models.datasets import samples

TOTAL = 7


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dataset") / "smiles.zip"
    with path.open("wb") as sink:
        count = write_image_folder(
            sink, samples.images(TOTAL), samples.DESCRIPTION, samples.report()
        )
    assert count == TOTAL
    return path


@pytest.fixture(scope="module")
def folder(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        opened.extractall(folder)
    return folder


def run_apart(program: str, folder: Path, home: Path) -> dict[str, object]:
    """Run other people's loaders in a process of their own, offline and with their own cache."""
    offline = {
        "HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HOME": str(home),
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        env={**os.environ, **offline},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_files_are_where_the_design_says(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        assert opened.namelist() == [
            *(f"images/{number:06d}.png" for number in range(TOTAL)),
            "README.md",
            "croissant.json",
            "dataset.json",
            "labels.csv",
            "metadata.parquet",
            "plots/co_occurrence.png",
            "plots/counts.png",
        ]


def test_the_same_images_make_the_same_bytes(archive: Path) -> None:
    again = io.BytesIO()
    write_image_folder(again, samples.images(TOTAL), samples.DESCRIPTION, samples.report())
    other = io.BytesIO()
    write_image_folder(other, samples.images(TOTAL - 1), samples.DESCRIPTION, samples.report())

    assert again.getvalue() == archive.read_bytes()
    assert other.getvalue() != archive.read_bytes()


def test_parquet_and_csv_hold_the_same_rows(folder: Path) -> None:
    table = pq.read_table(folder / "metadata.parquet")
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))

    assert table.schema.names == SCHEMA.names
    assert table["seed"].to_pylist() == [4_000_000_000 + number for number in range(TOTAL)]
    assert table["AU01"].null_count == TOTAL
    for number, (row, line) in enumerate(zip(table.to_pylist(), lines, strict=True)):
        assert row["AU12"] == samples.labels_of(number)[facs.SUPPORTED_AUS.index("AU12")]
        assert row["intensity"] == (number % 6 if number % 2 else None)
        for name, value in row.items():
            text = line[name]
            if value is None:
                assert text == ""
            elif isinstance(value, float):
                assert np.float32(text) == np.float32(value)
            else:
                assert text == str(value)


def test_huggingface_loads_it_as_an_image_folder(folder: Path, tmp_path: Path) -> None:
    program = """
import json, sys, datasets
loaded = datasets.load_dataset("imagefolder", data_dir=sys.argv[1], split="train")
print(json.dumps({"rows": len(loaded), "columns": loaded.column_names,
    "AU12": loaded["AU12"][:], "AU01": loaded["AU01"][:], "subject": loaded["subject"][:],
    "corner": [row["image"].getpixel((10, 10)) for row in loaded]}))
"""
    loaded = run_apart(program, folder, tmp_path)

    assert loaded["rows"] == TOTAL
    assert loaded["columns"] == ["image", *SCHEMA.names[1:]]
    assert loaded["AU12"] == pytest.approx([number % 6 * 0.7 for number in range(TOTAL)])
    assert loaded["AU01"] == [None] * TOTAL
    assert loaded["subject"] == [f"person {number % 3}" for number in range(TOTAL)]
    assert loaded["corner"] == [[24 * number + 12] * 3 for number in range(TOTAL)]


def test_mlcroissant_validates_it_and_reads_its_records(folder: Path, tmp_path: Path) -> None:
    program = """
import json, sys, pathlib, mlcroissant, numpy
described = mlcroissant.Dataset(jsonld=str(pathlib.Path(sys.argv[1]) / "croissant.json"))
issues = described.metadata.ctx.issues
labels = list(described.records("labels"))
images = list(described.records("images"))
print(json.dumps({
    "errors": sorted(issues.errors), "warnings": sorted(issues.warnings),
    "version": str(described.metadata.ctx.conforms_to),
    "labels": [[row["labels/file_name"].decode(), row["labels/AU12"]] for row in labels],
    "images": sorted([row["images/image"].getpixel((10, 10))[0], float(row["images/AU12"])]
        for row in images)}))
"""
    found = run_apart(program, folder, tmp_path)

    assert found["errors"] == []
    assert found["version"] == "CroissantVersion.V_1_1"
    warnings = found["warnings"]
    assert isinstance(warnings, list)
    # a date of publication would make the same request give other bytes tomorrow
    assert len(warnings) == 1
    assert "datePublished" in warnings[0]
    expected = [[image_name(number, TOTAL), number % 6 * 0.7] for number in range(TOTAL)]
    assert [name for name, _ in found["labels"]] == [name for name, _ in expected]  # type: ignore[attr-defined]
    assert found["images"] == [
        [24 * number + 12, pytest.approx(number % 6 * 0.7)] for number in range(TOTAL)
    ]


def test_croissant_names_the_sum_of_the_table(folder: Path) -> None:
    document = json.loads((folder / "croissant.json").read_text())
    table = (folder / "metadata.parquet").read_bytes()

    assert document["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert document["distribution"][0]["sha256"] == hashlib.sha256(table).hexdigest()
    assert document["distribution"][0]["contentSize"] == f"{len(table)} B"
    assert document["license"] == ["drawn people: CC BY 4.0", "a corpus: for research only"]


def test_the_card_carries_counts_licences_consent_and_shortfalls(folder: Path) -> None:
    text = (folder / "README.md").read_text()

    assert text.startswith("---\npretty_name:")
    assert "| Images | 7 |" in text
    assert "| AU12 | 2 | 2 | 1 | 1 | 1 | 0 |" in text  # 0 .7 1.4 2.1 2.8 3.5 0 by level
    assert "| AU15 | 5 | 5 | 5 | 5 | 0 | 0 |" in text  # planned
    assert "- AU15 at D never occurs" in text
    assert "- AU12 at E never occurs." in text
    assert "**Licence.** for research only" in text
    assert "**Consent.** Signed forms are with its owner." in text
    assert '"seed": 3' in text
    for linked in ("plots/counts.png", "plots/co_occurrence.png"):
        assert f"]({linked})" in text
        assert (folder / linked).read_bytes().startswith(b"\x89PNG")


def test_a_dataset_without_a_plan_has_a_card_without_balance(tmp_path: Path) -> None:
    sink = io.BytesIO()
    write_image_folder(sink, samples.images(2), samples.DESCRIPTION)
    with zipfile.ZipFile(sink) as opened:
        text = opened.read("README.md").decode()
        assert not any(name.startswith("plots/") for name in opened.namelist())
    assert "## Balance" not in text
    assert "| AU12 | 1 | 1 | 0 | 0 | 0 | 0 |" in text


def test_a_dataset_can_be_read_back_as_a_corpus(folder: Path) -> None:
    corpus = read_corpus(folder, "folder")

    assert corpus.table.subjects == ("person 0", "person 1", "person 2")
    assert len(corpus) == TOTAL
    for index, rgb in corpus.pixels():
        assert isinstance(rgb, np.ndarray)
        number = number_of(rgb)
        np.testing.assert_array_equal(corpus.frame(index).labels, samples.labels_of(number))


def test_images_are_stored_byte_for_byte(folder: Path) -> None:
    decoded = decode_image((folder / image_name(3, TOTAL)).read_bytes())
    np.testing.assert_array_equal(decoded.rgb, picture(3))


def test_images_that_come_twice_or_out_of_order_are_refused() -> None:
    rows = list(samples.images(3))
    for order in ((0, 0), (1, 0)):
        with pytest.raises(RowsInWrongOrderError):
            write_image_folder(
                io.BytesIO(), (rows[number] for number in order), samples.DESCRIPTION
            )


def test_names_sort_like_numbers_however_many_there_are() -> None:
    for total in (1, 1_000_000, 1_000_001, 20_000_000):
        names = [image_name(index, total) for index in (0, 9, 10, total - 1) if index < total]
        assert names == sorted(names)
