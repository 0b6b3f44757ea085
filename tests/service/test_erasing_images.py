"""Photos can be deleted, refused ones are not kept, and consent can be renewed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import update

from models import images as codec
from service.artifacts import ArtifactStore, StoreUnavailableError, open_store
from service.db.engine import Database, open_database
from service.db.tables import Image, Job, Model, Subject
from service.db.types import now
from service.errors.images import ImageNotFoundError
from service.errors.subjects import SubjectNotFoundError
from service.usecases import erasure
from service.usecases.keys import LOCAL_OWNER, ensure_owner
from tests.service.test_subjects_api import (
    CONSENT,
    photo_of,
    rows_that_name,
    stored,
    subject_of,
)
from tests.support.pictures import encoded, stranger_image
from tests.support.problems import problem
from tests.support.running import Service, eventually


def test_a_photo_goes_with_all_that_came_from_it_and_nothing_else(service: Service) -> None:
    subject = subject_of(service)
    mine, other = photo_of(service, subject, 81), photo_of(service, subject, 82)
    drawn = service.ended(
        service.ask(json={"image_ids": [other["id"], mine["id"]], "targets": [{"AU04": 2}]})
    )
    dataset = service.build(image_ids=[mine["id"], other["id"]], targets=[{"AU01": 2}])
    asked = {"image_id": mine["id"], "method": "one-frame"}
    made = service.client.post(f"/v1/subjects/{subject}/models", json=asked).json()
    model = service.ended(made, noun="models")
    assert model["job"]["state"] == "succeeded", model
    answer = service.client.delete(f"/v1/images/{mine['id']}")
    assert answer.status_code == 200, answer.text
    receipt = answer.json()
    assert (receipt["image_id"], receipt["subject_id"]) == (mine["id"], None)
    counted = {name: receipt[name] for name in ("images", "drawings", "models", "estimates")}
    assert counted == {"images": 1, "drawings": 1, "models": 1, "estimates": 0}
    assert receipt["datasets_withdrawn"] == [dataset["id"]]
    erased = {blob["sha256"] for blob in receipt["blobs"]}
    assert {mine["sha256"], model["sha256"], dataset["sha256"]} <= erased
    assert stored(service) & erased == set()
    assert rows_that_name(service, mine["id"], mine["sha256"], model["id"]) == []
    # The subject stays, and so does the other photo with what was drawn from it.
    assert service.read(f"/v1/images/{other['id']}") == other
    assert service.read(f"/v1/subjects/{subject}")["label"] == "P07"
    left = service.read(f"/v1/expressions/{drawn['id']}")["items"]
    assert [item["index"] for item in left] == [0]
    problem(service.client.delete(f"/v1/images/{mine['id']}"), 404, "image-not-found")
    problem(service.client.delete("/v1/images/none"), 404, "image-not-found")


def test_a_receipt_says_why_bytes_are_still_there(service: Service) -> None:
    first, second = (photo_of(service, None, 83) for _ in range(2))
    assert first["sha256"] == second["sha256"]
    receipt = service.client.delete(f"/v1/images/{first['id']}").json()
    (blob,) = receipt["blobs"]
    assert (blob["sha256"], blob["erased"]) == (first["sha256"], False)
    assert blob["reason"] == f"The very same bytes are your image {second['id']}, which stays."
    receipt = service.client.delete(f"/v1/images/{second['id']}").json()
    assert receipt["blobs"] == [{"sha256": first["sha256"], "erased": True, "reason": None}]


def test_photos_are_listed_by_whom_they_show(service: Service) -> None:
    subject = subject_of(service)
    photos = [photo_of(service, subject, quality) for quality in (84, 85, 86)]
    photo_of(service, None, 84)
    page = service.read(f"/v1/images?subject_id={subject}&limit=2")
    assert page["items"] == photos[:0:-1]
    rest = service.read(f"/v1/images?subject_id={subject}&cursor={page['next_cursor']}")
    assert (rest["items"], rest["next_cursor"]) == ([photos[0]], None)
    service.client.delete(f"/v1/images/{photos[1]['id']}")
    left = service.read(f"/v1/images?subject_id={subject}")["items"]
    assert [image["id"] for image in left] == [photos[2]["id"], photos[0]["id"]]


def stranger_of(service: Service, subject: str) -> dict[str, Any]:
    """A photo of somebody else, uploaded as the subject's."""
    files = {"file": ("mix-up.jpg", encoded(stranger_image(), "JPEG", quality=90))}
    answer = service.client.post("/v1/images", files=files, data={"subject_id": subject})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def personalised(service: Service, subject: str, image: dict[str, Any]) -> dict[str, Any]:
    """The model that a photo makes, or why not."""
    asked = {"image_id": image["id"], "method": "one-frame"}
    answer = service.client.post(f"/v1/subjects/{subject}/models", json=asked)
    assert answer.status_code == 202, answer.text
    return service.ended(answer.json(), noun="models")


