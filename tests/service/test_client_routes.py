"""Every operation of the API is a method of the client, and its answer a type."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image as Pillow

from service.app import create_app
from service.client import Client, JobEndedError, Picture, Pictures, RefusedError
from service.config import load_settings
from service.wire.jobs import JobError, JobState
from service.wire.models import PersonaliseRequest

ID = uuid.UUID("019e6f1c-3c00-7b1e-a7d4-9f6c1f0a2b3c")
Json = dict[str, Any]

CALLS: dict[str, Callable[[Client, Path], Any]] = {
    "upload_image": lambda c, file: c.upload(file, "eileen"),
    "list_images": lambda c, _: list(c.images("eileen")),
    "read_image": lambda c, _: c.image(ID),
    "erase_image": lambda c, _: c.erase_image(ID),
    "read_image_content": lambda c, _: c.content(ID),
    "read_registered": lambda c, _: c.registered(ID, "2d"),
    "preview_image": lambda c, _: c.preview_image(ID, {"target": {"AU12": "C"}}),
    "request_expressions": lambda c, _: c.draw([ID], [{"AU12": "C"}], seed=3),
    "read_expressions": lambda c, _: c.expressions(ID),
    "read_expression_item": lambda c, _: c.drawing(ID, 0, "face"),
    "import_corpus": lambda c, file: c.import_archive(file, {"name": "a", "layout": "folder"}),
    "list_corpora": lambda c, _: list(c.corpora()),
    "read_corpus": lambda c, _: c.corpus(ID),
    "delete_corpus": lambda c, _: c.delete_corpus(ID),
    "request_dataset": lambda c, _: c.build({"image_ids": [ID], "targets": [{}]}),
    "list_datasets": lambda c, _: list(c.datasets()),
    "read_dataset": lambda c, _: c.dataset(ID),
    "delete_dataset": lambda c, _: c.delete_dataset(ID),
    "rebuild_dataset": lambda c, _: c.rebuild(ID),
    "download_dataset": lambda c, file: c.download_dataset(ID, file.with_suffix(".zip")),
    "preview_dataset": lambda c, _: c.preview(ID),
    "create_subject": lambda c, _: c.create_subject({"label": "P", "consent": {}}),
    "list_subjects": lambda c, _: list(c.subjects()),
    "read_subject": lambda c, _: c.subject(ID),
    "erase_subject": lambda c, _: c.erase_subject(ID),
    "renew_consent": lambda c, _: c.renew_consent(ID, {"basis": "consent"}),
    "personalise": lambda c, _: c.personalise(ID, PersonaliseRequest(image_id=ID)),
    "create_model": lambda c, _: c.train({"dataset_id": ID}),
    "list_models": lambda c, _: list(c.models()),
    "read_model": lambda c, _: c.model("compact"),
    "delete_model": lambda c, _: c.delete_model(ID),
    "download_model": lambda c, file: c.download_model(ID, file.with_suffix(".onnx"), "onnx"),
    "request_estimates": lambda c, _: c.estimate("compact", {"image_ids": [ID]}),
    "read_estimates": lambda c, _: c.estimates(ID),
    "request_evaluation": lambda c, _: c.evaluate("compact", {"corpus_id": ID}),
    "list_evaluations": lambda c, _: list(c.evaluations()),
    "read_evaluation": lambda c, _: c.evaluation(ID),
    "delete_evaluation": lambda c, _: c.delete_evaluation(ID),
    "create_generator": lambda c, _: c.train_generator({"dataset_id": ID}),
    "list_generators": lambda c, _: list(c.generators()),
    "read_generator": lambda c, _: c.generator("rig"),
    "delete_generator": lambda c, _: c.delete_generator(ID),
    "download_generator": lambda c, file: c.download_generator(ID, file.with_suffix(".g.zip")),
    "list_characters": lambda c, _: c.characters(),
    "render_character": lambda c, _: c.render_character("ada", {"target": {}}),
    "list_jobs": lambda c, _: list(c.jobs()),
    "read_job": lambda c, _: c.job(ID),
    "cancel_job": lambda c, _: c.cancel(ID),
    "follow_job": lambda c, _: list(c.follow(ID)),
    "read_health": lambda c, _: c.health(),
    "read_readiness": lambda c, _: c.ready(),
    "read_metrics": lambda c, _: c.metrics(),
}
"""How each operation is called."""


class Documented:
    """Answers every request with an example of the OpenAPI document, and notes what it was."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        for path, operations in self.document["paths"].items():
            pattern = re.sub(r"\{\w+\}", "[^/]+", path)
            operation = operations.get(request.method.lower())
            if operation is not None and re.fullmatch(pattern, request.url.path):
                self.asked.append(operation["operationId"])
                return self._answer(operation)
        return httpx.Response(404, text="nothing here")

    def _answer(self, operation: Json) -> httpx.Response:
        status, answer = next(
            (code, each) for code, each in operation["responses"].items() if code < "300"
        )
        content = answer.get("content", {})
        if "application/json" in content:
            name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
            return httpx.Response(int(status), json=self._example(name))
        if "text/event-stream" in content:
            text = content["text/event-stream"]["examples"]["ended"]["value"]
            return httpx.Response(200, text=text, headers={"content-type": "text/event-stream"})
        return httpx.Response(int(status), content=b"bytes" if content else b"")

    def _example(self, name: str) -> Any:
        """An example of a schema, made of those of its fields where it has none itself."""
        schema = self.document["components"]["schemas"][name]
        if "examples" in schema:
            return schema["examples"][0]
        return {key: self._field(field) for key, field in schema["properties"].items()}

    def _field(self, field: Json) -> Any:
        if "$ref" in field:
            return self._example(field["$ref"].rpartition("/")[2])
        if field.get("type") == "array":
            return [self._field(field["items"])]
        kinds = [entry.get("type") for entry in field.get("anyOf", [field])]
        if "null" in kinds:
            return None
        if "enum" in field:
            return field["enum"][0]
        made = {"string": "2026-11-20T15:04:05Z", "integer": 1, "number": 1.0, "object": {}}
        return str(ID) if field.get("format") == "uuid" else made[str(kinds[0])]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Json:
    """The OpenAPI document."""
    return create_app(load_settings(data_dir=tmp_path_factory.mktemp("none"))).openapi()


