"""Models over HTTP: the one that ships, personal ones, uploads, and training."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from contextlib import closing
from dataclasses import replace
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from httpx import Response
from sqlalchemy import func, select

from models.checkpoint_zip import unzipped, zipped
from models.checkpoints import CONFIG, MODEL, Checkpoint, encoded
from models.estimators.crop import crop_faces
from models.estimators.reader import Reader
from models.estimators.shipped import shipped_checkpoint
from models.facs import SUPPORTED_AUS
from models.images import encode_png
from models.onnx_session import open_session
from models.personalisation.recipes import default_method
from service.db.engine import open_database
from service.db.tables import Estimate
from tests.service.test_subjects_api import photo_of, subject_of
from tests.support.faces import astronaut, photographed
from tests.support.needs import needs_torch
from tests.support.pictures import portrait, small_portrait, two_faces
from tests.support.problems import problem
from tests.support.running import Service


def once(service: Service) -> None:
    """Skip all but one backend: what takes a minute is the numerics, which are the same."""
    if service.backend.name != "embedded":
        pytest.skip("trained on the embedded backend alone, as training knows no backend")


def made(
    service: Service, subject: str, image: str, *, seconds: float = 60, **options: object
) -> dict[str, Any]:
    """A personal model, once its job has ended."""
    answer = service.client.post(
        f"/v1/subjects/{subject}/models", json={"image_id": image, **options}
    )
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/models/{answer.json()['id']}"
    return service.ended(answer.json(), noun="models", seconds=seconds)


@pytest.fixture(scope="module")
def subject(service: Service) -> str:
    return subject_of(service, "P31")


@pytest.fixture(scope="module")
def personal(service: Service, subject: str) -> dict[str, Any]:
    """A model of the portrait's person."""
    photo = service.client.post(
        "/v1/images", files={"file": ("e.png", portrait())}, data={"subject_id": subject}
    ).json()
    body = made(service, subject, photo["id"])
    assert body["job"]["state"] == "succeeded", body
    return body


def test_the_model_that_ships_leads_the_list(service: Service) -> None:
    first = service.read("/v1/models")["items"][0]
    assert first == service.read("/v1/models/compact")
    assert (first["id"], first["aus"], first["job"]) == ("compact", list(SUPPORTED_AUS), None)