def test_a_refused_photo_is_not_kept_and_locks_nobody_out(service: Service) -> None:
    subject = subject_of(service)
    good = photo_of(service, subject, 87)
    assert personalised(service, subject, good)["job"]["state"] == "succeeded"
    mixed_up = stranger_of(service, subject)
    refused = personalised(service, subject, mixed_up)["job"]
    assert refused["state"] == "failed"
    assert refused["error"]["type"] == "/problems/other-person"
    assert "The photo is not kept." in refused["error"]["detail"]
    assert "any_person" not in refused["error"]["detail"]
    assert good["id"] in refused["error"]["detail"]
    problem(service.client.get(f"/v1/images/{mixed_up['id']}"), 404, "resource-expired")
    assert mixed_up["sha256"] not in stored(service)
    kept = service.read(f"/v1/images?subject_id={subject}")["items"]
    assert [image["id"] for image in kept] == [good["id"]]
    # The photo that worked a moment ago still does, as does another of the same person.
    assert personalised(service, subject, good)["job"]["state"] == "succeeded"
    again = photo_of(service, subject, 88)
    assert personalised(service, subject, again)["job"]["state"] == "succeeded"
    # All of it goes with the subject.
    service.client.delete(f"/v1/subjects/{subject}")
    assert rows_that_name(service, subject, mixed_up["id"]) == []


def test_where_the_first_photo_was_the_wrong_one_it_can_be_deleted(service: Service) -> None:
    subject = subject_of(service)
    wrong = stranger_of(service, subject)
    assert personalised(service, subject, wrong)["job"]["state"] == "succeeded"
    right = photo_of(service, subject, 89)
    error = personalised(service, subject, right)["job"]["error"]
    assert f"mix-up.jpg (image {wrong['id']})" in error["detail"]
    receipt = service.client.delete(f"/v1/images/{wrong['id']}").json()
    assert receipt["models"] == 1
    right = photo_of(service, subject, 89)
    assert personalised(service, subject, right)["job"]["state"] == "succeeded"


def test_consent_is_renewed(service: Service) -> None:
    subject = subject_of(service, expires="2031-11-01")
    renewed = {**CONSENT, "reference": "form 131", "date": "2026-11-20", "expires": "2036-11-01"}
    answer = service.client.put(f"/v1/subjects/{subject}/consent", json=renewed)
    assert (answer.status_code, answer.json()["consent"]) == (200, renewed)
    assert service.read(f"/v1/subjects/{subject}")["consent"] == renewed
    for_ever = service.client.put(f"/v1/subjects/{subject}/consent", json=CONSENT)
    assert for_ever.json()["consent"]["expires"] is None


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid-request"),
        ({**CONSENT, "date": "2999-01-01"}, 422, "invalid-request"),
        ({**CONSENT, "date": "2020-01-01", "expires": "2021-01-01"}, 409, "consent-expired"),
    ],
)
def test_a_renewal_is_held_to_the_same_rules(
    service: Service, body: dict[str, Any], status: int, code: str
) -> None:
    subject = subject_of(service)
    problem(service.client.put(f"/v1/subjects/{subject}/consent", json=body), status, code)
    assert service.read(f"/v1/subjects/{subject}")["consent"]["date"] == CONSENT["date"]
    nobody = service.client.put(f"/v1/subjects/{uuid4()}/consent", json=CONSENT)
    problem(nobody, 404, "subject-not-found")