def operations(document: Json) -> Iterator[str]:
    for methods in document["paths"].values():
        for operation in methods.values():
            yield operation["operationId"]


def test_every_operation_has_its_method(document: Json) -> None:
    assert set(operations(document)) == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_a_method_asks_for_its_operation_and_reads_the_answer(
    name: str, document: Json, tmp_path: Path
) -> None:
    server = Documented(document)
    file = tmp_path / "me.bin"
    file.write_bytes(b"a file")
    with Client("http://there", transport=httpx.MockTransport(server)) as client:
        answer = CALLS[name](client, file)
    assert server.asked == [name]
    if not name.startswith("delete_"):
        assert answer is not None


def test_a_checkpoint_is_sent_as_a_file(document: Json, tmp_path: Path) -> None:
    server = Documented(document)
    file = tmp_path / "m.zip"
    file.write_bytes(b"zip")
    with Client("http://there", transport=httpx.MockTransport(server)) as client:
        client.upload_model(file, "mine")
        client.upload_generator(file)
    assert server.asked == ["create_model", "create_generator"]


def test_errors_are_a_sentence_in_a_notebook() -> None:
    error = RefusedError("No face was found in garden.jpg.", 422, "no-face")
    assert error._render_traceback_() == ["RefusedError: No face was found in garden.jpg."]
    assert repr(error) == "RefusedError(422, 'no-face': No face was found in garden.jpg.)"
    failed = JobState(
        id=ID, state="failed", done=2, total=5, stage="drawing",
        error=JobError(type="/problems/worker-lost", title="Lost", detail="Workers died."),
    )  # fmt: skip
    assert str(JobEndedError(failed)) == "Workers died. 2 of 5 are done."


def test_pictures_show_themselves_and_keep_their_bytes(tmp_path: Path) -> None:
    made = io.BytesIO()
    Pillow.new("RGB", (4, 3), "red").save(made, "PNG")
    picture = Picture(made.getvalue())
    assert picture._repr_png_() == made.getvalue()
    assert picture._repr_jpeg_() is None
    assert repr(picture).startswith("<Picture 4x3, ")
    assert picture.image().getpixel((0, 0)) == (255, 0, 0)
    assert picture.save(tmp_path / "a.png").read_bytes() == made.getvalue()
    shown = Pictures([picture, picture], ["neutral", "AU12 < 3"])._repr_html_()
    assert shown.count("<img") == 2
    assert "AU12 &lt; 3" in shown
