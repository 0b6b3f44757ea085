"""The OpenAPI document: what FastAPI makes of the routes, put right for those who read it by
machine."""

from __future__ import annotations

import inspect
import json
import re
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service import wire

LICENCE: Final = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
SERVERS: Final = [{"url": "/", "description": "The service that this document comes from."}]
TAGS: Final = (
    ("images", "Photos, each with at least one face."),
    ("expressions", "Drawings: every photo with every target."),
    ("corpora", "Labelled frames that somebody collected."),
    ("datasets", "AU-balanced training sets, made of drawings."),
    ("subjects", "People, their consent, and models fitted to them."),
    ("models", "Estimators of AU intensities: the ones that ship, and your own."),
    ("estimates", "AU intensities read from photos."),
    ("evaluations", "Models held against the labels of a corpus."),
    ("generators", "What draws: the ones that ship, and your own."),
    ("characters", "Stylised people that nobody is, drawn with any action units."),
    ("jobs", "How work is coming along; it can be followed and cancelled."),
    ("operation", "For those who operate the service."),
)
_REFERENCE: Final = "#/components/schemas/{model}"
_EMPTY: Final = "Successful Response"
"""What FastAPI says of an answer that nobody described."""


def document(app: FastAPI) -> dict[str, Any]:
    """The document of `app`, whose routes use the models of `service.wire`."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    made = FastAPI.openapi(app)  # which keeps it as `openapi_schema`
    operations = [each for path in made["paths"].values() for each in path.values()]
    definitions = _definitions()
    for operation in operations:
        _correct(operation, definitions)
    made["tags"] = [{"name": name, "description": text} for name, text in TAGS]
    made["components"]["schemas"] = _reachable(operations, definitions)
    return made


def _definitions() -> dict[str, Any]:
    """The schema of every model of the wire, by its name.

    FastAPI's own lack each null of their examples, and with it fields that are required.
    """
    names = [f"{wire.__name__}.{each.name}" for each in iter_modules(wire.__path__)]
    models = [
        model
        for module in map(import_module, names)
        for _, model in inspect.getmembers(module, inspect.isclass)
        if issubclass(model, BaseModel) and model.__module__ == module.__name__
    ]
    _, schema = models_json_schema(
        [(model, "validation") for model in models], ref_template=_REFERENCE
    )
    found: dict[str, Any] = schema["$defs"]
    return found


def _correct(operation: dict[str, Any], definitions: dict[str, Any]) -> None:
    answers = operation["responses"]
    # FastAPI expects the validation of any parameter to fail, and to answer in its own way. Ours
    # are problems, and are documented where a parameter can be wrong; an id that is none is a 404.
    if "HTTPValidationError" in json.dumps(answers.get("422", {})):
        del answers["422"]
    for answer in answers.values():
        for content in answer.get("content", {}).values():
            content.pop("itemSchema", None)  # of OpenAPI 3.2, where the document is 3.1
        names = re.findall(r"schemas/(\w+)", json.dumps(answer.get("content", {})))
        if answer["description"] == _EMPTY:
            answer["description"] = definitions[names[0]]["description"] if names else "Done."


def _reachable(operations: list[dict[str, Any]], definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions that the operations refer to, or that those refer to, in turn."""
    found: dict[str, Any] = {}
    waiting = re.findall(r"#/components/schemas/(\w+)", json.dumps(operations))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = definitions[name]
            waiting += re.findall(r"#/components/schemas/(\w+)", json.dumps(definitions[name]))
    return dict(sorted(found.items()))
