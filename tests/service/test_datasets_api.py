"""Balanced datasets over HTTP: what is asked for is what is downloaded."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset  # type: ignore[import-untyped]
from PIL import Image

from models.images import read_mark
from tests.support.pictures import portrait, small_portrait
from tests.support.running import Service
from tests.support.small_corpora import folder_files, zipped


@pytest.fixture(scope="module")
def corpus(service: Service) -> dict[str, Any]:
    return service.import_corpus(
        zipped(folder_files()), licence="For research.", consent="All signed form 7."
    )


@pytest.fixture(scope="module")
def built(service: Service, corpus: dict[str, Any]) -> dict[str, Any]:
    body = service.build(corpus_id=corpus["id"], aus=["AU12", "AU06"], per_intensity=2)
    assert body["job"]["state"] == "succeeded", body["job"]
    return body


def archive_of(service: Service, body: dict[str, Any]) -> zipfile.ZipFile:
    answer = service.client.get(body["download_url"])
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(answer.content))


def rows_of(archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(
        io.BytesIO(archive.read("metadata.parquet"))
    ).to_pylist()
    return rows


def test_every_au_has_as_many_images_at_every_intensity(
    service: Service, built: dict[str, Any]
) -> None:
    assert (built["job"]["done"], built["job"]["total"], built["images"]) == (24, 24, 24)
    rows = rows_of(archive_of(service, built))
    cells = [(row["au"], row["intensity"]) for row in rows]
    wanted = [(au, float(level)) for au in ("AU12", "AU06") for level in range(6)]
    assert cells == [cell for cell in wanted for _ in range(2)]
    for row in rows:
        assert row[row["au"]] == row["intensity"]
        assert row["AU01"] is None  # the corpus does not code it
    assert {row["subject"] for row in rows} == {"person0", "person1"}
    assert all(cell["planned"] == 2 for cell in built["balance"]["cells"])


def test_every_image_is_marked_as_drawn_for_its_row(
    service: Service, built: dict[str, Any]
) -> None:
    archive = archive_of(service, built)
    for row in rows_of(archive):
        mark = read_mark(archive.read(row["file_name"]))
        assert mark is not None
        assert (mark.generator, mark.seed) == ("rig", row["seed"])
        shown = {au: value for au, value in row.items() if au.startswith("AU") and value}
        assert mark.target == shown
        assert Image.open(io.BytesIO(archive.read(row["file_name"]))).size == (224, 224)


def test_the_card_carries_terms_balance_and_a_look_at_the_pixels(
    service: Service, built: dict[str, Any]
) -> None:
    card = archive_of(service, built).read("README.md").decode()
    for text in ("For research.", "All signed form 7.", "plots/counts.png", "AU12", "rig"):
        assert text in card
    assert "Balance in the pixels" in card
    assert built["pixel_check"]["images"] == 24
    assert built["pixel_check"]["aus"]["AU12"]["correlation"] > 0.5


def test_the_archive_says_what_it_is_and_keeps_what_people_look_like(
    service: Service, corpus: dict[str, Any], built: dict[str, Any]
) -> None:
    archive = archive_of(service, built)
    facts = json.loads(archive.read("dataset.json"))
    assert (facts["registration"], facts["generator"]) == ("3d", "rig")
    assert facts["corpus"] == corpus["name"]
    assert facts["sources"][0]["licence"] == "For research."
    assert facts["spec"]["sources"] == "neutral-first"
    references = {one["subject"]: one for one in facts["references"]}
    assert set(references) == {"person0", "person1"}
    for one in references.values():
        assert one["frames"] > 1
        picture = np.asarray(Image.open(io.BytesIO(archive.read(one["mean_texture"]))))
        assert picture.shape == (224, 224, 3)
        assert picture[112, 112].mean() > 20  # a face, and not black
    flat = service.build(
        corpus_id=corpus["id"], aus=["AU12"], per_intensity=1, registration="2d", sources="absent"
    )
    facts = json.loads(archive_of(service, flat).read("dataset.json"))
    assert (facts["registration"], facts["spec"]["sources"]) == ("2d", "absent")


def test_labels_of_one_corpus_are_drawn_on_faces_of_another(
    service: Service, corpus: dict[str, Any]
) -> None:
    other = service.import_corpus(zipped(folder_files()), name="other", licence="Labels alone.")
    asked = {
        "corpus_id": corpus["id"], "labels_from": other["id"], "aus": ["AU12"],
        "per_intensity": 1, "intensities": [4],
    }  # fmt: skip
    body = service.build(**asked)
    assert body["job"]["state"] == "succeeded", body["job"]
    archive = archive_of(service, body)
    facts = json.loads(archive.read("dataset.json"))
    assert [one["licence"] for one in facts["sources"]] == ["For research.", "Labels alone."]
    assert facts["sources"][1]["name"] == "labels of other"
    assert [row["AU12"] for row in rows_of(archive)] == [4]
    answer = service.client.post("/v1/datasets", json={**asked, "method": "resampled"})
    assert answer.status_code == 422
    assert answer.json()["pointer"] == "/labels_from"


def test_others_load_it(service: Service, built: dict[str, Any], tmp_path: Path) -> None:
    archive_of(service, built).extractall(tmp_path / "set")
    loaded = load_dataset(
        "imagefolder", data_dir=str(tmp_path / "set"), cache_dir=str(tmp_path / "cache")
    )["train"]
    assert len(loaded) == 24
    assert loaded[23]["au"] == "AU06"
    assert loaded[23]["image"].size == (224, 224)


def test_the_same_spec_is_the_same_dataset_without_new_work(
    service: Service, corpus: dict[str, Any], built: dict[str, Any]
) -> None:
    jobs = len(service.read("/v1/jobs?limit=200")["items"])

    def post(_: int) -> Any:
        return service.client.post(
            "/v1/datasets",
            json={"corpus_id": corpus["id"], "aus": ["AU12", "AU06"], "per_intensity": 2},
        ).json()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(post, range(4)))
    assert {answer["id"] for answer in answers} == {built["id"]}
    assert len(service.read("/v1/jobs?limit=200")["items"]) == jobs
    other = service.build(corpus_id=corpus["id"], aus=["AU12"], per_intensity=2, seed=1)
    assert other["id"] != built["id"]


def test_the_same_new_spec_asked_for_at_the_same_time_is_one_dataset(
    service: Service, corpus: dict[str, Any]
) -> None:
    def post(_: int) -> dict[str, Any]:
        answer = service.client.post(
            "/v1/datasets",
            json={"corpus_id": corpus["id"], "aus": ["AU06"], "per_intensity": 1, "seed": 77},
        )
        assert answer.status_code == 202, answer.text
        accepted: dict[str, Any] = answer.json()
        return accepted

    with ThreadPoolExecutor(4) as pool:
        ids = {answer["id"] for answer in pool.map(post, range(4))}
    assert len(ids) == 1
    service.ended({"id": ids.pop(), "job": {"id": ""}}, noun="datasets")


def test_built_again_it_has_the_same_bytes(service: Service, corpus: dict[str, Any]) -> None:
    request = {"corpus_id": corpus["id"], "aus": ["AU06"], "per_intensity": 1, "jitter": 0.3}
    first = service.build(**request)
    assert service.client.delete(f"/v1/datasets/{first['id']}").status_code == 204
    assert service.client.get(f"/v1/datasets/{first['id']}").status_code == 404
    assert service.client.get(first["download_url"]).status_code == 404
    second = service.build(**request)
    assert second["id"] != first["id"]
    assert second["sha256"] == first["sha256"]
    assert service.client.get(second["download_url"]).status_code == 200


def test_a_download_that_broke_off_can_be_gone_on_with(
    service: Service, built: dict[str, Any]
) -> None:
    url = built["download_url"]
    whole = service.client.get(url)
    assert whole.headers["etag"] == f'"{built["sha256"]}"'
    assert len(whole.content) == built["size"]
    half = built["size"] // 2
    rest = service.client.get(
        url, headers={"Range": f"bytes={half}-", "If-Range": whole.headers["etag"]}
    )
    assert (rest.status_code, rest.content) == (206, whole.content[half:])
    assert rest.headers["content-range"] == f"bytes {half}-{built['size'] - 1}/{built['size']}"
    stale = service.client.get(url, headers={"Range": f"bytes={half}-", "If-Range": '"other"'})
    assert (stale.status_code, len(stale.content)) == (200, built["size"])
    beyond = service.client.get(url, headers={"Range": f"bytes={built['size']}-"})
    assert beyond.status_code == 416
    head = service.client.head(url)
    assert head.headers["content-length"] == str(built["size"])


def test_the_preview_shows_every_au_at_every_intensity(
    service: Service, built: dict[str, Any]
) -> None:
    sheet = Image.open(io.BytesIO(service.client.get(built["preview_url"]).content))
    assert sheet.width > 6 * 160
    assert sheet.height > 2 * 160


def test_tar_shards_for_training_from_a_stream(service: Service, corpus: dict[str, Any]) -> None:
    body = service.build(corpus_id=corpus["id"], aus=["AU12"], per_intensity=1, format="webdataset")
    archive = archive_of(service, body)
    with tarfile.open(fileobj=io.BytesIO(archive.read("shards/000000.tar"))) as shard:
        assert len(shard.getnames()) == 12
        described = shard.extractfile("000005.json")
        assert described is not None
        row = json.loads(described.read())
    assert (row["au"], row["intensity"]) == ("AU12", 5.0)


def test_turned_faces_are_aligned_in_2d(service: Service, corpus: dict[str, Any]) -> None:
    body = service.build(
        corpus_id=corpus["id"], aus=["AU12"], intensities=[4], per_intensity=1, registration="2d",
        poses=[[0, 0], [-20, 40]],
    )  # fmt: skip
    assert body["job"]["state"] == "succeeded", body["job"]
    archive = archive_of(service, body)
    facts = json.loads(archive.read("dataset.json"))
    assert (facts["registration"], facts["poses"]) == ("2d", [[0, 0], [-20, 40]])
    rows = rows_of(archive)
    assert sorted((row["pitch"], row["yaw"]) for row in rows) == [(-20, 40), (0, 0)]
    for row in rows:
        picture = np.asarray(Image.open(io.BytesIO(archive.read(row["file_name"]))))
        assert (picture.max(axis=2) == 0).mean() < 0.2  # what surrounds the face is there


def test_nine_poses(service: Service, corpus: dict[str, Any]) -> None:
    body = service.build(
        corpus_id=corpus["id"], aus=["AU12"], intensities=[4], per_intensity=1, poses="fera2017"
    )
    rows = rows_of(archive_of(service, body))
    assert {(row["pitch"], row["yaw"]) for row in rows} == {
        (pitch, yaw) for pitch in (-40.0, -20.0, 0.0) for yaw in (-40.0, 0.0, 40.0)
    }
    assert len(rows) == 9


def test_two_dimensional_registration_draws_something_else(
    service: Service, corpus: dict[str, Any]
) -> None:
    request = {"corpus_id": corpus["id"], "aus": ["AU12"], "intensities": [3], "per_intensity": 1}
    flat = archive_of(service, service.build(**request, registration="2d"))
    turned = archive_of(service, service.build(**request, registration="3d"))
    assert flat.read("images/000000.png") != turned.read("images/000000.png")
    assert rows_of(flat)[0]["yaw"] is None


def test_the_baseline_of_real_frames_carries_no_mark(
    service: Service, corpus: dict[str, Any]
) -> None:
    body = service.build(corpus_id=corpus["id"], aus=["AU12"], per_intensity=3, method="resampled")
    archive = archive_of(service, body)
    rows = rows_of(archive)
    assert [row["intensity"] for row in rows] == [level for level in range(6) for _ in range(3)]
    assert all(read_mark(archive.read(row["file_name"])) is None for row in rows)
    assert {row["generator"] for row in rows} == {"none"}
    assert body["pixel_check"] is None


def test_photos_times_targets_without_a_corpus(service: Service) -> None:
    ids = [
        service.client.post("/v1/images", files={"file": photo}, data={"subject_id": name}).json()[
            "id"
        ]
        for name, photo in (("large", portrait()), ("small", small_portrait()))
    ]
    body = service.build(image_ids=ids, targets=[{"AU12L": "D"}, {}, {"AU04": 3}])
    assert body["job"]["state"] == "succeeded", body["job"]
    archive = archive_of(service, body)
    rows = rows_of(archive)
    assert [row["subject"] for row in rows] == ["large"] * 3 + ["small"] * 3
    assert [row["AU12"] for row in rows] == [4.0, 0.0, 0.0] * 2
    mark = read_mark(archive.read("images/000000.png"))
    assert mark is not None
    assert mark.target == {"AU12L": 4.0}
    assert "answers for the consent" in archive.read("README.md").decode()


def test_intensities_that_never_occur_are_left_out_or_scaled_and_told(service: Service) -> None:
    files = folder_files(faceless=0)
    lines = files["labels.csv"].decode().splitlines()
    files["labels.csv"] = (
        "\n".join(line for line in lines if not line.endswith("5,5")).encode() + b"\n"
    )
    corpus = service.import_corpus(zipped(files))
    request = {"corpus_id": corpus["id"], "aus": ["AU12"], "per_intensity": 1}
    left_out = service.build(**request)
    assert left_out["images"] == 5
    assert (left_out["job"]["done"], left_out["job"]["total"]) == (5, 5)
    assert left_out["notes"] == [
        "AU12 at E never occurs; fill=synthetic would scale vectors of another level."
    ]
    scaled = service.build(**request, fill="synthetic")
    assert scaled["images"] == 6
    assert "scaled" in scaled["notes"][0]


@pytest.mark.parametrize(
    ("request_", "status", "code", "told"),
    [
        ({"per_intensity": 0}, 422, "invalid-dataset", "0 images"),
        ({"per_intensity": -3}, 422, "invalid-dataset", "-3 images"),
        (
            {"aus": ["AU12"], "per_intensity": 1_000_000_000},
            422,
            "dataset-too-large",
            "1 AUs x 6 intensities x 1,000,000,000 x 1 poses = 6,000,000,000 images of about 75 kB"
            " = 450,000.0 GB; one dataset may have 500,000 images.",
        ),
        ({"aus": ["AU01"]}, 422, "action-unit-not-in-corpus", "AU01"),
        ({"aus": ["AU99"]}, 422, "invalid-dataset", "AU99"),
        ({"aus": []}, 422, "invalid-dataset", "at least one AU"),
        ({"intensities": [6]}, 422, "invalid-dataset", "0 to 5"),
        ({"jitter": 0.7}, 422, "invalid-dataset", "0.7"),
        ({"subject_cap": 1}, 422, "invalid-dataset", "cells"),
        ({"poses": [[0, 0], [0, 0]]}, 422, "invalid-dataset", "twice"),
        ({"poses": [[0, 120]]}, 422, "invalid-request", "/poses"),
        ({"generator": "dall-e"}, 422, "unknown-generator", "rig"),
        ({"format": "tfrecord"}, 422, "invalid-request", "format"),
        ({"targets": [{}]}, 422, "invalid-dataset", "image_ids"),
        ({"image_ids": [str(uuid4())]}, 422, "invalid-dataset", "either"),
        ({"corpus_id": str(uuid4())}, 404, "corpus-not-found", "corpus"),
        ({"colour": "red"}, 422, "invalid-request", "colour"),
        ({"seed": -1}, 422, "invalid-request", "seed"),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_reason(
    service: Service,
    corpus: dict[str, Any],
    request_: dict[str, Any],
    status: int,
    code: str,
    told: str,
) -> None:
    answer = service.client.post("/v1/datasets", json={"corpus_id": corpus["id"], **request_})
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}")
    assert told in answer.json()["detail"]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({}, "invalid-dataset"),
        ({"image_ids": [str(uuid4())]}, "invalid-dataset"),
        ({"image_ids": [str(uuid4())], "targets": [{}]}, "image-not-found"),
        ({"image_ids": [str(uuid4())], "targets": [{"AU12": 9}]}, "intensity-out-of-range"),
        ({"image_ids": [str(uuid4())], "targets": [{}], "per_intensity": 3}, "invalid-dataset"),
        ({"image_ids": [str(uuid4())] * 100, "targets": [{}] * 9_999}, "dataset-too-large"),
    ],
)
def test_photos_and_targets_that_cannot_be_drawn(
    service: Service, request_: dict[str, Any], code: str
) -> None:
    answer = service.client.post("/v1/datasets", json=request_)
    assert answer.json()["type"] == f"/problems/{code}", answer.text
    assert answer.status_code in (404, 422)


def test_too_few_people_for_splits_end_the_job_with_a_sentence(
    service: Service, corpus: dict[str, Any]
) -> None:
    body = service.build(corpus_id=corpus["id"], per_intensity=1, splits=["test"])
    assert body["job"]["state"] == "failed"
    assert body["job"]["error"]["type"] == "/problems/nothing-to-draw"
    assert "2 subjects cannot fill 3 splits" in body["job"]["error"]["detail"]
    answer = service.client.get(f"/v1/datasets/{body['id']}/download")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/job-failed")


def test_a_cancelled_dataset_stops_and_can_be_asked_for_again(
    service: Service, corpus: dict[str, Any]
) -> None:
    request = {"corpus_id": corpus["id"], "aus": ["AU12"], "per_intensity": 200}
    accepted = service.client.post("/v1/datasets", json=request).json()
    early = service.client.get(f"/v1/datasets/{accepted['id']}/download")
    assert (early.status_code, early.json()["type"]) == (409, "/problems/not-ready")
    assert service.client.post(f"/v1/jobs/{accepted['job']['id']}/cancel").status_code < 300
    body = service.ended(accepted, noun="datasets")
    assert body["job"]["state"] == "cancelled"
    assert body["job"]["done"] < body["job"]["total"]
    again = service.client.post("/v1/datasets", json=request).json()
    assert again["id"] != accepted["id"]
    assert service.client.delete(f"/v1/datasets/{again['id']}").status_code == 204


@pytest.mark.parametrize("method", ["semantic", "resampled"])
def test_rows_say_split_neutral_and_whether_they_are_drawn(service: Service, method: str) -> None:
    files = folder_files(each=4, faceless=0)
    lines = files["labels.csv"].decode().splitlines()
    splits = {"person0": "train", "person1": "test"}
    table = [f"{lines[0]},AU26,split"]
    for number, line in enumerate(lines[1:]):
        # of the two frames without AU12, one drops the jaw
        table.append(f"{line},{5 if number % 4 == 1 else 0},{splits[line.split(',')[1]]}")
    files["labels.csv"] = "\n".join(table).encode()
    corpus = service.import_corpus(zipped(files))
    assert corpus["splits"] == {"train": 4, "test": 4}

    body = service.build(
        corpus_id=corpus["id"], aus=["AU12"], per_intensity=8, intensities=[0], method=method
    )
    assert body["job"]["state"] == "succeeded", body["job"]
    rows = rows_of(archive_of(service, body))
    assert {row["AU26"] for row in rows} == {0.0, 5.0}  # known, though not asked for
    for row in rows:
        assert row["AU12"] == 0
        assert row["neutral"] == (row["AU06"] == row["AU26"] == 0)
        assert row["split"] == splits[row["subject"]]
        assert row["synthetic"] == (method == "semantic")
