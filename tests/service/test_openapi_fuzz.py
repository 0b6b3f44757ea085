"""Requests made up from the OpenAPI document: no server error, and every answer as documented."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.artifacts import open_store
from service.db.engine import open_database
from tests.service.test_subjects_api import photo_of, subject_of
from tests.support.backends import Backend
from tests.support.inline import asked, imported, run_all
from tests.support.running import Service, running
from tests.support.small_corpora import folder_files, written

EXAMPLES = {(True, GenerationMode.POSITIVE): 16, (True, GenerationMode.NEGATIVE): 4}
OTHER_EXAMPLES = 2
"""Of an operation with a body, by mode, and of any other."""
TAKEN = tuple(
    f"POST /v1/{noun}"
    for noun in (
        "expressions",
        "corpora",
        "datasets",
        "subjects",
        "subjects/{subject_id}/models",
        "models",
        "models/{model_id}/estimates",
        "generators",
    )
)
"""What is to get past all checks now and then; a photo made up of bytes never does."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def idle(own_backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that takes any request, and never gets to what was asked for."""
    data = tmp_path_factory.mktemp(f"idle-{own_backend.name}")
    with running(
        own_backend, data, worker_processes="0", estimate_wait_seconds="0", max_dataset_images="500"
    ) as started:
        yield started


@pytest.fixture(scope="module")
def known(idle: Service) -> Mapping[str, str]:
    """Ids of what there is to ask about, by the name that requests have for them."""
    written(folder_files(), idle.data / "corpora" / "tiny")
    subject = subject_of(idle, "P71")
    image = photo_of(idle, subject, 94)["id"]
    store = open_store(idle.settings)
    with closing(open_database(idle.settings.database)) as database:
        corpus = imported(idle.settings, database, store)
        dataset = asked(idle.settings, database, corpus)
        run_all(idle.settings, database, store)
    return {
        "subject_id": subject,
        "image_id": image,
        "image_ids": image,
        "corpus_id": str(corpus.id),
        "dataset_id": str(dataset.id),
        "model_id": "compact",
        "base_model": "compact",
    }


def is_id(value: object) -> bool:
    """Whether it is written as an id is."""
    try:
        return isinstance(value, str) and bool(uuid.UUID(value))
    except ValueError:
        return False


def existing(name: str, value: Any, known: Mapping[str, str]) -> Any:
    """A made-up id, or a list of some, with ids that there are."""
    if isinstance(value, list):
        return [existing(name, entry, known) for entry in value]
    return known[name] if name in known and (name == "base_model" or is_id(value)) else value


def whole(value: Any) -> Any:
    """3.0 is an integer to JSON Schema, but not to whoever asks for one strictly."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def sensible(label: str, body: dict[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """A request whose words mean something, so that its numbers come to be looked at."""
    words: dict[str, Any] = {
        "generator": "rig",
        "layout": "folder",
        "path": "tiny",
        "aus": ["AU12"],
        "targets": [{"AU12": 3}, {}],
    }
    out = {
        name: words[name] if name in words and value else whole(value)
        for name, value in body.items()
    }
    photos = {"image_ids": [known["image_id"]]}
    if label == "POST /v1/datasets" and "targets" in out:
        kept = ("targets", "name", "generator", "registration", "seed", "format")
        out = {**{name: out[name] for name in kept if name in out}, **photos}
    elif label == "POST /v1/datasets":
        out = {**out, "corpus_id": known["corpus_id"]}
        out.pop("image_ids", None)
    elif label == "POST /v1/generators":
        of_photos = "drawings" in out
        out |= {"dataset_id": None if of_photos else known["dataset_id"]}
        out |= photos if of_photos else {"image_ids": None}
    return out


def tried(
    operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, known: Mapping[str, str]
) -> Counter[int] | None:
    """The statuses of what is tried on one operation; None where no request can be so."""
    statuses: Counter[int] = Counter()
    turn = itertools.count()

    @settings(
        max_examples=EXAMPLES.get((bool(operation.body), mode), OTHER_EXAMPLES),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Case[Any]) -> None:
        if isinstance(case.body, dict):
            case.body = {name: existing(name, value, known) for name, value in case.body.items()}
            if next(turn) % 2:
                case.body = sensible(operation.label, case.body, known)
        if "Idempotency-Key" in case.headers and mode is GenerationMode.POSITIVE:
            case.headers["Idempotency-Key"] = str(uuid.uuid4())  # else an earlier request has it
        if case.method != "DELETE":
            for name in set(case.path_parameters or ()) & set(known):
                case.path_parameters[name] = known[name]
        statuses[case.call_and_validate(checks=CHECKS, timeout=60).status_code] += 1

    try:
        check()
    except Unsatisfiable:
        return None
    return statuses


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_makes_the_service_fail_or_answer_what_it_does_not_document(
    idle: Service, known: Mapping[str, str], mode: GenerationMode
) -> None:
    if mode is GenerationMode.NEGATIVE and idle.backend.name != "embedded":
        pytest.skip("what is refused is refused before it comes to a backend")
    document = schemathesis.openapi.from_url(f"{idle.client.base_url}/openapi.json")
    # Where no key is asked for, a made-up one is refused before anything else is looked at.
    document.config.generation.update(with_security_parameters=False)
    found = list(document.get_all_operations())
    operations = [result.ok() for result in found if isinstance(result, Ok)]
    assert len(operations) == len(found) > 12
    answers = {
        operation.label: statuses
        for operation in operations
        if (mode is GenerationMode.POSITIVE or operation.body)
        if (statuses := tried(operation, mode, known)) is not None
    }
    assert all(401 not in statuses for statuses in answers.values())
    assert {*TAKEN, "POST /v1/images"} <= answers.keys()
    if mode is GenerationMode.POSITIVE:
        assert [label for label in TAKEN if not answers[label].keys() & {201, 202}] == []