# --- what is interrupted, or away


def a_photo(database: Database, store: ArtifactStore) -> tuple[UUID, UUID]:
    """The ids of an owner and of a photo of theirs."""
    noise = np.random.default_rng(uuid4().int % 2**32).integers(0, 256, (8, 8, 3), np.uint8)
    artifact = store.put(codec.encode_png(noise))
    with database.write() as session:
        owner_id = ensure_owner(session, LOCAL_OWNER)
        row = Image(
            owner_id=owner_id,
            sha256=artifact.sha256,
            size=artifact.size,
            media_type="image/png",
            width=8,
            height=8,
            faces=[],
        )
        session.add(row)
        session.flush()
        return owner_id, row.id


def test_one_who_dies_between_rows_and_bytes_leaves_bytes_alone(
    database: Database, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        """The process is gone."""

    owner_id, image_id = a_photo(database, store)

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "remove_unneeded", killed)
        with pytest.raises(KilledError):
            erasure.erase_image(database, store, owner_id, image_id)
    with database.read() as session:
        assert session.get(Image, image_id) is None
    with pytest.raises(ImageNotFoundError):
        erasure.erase_image(database, store, owner_id, image_id)


def test_a_store_that_is_away_is_in_the_receipt(
    database: Database, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner_id, image_id = a_photo(database, store)

    def away(*_: object) -> None:
        raise StoreUnavailableError("nobody there")

    monkeypatch.setattr(store, "delete", away)
    (blob,) = erasure.erase_image(database, store, owner_id, image_id).receipt().blobs
    assert (blob.erased, blob.reason) == (False, erasure.LATER)


def test_a_consent_that_is_renewed_in_time_saves_the_subject(service: Service) -> None:
    """The sweeper looks for ended consents first, and erases one by one after."""
    subject = subject_of(service, expires="2031-11-01")
    database, store = open_database(service.settings.database), open_store(service.settings)
    with database.read() as session:
        owner_id = session.get_one(Subject, UUID(subject)).owner_id
    is_over = Subject.expires_at <= now()
    with pytest.raises(SubjectNotFoundError):
        erasure.erase(database, store, owner_id, UUID(subject), is_over)
    database.close()
    assert service.client.get(f"/v1/subjects/{subject}").status_code == 200


def test_a_refusal_is_the_same_when_a_worker_died_in_it(service: Service) -> None:
    subject = subject_of(service)
    good = photo_of(service, subject, 90)
    assert personalised(service, subject, good)["job"]["state"] == "succeeded"
    mixed_up = stranger_of(service, subject)
    refused = personalised(service, subject, mixed_up)
    # As the rows are after the photo was forgotten and before the job ended.
    database = open_database(service.settings.database)
    with database.write() as session:
        model = session.get_one(Model, UUID(refused["id"]))
        assert model.job_id is not None
        session.execute(
            update(Job)
            .where(Job.id == model.job_id)
            .values(
                state="queued",
                error=None,
                finished_at=None,
                attempts=0,
                lease_expires_at=now() - timedelta(seconds=1),
            )
        )
    database.close()

    def ended() -> dict[str, Any] | None:
        job = service.read(f"/v1/models/{refused['id']}")["job"]
        return job if job["state"] == "failed" else None

    assert eventually(ended, "the job to end again")["error"] == refused["job"]["error"]
