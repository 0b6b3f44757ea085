"""/v1/models/{id}/evaluations and /v1/evaluations."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from models import checkpoint_zip
from models.datasets.facts import DatasetFacts
from models.estimators.shipped import shipped_checkpoint
from service.artifacts import open_store
from service.db.engine import open_database
from service.db.tables import Corpus, Evaluation
from service.db.types import now
from service.usecases.erasure import erase_expired_models
from tests.support.running import Service
from tests.support.small_corpora import folder_files, zipped

PEOPLE = 4


@pytest.fixture(scope="module")
def corpus(service: Service) -> dict[str, Any]:
    """An imported corpus of four people, seven frames each."""
    return service.import_corpus(zipped(folder_files(people=PEOPLE)))


def _evaluated(
    service: Service, corpus: dict[str, Any], model: str = "compact", **asked: Any
) -> dict[str, Any]:
    posted = service.client.post(
        f"/v1/models/{model}/evaluations", json={"corpus_id": corpus["id"], **asked}
    )
    assert posted.status_code == 202, posted.text
    assert posted.json()["result"] is None
    assert posted.headers["location"] == f"/v1/evaluations/{posted.json()['id']}"
    return service.ended(posted.json(), noun="evaluations")


def test_a_model_is_held_against_a_corpus(service: Service, corpus: dict[str, Any]) -> None:
    done = _evaluated(
        service,
        corpus,
        against="compact",
        groups={"person0": {"gender": "woman"}, "person1": {"gender": "man"}, "nobody": {"a": "b"}},
        resamples=200,
    )
    assert done["job"]["state"] == "succeeded", done["job"]
    assert done["job"]["done"] == done["job"]["total"] == PEOPLE * 7
    result = done["result"]
    assert (result["frames"], result["people"]) == (PEOPLE * 7, PEOPLE)
    assert set(result["aus"]) == {"AU06", "AU12"}
    assert sum(map(sum, result["aus"]["AU12"]["confusion"])) == PEOPLE * 7
    assert {person["subject"] for person in result["persons"]} == {
        f"person{number}" for number in range(PEOPLE)
    }
    assert {name: group["people"] for name, group in result["groups"]["gender"].items()} == {
        "woman": 1,
        "man": 1,
    }
    assert set(result["groups"]) == {"gender", "skin"}
    assert result["difference"]["AU12"]["icc"]["value"] == 0
    listed = service.client.get("/v1/evaluations").json()["items"]
    assert done["id"] in [row["id"] for row in listed]
    deleted = service.client.delete(f"/v1/evaluations/{done['id']}")
    assert deleted.status_code == 204
    assert service.client.get(f"/v1/evaluations/{done['id']}").status_code == 404


def test_a_split_is_that_of_datasets(service: Service, corpus: dict[str, Any]) -> None:
    done = _evaluated(service, corpus, split="test")
    assert done["job"]["state"] == "succeeded", done["job"]
    assert done["result"]["people"] == 1
    assert any("put into splits as datasets" in note for note in done["result"]["notes"])


def test_what_cannot_be_evaluated_is_a_problem(service: Service, corpus: dict[str, Any]) -> None:
    def code(path: str, body: dict[str, Any]) -> tuple[int, str]:
        answer = service.client.post(path, json=body)
        return answer.status_code, str(answer.json()["type"]).rpartition("/")[2]

    mine = {"corpus_id": corpus["id"]}
    path = "/v1/models/compact/evaluations"
    assert code(path, {"corpus_id": str(uuid.uuid4())}) == (404, "corpus-not-found")
    assert code("/v1/models/none/evaluations", mine) == (404, "model-not-found")
    assert code(path, {**mine, "against": "none"}) == (404, "model-not-found")
    assert code(path, {**mine, "split": "tests"}) == (422, "invalid-request")
    assert code(path, {**mine, "resamples": 7}) == (422, "invalid-request")
    assert service.client.get(f"/v1/evaluations/{uuid.uuid4()}").status_code == 404
    assert service.client.delete("/v1/evaluations/x").status_code == 404


def _as_trained_now(spec: dict[str, Any]) -> dict[str, Any]:
    facts = DatasetFacts("a dataset", "3d", ((0.0, 0.0),), "rig", "a corpus", spec=spec)
    return {"datasets": [{"dataset_spec": "what JSON can say"}, facts.as_lineage()]}


def _as_trained_earlier(spec: dict[str, Any]) -> dict[str, Any]:
    return {"datasets": "none", "base": {"dataset_spec": spec}}


def _learned_from(
    service: Service,
    corpus: dict[str, Any],
    splits: list[str],
    lineage: Callable[[dict[str, Any]], dict[str, Any]],
) -> str:
    """An uploaded model whose lineage says that it or its base learned from the corpus."""
    with closing(open_database(service.settings.database)) as database, database.read() as session:
        labels = session.get_one(Corpus, uuid.UUID(corpus["id"])).labels_sha256
    shipped = shipped_checkpoint("compact")
    spec = {"corpus": {"labels": labels}, "splits": splits}
    config = {**shipped.config, "lineage": lineage(spec)}
    content = checkpoint_zip.zipped(replace(shipped, config=config))
    sent = service.client.post("/v1/models", files={"file": ("mine.zip", content)})
    assert sent.status_code == 201, sent.text
    return str(sent.json()["id"])


@pytest.mark.parametrize("lineage", [_as_trained_now, _as_trained_earlier])
def test_people_that_a_model_learned_from_are_refused(
    service: Service,
    corpus: dict[str, Any],
    lineage: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    model = _learned_from(service, corpus, ["train"], lineage)
    path = f"/v1/models/{model}/evaluations"
    for asked in ({}, {"split": "train"}):
        refused = service.client.post(path, json={"corpus_id": corpus["id"], **asked})
        assert refused.status_code == 409
        assert refused.json()["type"].endswith("/people-seen")
    assert _evaluated(service, corpus, model, split="test")["result"]["people"] == 1
    told = _evaluated(service, corpus, model, split="train", seen_people=True)
    assert any("learned from people" in note for note in told["result"]["notes"])
    # What was found of a model goes with it.
    assert service.client.delete(f"/v1/models/{model}").status_code == 204
    assert service.client.get(f"/v1/evaluations/{told['id']}").status_code == 404


def test_an_expired_evaluation_is_emptied(service: Service, corpus: dict[str, Any]) -> None:
    done = _evaluated(service, corpus)
    with closing(open_database(service.settings.database)) as database:
        with database.write() as session:
            session.get_one(Evaluation, uuid.UUID(done["id"])).expires_at = now()
        erase_expired_models(database, open_store(service.settings))
        with database.read() as session:
            row = session.get_one(Evaluation, uuid.UUID(done["id"]))
            assert row.result is None
            assert row.erased_at is not None
    expired = service.client.get(f"/v1/evaluations/{done['id']}")
    assert expired.json()["type"].endswith("/resource-expired")
