"""A client of the HTTP API, typed by the same schemas that the service answers with.

Where a request is asked for, its fields are those of the API (/docs), as a dictionary or as the
model of `service.wire`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, TypeAdapter

from models.file_names import printable
from service.client.connection import UPLOAD_TIMEOUT, read
from service.client.pictures import Picture, Pictures
from service.client.waiting import Waiting
from service.wire.characters import Character, CharacterList
from service.wire.corpora import Corpus, CorpusList
from service.wire.datasets import Dataset, DatasetList
from service.wire.estimates import Estimates, PendingEstimates
from service.wire.evaluations import Evaluation, EvaluationList
from service.wire.expressions import ExpressionSet
from service.wire.generators import FaceGenerator, GeneratorList
from service.wire.health import Health, Readiness
from service.wire.images import Image, ImageList
from service.wire.jobs import Job, JobList
from service.wire.models import Model, ModelList
from service.wire.subjects import Receipt, Subject, SubjectList

Body = Mapping[str, Any] | BaseModel
_ANY: Final[TypeAdapter[Any]] = TypeAdapter(Any)


class Client(Waiting):
    """Every operation of the API as a method."""

    def ready(self) -> Readiness:
        """Whether the service and everything it needs answers; raises `ClientError` if not."""
        return self.get("/readyz", Readiness)

    def upload(self, photo: Path | str, subject_id: str | None = None) -> Image:
        """Upload one photo.

        Raises:
            OSError: the file cannot be read.
            RefusedError: it is not a photo that the service takes, or shows no face.
        """
        path = Path(photo)
        files = {"file": (printable(Path(path.name)), path.read_bytes())}
        fields = {} if subject_id is None else {"subject_id": subject_id}
        return read(self.send("POST", "/v1/images", files=files, data=fields), Image)

    def image(self, image_id: uuid.UUID) -> Image:
        """What is known of an uploaded photo."""
        return self.get(f"/v1/images/{image_id}", Image)

    def images(self, subject_id: str | None = None) -> Iterator[Image]:
        """Every photo, or every one of a subject, newest first."""
        of = {} if subject_id is None else {"subject_id": subject_id}
        return self.pages("/v1/images", ImageList, **of)

    def erase_image(self, image_id: uuid.UUID) -> Receipt:
        """Erase a photo and all that came from it."""
        return read(self.send("DELETE", f"/v1/images/{image_id}"), Receipt)

    def preview_image(self, image_id: uuid.UUID, request: Body) -> Picture:
        """A photo with one target, drawn at once; `request` as in the API."""
        path = f"/v1/images/{image_id}/preview"
        return Picture(self.send("POST", path, json=_json(request)).content)

    def expressions(self, set_id: uuid.UUID) -> ExpressionSet:
        """An expression set with the items that are finished."""
        return self.get(f"/v1/expressions/{set_id}", ExpressionSet)

    def cancel(self, job_id: uuid.UUID) -> Job:
        """Ask for a job to stop."""
        return read(self.send("POST", f"/v1/jobs/{job_id}/cancel"), Job)

    def import_archive(self, archive: Path | str, fields: Mapping[str, Any]) -> Corpus:
        """Upload a zip file as a corpus; `fields` are those of the form: name, layout, ….

        Raises:
            OSError: the file cannot be read.
            RefusedError: it is not safe to unpack, or a field is wrong.
        """
        path = Path(archive)
        with path.open("rb") as file:
            files = {"archive": (path.name, file, "application/zip")}
            answer = self.send(
                "POST", "/v1/corpora", files=files, data=dict(fields), timeout=UPLOAD_TIMEOUT
            )
        return read(answer, Corpus)

    def import_path(self, fields: Mapping[str, Any]) -> Corpus:
        """Import a folder that lies on the server; `fields` as in the API."""
        return read(self.send("POST", "/v1/corpora", json=_json(fields)), Corpus)

    def corpus(self, corpus_id: uuid.UUID) -> Corpus:
        """A corpus as it is now."""
        return self.get(f"/v1/corpora/{corpus_id}", Corpus)

    def corpora(self) -> Iterator[Corpus]:
        """Every corpus, newest first."""
        return self.pages("/v1/corpora", CorpusList)

    def build(self, request: Body) -> Dataset:
        """Ask for a dataset; `request` as in the API."""
        return read(self.send("POST", "/v1/datasets", json=_json(request)), Dataset)

    def rebuild(self, dataset_id: uuid.UUID) -> Dataset:
        """Have a withdrawn dataset built again without who was erased."""
        return read(self.send("POST", f"/v1/datasets/{dataset_id}/rebuild"), Dataset)

    def dataset(self, dataset_id: uuid.UUID) -> Dataset:
        """A dataset as it is now."""
        return self.get(f"/v1/datasets/{dataset_id}", Dataset)

    def datasets(self) -> Iterator[Dataset]:
        """Every dataset, newest first."""
        return self.pages("/v1/datasets", DatasetList)

    def create_subject(self, request: Body) -> Subject:
        """Keep a person's consent; `request` as in the API."""
        return read(self.send("POST", "/v1/subjects", json=_json(request)), Subject)

    def subjects(self) -> Iterator[Subject]:
        """Every subject, newest first."""
        return self.pages("/v1/subjects", SubjectList)

    def renew_consent(self, subject_id: uuid.UUID, consent: Body) -> Subject:
        """Put a newer consent in the place of a subject's; `consent` as in the API."""
        path = f"/v1/subjects/{subject_id}/consent"
        return read(self.send("PUT", path, json=_json(consent)), Subject)

    def erase_subject(self, subject_id: uuid.UUID) -> Receipt:
        """Erase all that came from a subject."""
        return read(self.send("DELETE", f"/v1/subjects/{subject_id}"), Receipt)

    def models(self) -> Iterator[Model]:
        """The models that ship, then every other, newest first."""
        return self.pages("/v1/models", ModelList)

    def personalise(self, subject_id: uuid.UUID, request: Body) -> Model:
        """Have a model fitted to a subject; `request` as in the API."""
        path = f"/v1/subjects/{subject_id}/models"
        return read(self.send("POST", path, json=_json(request)), Model)

    def evaluate(self, model_id: str, request: Body) -> Evaluation:
        """Have a model held against a corpus; `request` as in the API."""
        path = f"/v1/models/{model_id}/evaluations"
        return read(self.send("POST", path, json=_json(request)), Evaluation)

    def evaluation(self, evaluation_id: uuid.UUID) -> Evaluation:
        """An evaluation as it is now."""
        return self.get(f"/v1/evaluations/{evaluation_id}", Evaluation)

    def evaluations(self) -> Iterator[Evaluation]:
        """Every evaluation, newest first."""
        return self.pages("/v1/evaluations", EvaluationList)

    def delete_evaluation(self, evaluation_id: uuid.UUID) -> None:
        """Erase an evaluation; its job stops."""
        self.send("DELETE", f"/v1/evaluations/{evaluation_id}")

    def draw(
        self,
        images: Sequence[uuid.UUID | Image],
        targets: Sequence[Mapping[str, Any]],
        **options: object,
    ) -> ExpressionSet:
        """Ask for every image with every target; `options` are the fields of the request."""
        ids = [str(image.id if isinstance(image, Image) else image) for image in images]
        body = {"image_ids": ids, "targets": list(targets), **options}
        return read(self.send("POST", "/v1/expressions", json=_json(body)), ExpressionSet)

    def drawing(
        self, set_id: uuid.UUID, index: int, output: Literal["face", "photo"] = "photo"
    ) -> Picture:
        """One drawing of an expression set."""
        return self.picture(f"/v1/expressions/{set_id}/items/{index}/{output}")

    def drawings(self, of: ExpressionSet, output: Literal["face", "photo"] = "photo") -> Pictures:
        """Every finished drawing of an expression set, with what it shows below it."""
        captions = [
            " ".join(f"{au}={value:g}" for au, value in item.target.items()) or "neutral"
            for item in of.items
        ]
        return Pictures([self.drawing(of.id, item.index, output) for item in of.items], captions)

    def content(self, image_id: uuid.UUID) -> Picture:
        """A photo as it was uploaded."""
        return self.picture(f"/v1/images/{image_id}/content")

    def registered(self, image_id: uuid.UUID, view: Literal["3d", "2d"] = "3d") -> Picture:
        """The registered face of a photo, 224x224 pixels."""
        return self.picture(f"/v1/images/{image_id}/registered?view={view}")

    def delete_corpus(self, corpus_id: uuid.UUID) -> None:
        """Erase a corpus; its job stops."""
        self.send("DELETE", f"/v1/corpora/{corpus_id}")

    def delete_dataset(self, dataset_id: uuid.UUID) -> None:
        """Erase a dataset; its job stops."""
        self.send("DELETE", f"/v1/datasets/{dataset_id}")

    def download_dataset(self, dataset_id: uuid.UUID, out: Path | str) -> Path:
        """Save a dataset's zip as a file."""
        return self.save(f"/v1/datasets/{dataset_id}/download", out)

    def preview(self, dataset_id: uuid.UUID) -> Picture:
        """Some of a dataset's images: one for each AU and intensity."""
        return self.picture(f"/v1/datasets/{dataset_id}/preview")

    def subject(self, subject_id: uuid.UUID) -> Subject:
        """A subject and their consent."""
        return self.get(f"/v1/subjects/{subject_id}", Subject)

    def train(self, request: Body) -> Model:
        """Have a model trained on datasets."""
        return read(self.send("POST", "/v1/models", json=_json(request)), Model)

    def upload_model(self, checkpoint: Path | str, name: str | None = None) -> Model:
        """Upload a model as a download gives it: a zip of its checkpoint."""
        return read(self._send_zip("/v1/models", checkpoint, name), Model)

    def model(self, model_id: uuid.UUID | str) -> Model:
        """A model as it is now, by its name or id."""
        return self.get(f"/v1/models/{model_id}", Model)

    def download_model(
        self,
        model_id: uuid.UUID | str,
        out: Path | str,
        form: Literal["checkpoint", "onnx"] = "checkpoint",
    ) -> Path:
        """Save a model as a zip of its checkpoint, or as ONNX."""
        return self.save(f"/v1/models/{model_id}/download?format={form}", out)

    def delete_model(self, model_id: uuid.UUID | str) -> None:
        """Erase a model; its job stops."""
        self.send("DELETE", f"/v1/models/{model_id}")

    def estimate(self, model_id: uuid.UUID | str, request: Body) -> PendingEstimates | Estimates:
        """Read uploaded images; `wait` for what is pending where many are named."""
        path = f"/v1/models/{model_id}/estimates"
        answer = self.send("POST", path, json=_json(request))
        return read(answer, PendingEstimates if answer.status_code == 202 else Estimates)

    def estimates(self, estimate_id: uuid.UUID) -> PendingEstimates:
        """What has been read so far."""
        return self.get(f"/v1/estimates/{estimate_id}", PendingEstimates)

    def train_generator(self, request: Body) -> FaceGenerator:
        """Have a generator trained on a dataset or on photos."""
        return read(self.send("POST", "/v1/generators", json=_json(request)), FaceGenerator)

    def upload_generator(self, checkpoint: Path | str, name: str | None = None) -> FaceGenerator:
        """Upload a generator as a download gives it: a zip of its checkpoint."""
        return read(self._send_zip("/v1/generators", checkpoint, name), FaceGenerator)

    def generators(self) -> Iterator[FaceGenerator]:
        """The generators that ship, then every other, newest first."""
        return self.pages("/v1/generators", GeneratorList)

    def generator(self, generator_id: uuid.UUID | str) -> FaceGenerator:
        """A generator as it is now, by its name or id."""
        return self.get(f"/v1/generators/{generator_id}", FaceGenerator)

    def download_generator(self, generator_id: uuid.UUID | str, out: Path | str) -> Path:
        """Save a generator as a zip of its checkpoint."""
        return self.save(f"/v1/generators/{generator_id}/download", out)

    def delete_generator(self, generator_id: uuid.UUID | str) -> None:
        """Erase a generator; its job stops."""
        self.send("DELETE", f"/v1/generators/{generator_id}")

    def characters(self) -> list[Character]:
        """The characters that ship."""
        return self.get("/v1/characters", CharacterList).items

    def render_character(self, name: str, request: Body) -> Picture:
        """A character with an expression."""
        path = f"/v1/characters/{name}/render"
        return Picture(self.send("POST", path, json=_json(request)).content)

    def jobs(self) -> Iterator[Job]:
        """Every job, newest first."""
        return self.pages("/v1/jobs", JobList)

    def job(self, job_id: uuid.UUID) -> Job:
        """A job as it is now."""
        return self.get(f"/v1/jobs/{job_id}", Job)

    def health(self) -> Health:
        """Whether the process answers, and its version."""
        return self.get("/healthz", Health)

    def metrics(self) -> str:
        """Figures for Prometheus."""
        return self.send("GET", "/metrics").text

    def _send_zip(self, path: str, checkpoint: Path | str, name: str | None) -> Any:
        file = Path(checkpoint)
        files = {"file": (file.name, file.read_bytes(), "application/zip")}
        fields = {} if name is None else {"name": name}
        return self.send("POST", path, files=files, data=fields, timeout=UPLOAD_TIMEOUT)


def _json(value: Body) -> Any:
    """A request as JSON; of a model, the fields that were set."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    return _ANY.dump_python(dict(value), mode="json")
