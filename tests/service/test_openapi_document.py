"""The OpenAPI document, as those read it who make clients from it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import jsonschema_rs
import pytest

from service.app import create_app
from service.config import load_settings

Json = dict[str, Any]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Json:
    """The document; the service need not run."""
    return create_app(load_settings(data_dir=tmp_path_factory.mktemp("none"))).openapi()


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    """Every operation by its method and path."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def examples(document: Json) -> Iterator[tuple[str, Json, Any]]:
    """Every example, with where it is and the schema that it has to fit."""

    def within(where: str, value: Any) -> Iterator[tuple[str, Json, Any]]:
        if isinstance(value, list):
            for place, entry in enumerate(value):
                yield from within(f"{where}/{place}", entry)
        elif isinstance(value, dict):
            if isinstance(value.get("schema"), dict):
                for name, example in (value.get("examples") or {}).items():
                    yield f"{where}/{name}", value["schema"], example["value"]
            elif isinstance(value.get("examples"), list):
                for place, example in enumerate(value["examples"]):
                    yield f"{where}/{place}", value, example
            for key, entry in value.items():
                if key != "examples":
                    yield from within(f"{where}/{key}", entry)

    yield from within("", document)


def misfits(document: Json) -> list[str]:
    """What does not fit of the examples, and why."""
    components = document["components"]
    return [
        f"{where}: {error.message}"
        for where, schema, value in examples(document)
        for error in jsonschema_rs.Draft202012Validator(
            {**schema, "components": components}, validate_formats=True
        ).iter_errors(value)
    ]


def test_every_example_fits_its_own_schema(document: Json) -> None:
    assert len(list(examples(document))) > 150
    assert misfits(document) == []


def test_an_example_that_lacks_a_field_is_found(document: Json) -> None:
    document = deepcopy(document)
    del document["components"]["schemas"]["Image"]["examples"][0]["expires_at"]
    document["components"]["schemas"]["JobState"]["examples"][0]["state"] = "asleep"
    found = misfits(document)
    assert len(found) == 2
    assert '"expires_at" is a required property' in found[0]
    assert "asleep" in found[1]


def test_every_answer_has_an_example(document: Json) -> None:
    schemas = document["components"]["schemas"]
    bare = {
        name
        for name, schema in schemas.items()
        if schema["type"] == "object" and "examples" not in schema
    }
    # Parts and pages show those of what they are made of.
    assert {"Image", "Job", "Corpus", "Dataset", "Model", "FaceGenerator"} & bare == set()
    for where, operation in operations(document):
        for status, answer in operation["responses"].items():
            for media_type, content in answer.get("content", {}).items():
                if media_type.endswith("json"):
                    names = re.findall(r"schemas/(\w+)", str(content))
                    assert names, f"{where} {status} {media_type} has no schema"


def test_every_reference_leads_somewhere_and_everything_is_referred_to(document: Json) -> None:
    schemas = set(document["components"]["schemas"])
    assert set(re.findall(r"#/components/schemas/(\w+)", str(document))) == schemas
    assert {"Job", "JobList", "JobState", "State", "ExpressionRequest"} <= schemas


def test_operations_are_called_as_their_functions_are(document: Json) -> None:
    names = Counter(operation["operationId"] for _, operation in operations(document))
    assert max(names.values()) == 1
    assert {"upload_image", "request_expressions", "read_job", "personalise"} <= set(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)


def test_every_answer_and_every_tag_says_what_it_is(document: Json) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    assert tags == {tag for _, operation in operations(document) for tag in operation["tags"]}
    for where, operation in operations(document):
        for status, answer in operation["responses"].items():
            assert answer["description"] not in ("", "Successful Response"), (where, status)


def test_problems_come_as_problems_alone(document: Json) -> None:
    for where, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"], (where, status)