def test_a_download_is_the_checkpoint(service: Service) -> None:
    answer = service.client.get("/v1/models/compact/download")
    assert answer.status_code == 200
    assert unzipped(answer.content).config == shipped_checkpoint("compact").config
    shown = service.read("/v1/models/compact")
    assert answer.headers["etag"] == f'"{shown["sha256"]}"'
    assert len(answer.content) == shown["size"]
    unchanged = service.client.get(
        "/v1/models/compact/download", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    head = service.client.head("/v1/models/compact/download")
    assert (head.status_code, head.headers["content-length"]) == (200, str(shown["size"]))
    part = service.client.get("/v1/models/compact/download", headers={"Range": "bytes=2-9"})
    assert (part.status_code, part.content) == (206, answer.content[2:10])
    assert "immutable" not in answer.headers["cache-control"]  # a newer version may ship another


def read_by_onnx(content: bytes) -> np.ndarray:
    """(A,) intensities of the portrait as a stranger's program would read them."""
    session = open_session(content)
    face = crop_faces(astronaut().image[None]).astype(np.float32) / 127.5 - 1
    intensity = session.run(["intensity"], {"face": face.transpose(0, 3, 1, 2)})[0]
    return np.asarray(intensity[0])


def test_onnx_reads_what_the_service_reads(service: Service, personal: dict[str, Any]) -> None:
    for model in ("compact", personal["id"]):
        answer = service.client.get(f"/v1/models/{model}/download?format=onnx")
        assert answer.status_code == 200, answer.text
        item = service.client.post(
            f"/v1/models/{model}/estimates", files={"file": ("e.png", portrait())}
        ).json()["items"][0]
        told = [read["intensity"] for read in item["intensities"].values()]
        # What is told has two decimals.
        np.testing.assert_allclose(read_by_onnx(answer.content), told, atol=5.1e-3)


def test_one_frame_compares_every_face_with_the_photo(
    service: Service, personal: dict[str, Any]
) -> None:
    assert personal["method"] == default_method("compact") == "one-frame"
    assert personal["aus"] == list(SUPPORTED_AUS)
    downloaded = service.client.get(personal["download_url"]).content
    neutral = astronaut().image
    expected = Reader(shipped_checkpoint("compact")).calibrated(neutral)
    face = np.ascontiguousarray(neutral[:, ::-1])[None]
    np.testing.assert_allclose(
        Reader(unzipped(downloaded)).estimate(face).probabilities,
        expected.estimate(face).probabilities,
        atol=1e-5,
    )


def test_faces_of_other_people_are_refused_unless_any_will_do(
    service: Service, personal: dict[str, Any]
) -> None:
    path = f"/v1/models/{personal['id']}/estimates"
    [stranger] = photographed("london/neutral", 1)
    files = {"file": ("stranger.png", encode_png(stranger.photo))}
    told = problem(service.client.post(path, files=files), 422, "other-person")
    assert "any_person" in told["detail"]
    taken = service.client.post(path, files=files, data={"any_person": "true"})
    assert taken.status_code == 200, taken.text


def test_a_reference_of_another_person_is_refused(service: Service) -> None:
    [stranger] = photographed("london/neutral", 1)
    someone = subject_of(service, "P32")
    photo_of(service, someone, 81)
    wrong = service.client.post(
        "/v1/images",
        files={"file": ("x.png", encode_png(stranger.photo))},
        data={"subject_id": someone},
    ).json()
    body = made(service, someone, wrong["id"])
    assert body["job"]["state"] == "failed"
    assert body["job"]["error"]["type"] == "/problems/other-person"
    path = f"/v1/models/{body['id']}"
    problem(service.client.get(f"{path}/download"), 409, "job-failed")
    answer = service.client.post(f"{path}/estimates", files={"file": small_portrait()})
    problem(answer, 409, "job-failed")


def test_what_cannot_be_personalised_is_refused(service: Service, subject: str) -> None:
    path = f"/v1/subjects/{subject}/models"
    nobody = photo_of(service, None, 82)["id"]
    mine = photo_of(service, subject, 83)["id"]
    post = service.client.post
    problem(post(path, json={"image_id": nobody}), 422, "not-of-this-subject")
    problem(post(path, json={"image_id": str(uuid4())}), 404, "image-not-found")
    problem(
        post(f"/v1/subjects/{uuid4()}/models", json={"image_id": mine}), 404, "subject-not-found"
    )
    unknown = {"image_id": mine, "base_model": "nothing"}
    problem(post(path, json=unknown), 404, "model-not-found")
    problem(post(path, json={"image_id": mine, "method": "magic"}), 422, "invalid-request")
    problem(post(path, json={"image_id": mine, "aus": ["AU99"]}), 422, "unknown-action-unit")
    both = service.client.post(
        "/v1/images", files={"file": two_faces()}, data={"subject_id": subject}
    ).json()
    told = problem(post(path, json={"image_id": both["id"]}), 422, "several-faces")
    assert told["faces"] == 2
    no_face = service.client.post(
        "/v1/images", files={"file": b"x" * 100}, data={"subject_id": subject}
    )
    problem(no_face, 415, "not-an-image")


def small_checkpoint() -> Checkpoint:
    """A small network with weights at random."""
    rng = np.random.default_rng(0)
    full = shipped_checkpoint("compact")
    widths = [24, 32, 48, 64]
    tensors: dict[str, np.ndarray] = {}

    def layer(name: str, *shape: int) -> None:
        spread = (2 / np.prod(shape[1:])) ** 0.5
        tensors[f"{name}.weight"] = rng.normal(0, spread, shape).astype(np.float32)

    def norm(name: str, width: int) -> None:
        for part, value in (("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1)):
            tensors[f"{name}.{part}"] = np.full(width, value, np.float32)
        tensors[f"{name}.num_batches_tracked"] = np.array(0, np.int64)

    layer("trunk.0", 24, 3, 3, 3)
    norm("trunk.1", 24)
    before = 24
    for index, width in enumerate(widths, start=3):
        layer(f"trunk.{index}.conv1", width, before, 3, 3)
        layer(f"trunk.{index}.conv2", width, width, 3, 3)
        layer(f"trunk.{index}.shortcut.0", width, before, 1, 1)
        for name in ("norm1", "norm2", "shortcut.1"):
            norm(f"trunk.{index}.{name}", width)
        before = width
    for name, outputs, inputs in (
        ("absolute", 10, 64), ("comparing.0", 16, 128), ("comparing.2", 10, 16),
    ):  # fmt: skip
        layer(name, outputs, inputs)
        tensors[f"{name}.bias"] = np.zeros(outputs, np.float32)
    network = {"au_count": 2, "stem": 24, "widths": widths, "blocks": [1] * 4, "compare": 16}
    config = {**full.config, "aus": ["AU06", "AU12"], "network": network}
    return Checkpoint(tensors, config, "# small\n")


@pytest.fixture(scope="module")
def small(service: Service) -> dict[str, Any]:
    """An uploaded model of some thousand weights for AU06 and AU12."""
    answer = service.client.post(
        "/v1/models",
        files={"file": ("small.zip", zipped(small_checkpoint()))},
        data={"name": "small"},
    )
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_an_uploaded_model_reads_and_a_base_for_other_aus_is_refused(
    service: Service, subject: str, small: dict[str, Any]
) -> None:
    assert (small["name"], small["aus"], small["job"]) == ("small", ["AU06", "AU12"], None)
    answer = service.client.post(
        f"/v1/models/{small['id']}/estimates", files={"file": small_portrait()}
    )
    assert list(answer.json()["items"][0]["intensities"]) == ["AU06", "AU12"]
    mine = photo_of(service, subject, 84)["id"]
    asked = {"image_id": mine, "base_model": small["id"], "aus": ["AU04", "AU12"]}
    told = problem(
        service.client.post(f"/v1/subjects/{subject}/models", json=asked),
        422,
        "unsuitable-base-model",
    )
    assert "AU04" in told["detail"]


@needs_torch
def test_fine_tuning_moves_the_weights(
    service: Service, subject: str, small: dict[str, Any]
) -> None:
    once(service)
    mine = photo_of(service, subject, 85)["id"]
    asked = {"method": "both", "base_model": small["id"], "generator": "hybrid"}
    unknown = {"image_id": mine, **asked, "generator": "nothing"}
    refused = service.client.post(f"/v1/subjects/{subject}/models", json=unknown)
    problem(refused, 422, "unknown-generator")
    body = made(service, subject, mine, seconds=240, **asked)
    assert body["job"]["state"] == "succeeded", body
    assert body["lineage"]["personalised"]["generator"] == "hybrid"
    assert body["job"]["done"] == body["job"]["total"] > 1
    before = unzipped(service.client.get(small["download_url"]).content)
    after = unzipped(service.client.get(body["download_url"]).content)
    assert after.config["method"] == "both"
    assert "reference.features" in after.tensors
    moved = np.abs(after.tensors["absolute.weight"] - before.tensors["absolute.weight"]).max()
    assert 1e-5 < moved < 0.5


@needs_torch
def test_a_model_is_trained_on_a_dataset_and_goes_with_a_person_in_it(service: Service) -> None:
    once(service)
    person = subject_of(service, "P86")
    one, two = photo_of(service, person, 86)["id"], photo_of(service, "ben", 87)["id"]
    targets = [{"AU12": value} for value in range(6)]
    dataset = service.build(image_ids=[one, two], targets=targets)
    assert dataset["job"]["state"] == "succeeded"
    answer = service.client.post(
        "/v1/models", json={"dataset_id": dataset["id"], "aus": ["AU12"], "epochs": 1}
    )
    assert answer.status_code == 202, answer.text
    body = service.ended(answer.json(), noun="models", seconds=120)
    assert body["job"]["state"] == "succeeded", body
    assert body["aus"] == ["AU12"]
    assert body["results"]["people"] == 1
    assert set(body["results"]["aus"]) == {"AU12"}
    assert body["lineage"]["dataset"] == dataset["id"]
    read = service.client.post(
        f"/v1/models/{body['id']}/estimates", files={"file": small_portrait()}
    )
    assert list(read.json()["items"][0]["intensities"]) == ["AU12"]

    asked = {"dataset_id": dataset["id"], "base_model": body["id"], "epochs": 1}
    answer = service.client.post("/v1/models", json={**asked, "aus": ["AU12"]})
    assert answer.status_code == 202, answer.text
    after = service.ended(answer.json(), noun="models", seconds=120)
    assert after["job"]["state"] == "succeeded", after
    assert (after["base_model"], after["architecture"]) == (body["id"], "compact")
    assert after["lineage"]["base"]["dataset"] == dataset["id"]
    for wrong in ({"aus": ["AU01"]}, {"aus": ["AU12"], "architecture": "vgg16"}):
        refused = service.client.post("/v1/models", json={**asked, **wrong})
        problem(refused, 422, "unsuitable-base-model")

    receipt = service.client.delete(f"/v1/subjects/{person}").json()
    assert (receipt["models"], receipt["datasets_withdrawn"]) == (2, [dataset["id"]])
    for model in (body, after):
        problem(service.client.get(f"/v1/models/{model['id']}"), 404, "model-not-found")


@needs_torch
def test_normalised_models_are_trained_chosen_and_used(service: Service) -> None:
    """On two datasets at once, chosen by a third; then read by the mean of a person's photos."""
    once(service)
    person = subject_of(service, "P90")
    mine = [photo_of(service, person, number)["id"] for number in (90, 91)]
    others = [photo_of(service, name, number)["id"] for name, number in (("cy", 92), ("di", 93))]
    targets = [{"AU12": value} for value in range(3)]
    sets = [
        service.build(image_ids=[photo], targets=targets, name=f"of-{number}")["id"]
        for number, photo in enumerate([mine[0], *others])
    ]
    asked = {
        "dataset_ids": sets[:2], "choose_by": [sets[2]], "normalisation": "au0",
        "aus": ["AU12"], "epochs": 1,
    }  # fmt: skip
    wrong = {**asked, "dataset_id": sets[0]}
    problem(service.client.post("/v1/models", json=wrong), 422, "invalid-request")
    answer = service.client.post("/v1/models", json=asked)
    assert answer.status_code == 202, answer.text
    body = service.ended(answer.json(), noun="models", seconds=240)
    assert body["job"]["state"] == "succeeded", body
    assert body["lineage"]["dataset_ids"] == sets[:2]
    assert body["lineage"]["chosen_by_ids"] == [sets[2]]
    assert body["lineage"]["training"]["normalisation"] == "au0"
    assert (body["results"]["people"], body["results"]["measured_on"]) == (1, "drawings")
    path = f"/v1/models/{body['id']}/estimates"
    alone = service.client.post(path, files={"file": small_portrait()})
    problem(alone, 422, "reference-needed")

    own = {"image_id": mine[0], "more_image_ids": mine[1:], "base_model": body["id"]}
    refused = service.client.post(
        f"/v1/subjects/{person}/models", json={**own, "method": "fine-tune"}
    )
    problem(refused, 422, "unsuitable-base-model")
    plain = service.client.post(
        f"/v1/subjects/{person}/models", json={**own, "base_model": "compact"}
    )
    problem(plain, 422, "invalid-request")
    fitted = made(service, person, mine[0], more_image_ids=mine[1:], base_model=body["id"])
    assert fitted["job"]["state"] == "succeeded", fitted
    held = unzipped(service.client.get(fitted["download_url"]).content)
    assert held.tensors["reference.image"].shape == (224, 224, 3)
    read = service.client.post(
        f"/v1/models/{fitted['id']}/estimates", json={"image_ids": [mine[0]]}
    )
    assert list(read.json()["items"][0]["intensities"]) == ["AU12"], read.text
    receipt = service.client.delete(f"/v1/subjects/{person}").json()
    assert receipt["models"] == 2  # of two datasets that taught it, one showed the person


def test_nobody_s_own_model_is_trained_on_for_others(
    service: Service, personal: dict[str, Any]
) -> None:
    photo = photo_of(service, None, 88)["id"]
    dataset = service.build(image_ids=[photo], targets=[{"AU12": 2}])
    asked = {"dataset_id": dataset["id"], "base_model": personal["id"]}
    problem(service.client.post("/v1/models", json=asked), 422, "unsuitable-base-model")
    missing = {**asked, "base_model": str(uuid4())}
    problem(service.client.post("/v1/models", json=missing), 404, "model-not-found")


def test_training_needs_a_dataset(service: Service) -> None:
    post = service.client.post
    problem(post("/v1/models", json={"dataset_id": str(uuid4())}), 404, "dataset-not-found")
    problem(post("/v1/models", json={}), 422, "invalid-request")
    problem(post("/v1/models", json={"dataset_id": "x"}), 422, "invalid-request")


def archive(**files: bytes) -> bytes:
    """A zip of the shipped checkpoint with some files replaced; None leaves one out."""
    held = encoded(shipped_checkpoint("compact"))
    for name, content in files.items():
        held[name.replace("__", ".")] = content
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made_of:
        for name, content in held.items():
            made_of.writestr(name, content)
    return out.getvalue()


def other_aus() -> bytes:
    checkpoint = shipped_checkpoint("compact")
    return json.dumps({**checkpoint.config, "aus": ["AU01"]}).encode()


def torn() -> bytes:
    return encoded(shipped_checkpoint("compact"))[MODEL][:-100]


def with_nan() -> bytes:
    checkpoint = shipped_checkpoint("compact")
    bad = {**checkpoint.tensors, "absolute.bias": np.full(90, np.nan, np.float16)}
    return encoded(replace(checkpoint, tensors=bad))[MODEL]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (pickle.dumps({"weights": [1.0]}), "pickled-checkpoint"),
        (archive(**{"archive/data__pkl": b"\x80\x02."}), "pickled-checkpoint"),
        (archive(model__safetensors=pickle.dumps([1.0] * 40)), "pickled-checkpoint"),
        (archive(model__safetensors=torn()), "corrupt-checkpoint"),
        (archive(model__safetensors=with_nan()), "checkpoint-mismatch"),
        (archive(config__json=b"{"), "corrupt-checkpoint"),
        (archive(config__json=other_aus()), "checkpoint-mismatch"),
        (archive(config__json=b'{"format": 9}'), "checkpoint-mismatch"),
        (archive(run__sh=b"rm"), "corrupt-checkpoint"),
        (archive()[:-60], "corrupt-checkpoint"),
        (b"", "corrupt-checkpoint"),
        (b"PK\x03\x04", "corrupt-checkpoint"),
    ],
    ids=[
        "pickle", "torch-zip", "pickle-inside", "torn", "nan", "no-json", "other-aus",
        "other-format", "stray-file", "torn-zip", "empty", "no-zip",
    ],
)  # fmt: skip
def test_bad_checkpoints_are_refused(service: Service, content: bytes, code: str) -> None:
    before = len(service.read("/v1/models?limit=200")["items"])
    problem(service.client.post("/v1/models", files={"file": ("m.zip", content)}), 422, code)
    assert len(service.read("/v1/models?limit=200")["items"]) == before


def test_deleting_a_model_takes_its_bytes(service: Service) -> None:
    checkpoint = shipped_checkpoint("compact")
    own = zipped(replace(checkpoint, card="# one of a kind\n"))
    model = service.client.post("/v1/models", files={"file": ("m.zip", own)}).json()
    assert service.client.get(model["download_url"]).content == own
    assert service.client.delete(f"/v1/models/{model['id']}").status_code == 204
    problem(service.client.get(f"/v1/models/{model['id']}"), 404, "model-not-found")
    problem(service.client.delete("/v1/models/compact"), 409, "shipped-model")


def test_deleting_a_personal_model_takes_what_it_read(service: Service) -> None:
    person = subject_of(service, "P89")
    model = made(service, person, photo_of(service, person, 89)["id"])

    def read() -> Response:
        return service.client.post(
            f"/v1/models/{model['id']}/estimates",
            files={"file": portrait()},
            headers={"Idempotency-Key": f"read-by-{model['id']}"},
        )

    def readings() -> int:
        query = select(func.count()).select_from(Estimate).where(Estimate.model == model["id"])
        opened = closing(open_database(service.settings.database))
        with opened as database, database.read() as session:
            return session.scalar(query) or 0

    assert read().status_code == 200
    assert readings() == 1
    assert service.client.delete(f"/v1/models/{model['id']}").status_code == 204
    assert readings() == 0
    problem(read(), 404, "model-not-found")


def test_the_shipped_files_are_those_of_a_checkpoint() -> None:
    files = encoded(shipped_checkpoint("compact"))
    assert {MODEL, CONFIG} < set(files)
