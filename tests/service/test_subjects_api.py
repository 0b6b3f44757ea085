"""Subjects: consent on record, and erasing everything that came from somebody."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import String, cast, select, update

from service.artifacts import open_store
from service.db.engine import open_database
from service.db.tables import Base, Model, Subject
from service.db.types import now
from tests.support.pictures import encoded, portrait_image, small_portrait
from tests.support.problems import problem
from tests.support.running import Service, eventually

CONSENT = {"basis": "informed consent", "reference": "form 114", "date": "2026-11-02"}


def subject_of(service: Service, label: str = "P07", **consent: str) -> str:
    """The id of a new subject."""
    answer = service.client.post(
        "/v1/subjects", json={"label": label, "consent": {**CONSENT, **consent}}
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/subjects/{answer.json()['id']}"
    return str(answer.json()["id"])


def photo_of(service: Service, subject: str | None, quality: int) -> dict[str, Any]:
    """An uploaded photo with bytes of its own."""
    photo = encoded(portrait_image(), "JPEG", quality=quality)
    fields = {} if subject is None else {"subject_id": subject}
    answer = service.client.post("/v1/images", files={"file": photo}, data=fields)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def rows_that_name(service: Service, *texts: str) -> list[str]:
    """Every column of every table in which one of the texts occurs."""
    found = []
    database = open_database(service.settings.database)
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                for text in texts:
                    # SQLite keeps ids without hyphens.
                    forms = (text, text.replace("-", ""))
                    shown = [cast(column, String).contains(form) for form in forms]
                    if any(session.scalar(select(column).where(form).limit(1)) for form in shown):
                        found.append(f"{table.name}.{column.name} names {text}")
    database.close()
    return found


def stored(service: Service) -> set[str]:
    """The address of every blob."""
    return {blob.sha256 for page in open_store(service.settings).blobs() for blob in page}


def test_a_subject_is_kept_listed_and_read(service: Service) -> None:
    subject = subject_of(service, "P01", expires="2031-11-01")
    body = service.read(f"/v1/subjects/{subject}")
    assert (body["label"], body["consent"]) == ("P01", {**CONSENT, "expires": "2031-11-01"})
    assert service.read("/v1/subjects?limit=1")["items"] == [body]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"label": "P"}, 422, "consent-required"),
        ({"label": "P", "consent": None}, 422, "consent-required"),
        ({"label": "P", "consent": {}}, 422, "invalid-request"),
        ({"label": "", "consent": CONSENT}, 422, "invalid-request"),
        ({"label": "P", "consent": {**CONSENT, "date": "yesterday"}}, 422, "invalid-request"),
        ({"label": "P", "consent": {**CONSENT, "date": "2999-01-01"}}, 422, "invalid-request"),
        ({"label": "P", "consent": {**CONSENT, "expires": "2026-11-01"}}, 422, "invalid-request"),
        (
            {"label": "P", "consent": {**CONSENT, "date": "2020-01-01", "expires": "2021-01-01"}},
            409,
            "consent-expired",
        ),
    ],
)
def test_consent_has_to_be_there_and_good(
    service: Service, body: dict[str, Any], status: int, code: str
) -> None:
    problem(service.client.post("/v1/subjects", json=body), status, code)


def test_consent_is_good_on_its_last_day(service: Service) -> None:
    subject = subject_of(service, expires=str(date.today() + timedelta(days=1)))
    assert photo_of(service, subject, 70)["subject_id"] == subject


def test_an_id_in_subject_id_has_to_be_a_subject_and_a_name_may_be_anything(
    service: Service,
) -> None:
    files = {"file": small_portrait()}
    unknown = service.client.post("/v1/images", files=files, data={"subject_id": str(uuid4())})
    problem(unknown, 404, "subject-not-found")
    named = service.client.post("/v1/images", files=files, data={"subject_id": "eileen"})
    assert (named.status_code, named.json()["subject_id"]) == (201, "eileen")
    drawn = service.client.post(
        "/v1/expressions",
        files=files,
        data={"subject_id": str(uuid4()), "targets": "[{}]"},
    )
    problem(drawn, 404, "subject-not-found")


@pytest.fixture
def known(service: Service) -> dict[str, Any]:
    """A subject with a photo, drawings, a model, an estimate and a dataset; and a stranger."""
    before = stored(service)
    keys = {"Idempotency-Key": str(uuid4())}
    answer = service.client.post(
        "/v1/subjects", json={"label": "Perdita Secret", "consent": CONSENT}, headers=keys
    )
    subject = answer.json()["id"]
    mine, other = photo_of(service, subject, 71), photo_of(service, None, 72)
    alone = service.ended(service.ask(json={"image_ids": [mine["id"]], "targets": [{"AU12": 2}]}))
    mixed = service.ended(
        service.ask(
            json={"image_ids": [other["id"], mine["id"], other["id"]], "targets": [{"AU04": 2}]}
        )
    )
    dataset = service.build(image_ids=[mine["id"], other["id"]], targets=[{"AU01": 3}])
    assert dataset["job"]["state"] == "succeeded"
    asked = {"image_id": mine["id"], "method": "one-frame"}
    model = service.ended(
        service.client.post(f"/v1/subjects/{subject}/models", json=asked).json(), noun="models"
    )
    assert model["job"]["state"] == "succeeded", model
    read = service.client.post(
        f"/v1/models/{model['id']}/estimates", json={"image_ids": [mine["id"]]}
    )
    assert read.status_code == 200, read.text
    by_compact = service.client.post(
        "/v1/models/compact/estimates", json={"image_ids": [mine["id"], other["id"]]}
    )
    assert by_compact.status_code == 200, by_compact.text
    return {
        "subject": subject,
        "mine": mine,
        "other": other,
        "alone": alone,
        "mixed": mixed,
        "dataset": dataset,
        "model": model,
        "before": before,
    }


def test_erasing_leaves_nothing_of_a_person_and_all_of_the_others(
    service: Service, known: dict[str, Any]
) -> None:
    mine, other, mixed = known["mine"], known["other"], known["mixed"]
    others = [service.client.get(mixed["items"][at]["photo_url"]).content for at in (0, 2)]
    theirs = {
        service.client.head(url).headers["etag"].strip('"')
        for item in (*known["alone"]["items"], mixed["items"][1])
        for url in (item["face_url"], item["photo_url"])
    }
    answer = service.client.delete(f"/v1/subjects/{known['subject']}")
    assert answer.status_code == 200, answer.text
    receipt = answer.json()
    assert receipt["subject_id"] == known["subject"]
    assert receipt["datasets_withdrawn"] == [known["dataset"]["id"]]
    counted = {name: receipt[name] for name in ("images", "drawings", "models", "estimates")}
    assert counted == {"images": 1, "drawings": 2, "models": 1, "estimates": 2}
    erased = {blob["sha256"] for blob in receipt["blobs"]}
    assert all(blob["erased"] for blob in receipt["blobs"])
    assert erased >= {
        mine["sha256"],
        known["model"]["sha256"],
        known["dataset"]["sha256"],
        *theirs,
    }
    # Nothing that is left in the database names the person, their photo or what was made of it.
    left = rows_that_name(
        service,
        known["subject"],
        "Perdita",
        mine["id"],
        mine["sha256"],
        known["model"]["id"],
        known["alone"]["id"],
        *erased,
    )
    assert left == []
    assert stored(service) & erased == set()
    for path in (
        f"/v1/subjects/{known['subject']}",
        f"/v1/images/{mine['id']}",
        f"/v1/expressions/{known['alone']['id']}",
        f"/v1/models/{known['model']['id']}",
    ):
        assert service.client.get(path).status_code == 404
    # The other person's are as they were.
    kept = service.read(f"/v1/expressions/{mixed['id']}")
    assert [item["index"] for item in kept["items"]] == [0, 2]
    assert [service.client.get(item["photo_url"]).content for item in kept["items"]] == others
    assert service.client.get(f"/v1/images/{other['id']}/content").status_code == 200
    # What is stored beyond what was there before is the other person's alone.
    remaining = {
        other["sha256"],
        *(
            service.client.head(item[kind]).headers["etag"].strip('"')
            for item in kept["items"]
            for kind in ("face_url", "photo_url")
        ),
    }
    assert stored(service) - known["before"] == remaining - known["before"]
    again = service.client.delete(f"/v1/subjects/{known['subject']}")
    problem(again, 404, "subject-not-found")


def test_a_dataset_with_an_erased_person_is_withdrawn_and_made_again_without(
    service: Service, known: dict[str, Any]
) -> None:
    dataset = known["dataset"]
    assert service.client.delete(f"/v1/subjects/{known['subject']}").status_code == 200
    body = service.read(f"/v1/datasets/{dataset['id']}")
    assert body["withdrawn_at"] is not None
    assert body["download_url"] is None
    assert [image["sha256"] for image in body["spec"]["images"]] == [known["other"]["sha256"]]
    problem(service.client.get(f"/v1/datasets/{dataset['id']}/download"), 409, "dataset-withdrawn")
    answer = service.client.post(f"/v1/datasets/{dataset['id']}/rebuild")
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/datasets/{answer.json()['id']}" != dataset["id"]
    again = service.ended(answer.json(), noun="datasets")
    assert (again["job"]["state"], again["images"]) == ("succeeded", 1)
    assert {**again["spec"], "images": []} == {**dataset["spec"], "images": []}
    for once_more in (dataset["id"], again["id"]):
        answer = service.client.post(f"/v1/datasets/{once_more}/rebuild")
        assert answer.json()["id"] == again["id"]
    asked = service.build(image_ids=[known["other"]["id"]], targets=[{"AU01": 3}])
    assert asked["id"] == again["id"]


def test_a_dataset_of_erased_people_alone_is_not_built_again(service: Service) -> None:
    subject = subject_of(service)
    photo = photo_of(service, subject, 77)
    dataset = service.build(image_ids=[photo["id"]], targets=[{"AU01": 3}])
    assert service.client.delete(f"/v1/subjects/{subject}").status_code == 200
    answer = service.client.post(f"/v1/datasets/{dataset['id']}/rebuild")
    problem(answer, 409, "dataset-withdrawn")
    problem(service.client.post(f"/v1/datasets/{uuid4()}/rebuild"), 404, "dataset-not-found")


def test_erasing_ends_a_job_at_work_and_keeps_none_of_its_results(service: Service) -> None:
    subject = subject_of(service)
    photo = photo_of(service, subject, 73)
    busy = service.ask(
        json={"image_ids": [photo["id"]], "targets": [{"AU12": 1}] * 3000, "output": "face"}
    )
    eventually(
        lambda: service.read(f"/v1/expressions/{busy['id']}")["job"]["done"] > 0, "the first items"
    )
    receipt = service.client.delete(f"/v1/subjects/{subject}").json()
    assert receipt["drawings"] > 0
    # The worker takes the next job, so it has let go of the erased one.
    after = photo_of(service, None, 74)
    service.ended(service.ask(json={"image_ids": [after["id"]], "targets": [{}]}))
    assert rows_that_name(service, subject, photo["id"], busy["id"], busy["job"]["id"]) == []


def expire(service: Service, table: type[Subject] | type[Model], row_id: str) -> None:
    database = open_database(service.settings.database)
    with database.write() as session:
        past = now() - timedelta(seconds=1)
        session.execute(update(table).where(table.id == UUID(row_id)).values(expires_at=past))
    database.close()


def test_when_consent_runs_out_all_is_erased(service: Service) -> None:
    subject = subject_of(service, expires="2031-11-01")
    photo = photo_of(service, subject, 75)
    expire(service, Subject, subject)
    eventually(lambda: not rows_that_name(service, subject, photo["id"]), "the sweeper to erase")
    eventually(lambda: photo["sha256"] not in stored(service), "the photo's bytes to go")
    assert service.client.get(f"/v1/images/{photo['id']}").status_code == 404


def test_a_model_is_kept_as_long_as_all_else(service: Service) -> None:
    content = service.client.get("/v1/models/compact/download").content
    model = service.client.post(
        "/v1/models", files={"file": ("m.zip", content)}, data={"name": "for a day"}
    ).json()
    expire(service, Model, model["id"])
    problem(service.client.get(f"/v1/models/{model['id']}"), 404, "resource-expired")
    database = open_database(service.settings.database)

    def emptied() -> bool:
        with database.read() as session:
            row = session.get_one(Model, UUID(model["id"]))
            return row.erased_at is not None and row.checkpoint_sha256 is None

    eventually(emptied, "the sweeper to empty the model")
    database.close()
    problem(service.client.get(f"/v1/models/{model['id']}"), 404, "resource-expired")


def test_the_search_for_leftovers_finds_what_is_there(service: Service) -> None:
    subject = subject_of(service, "Quentin Unlikely")
    photo = photo_of(service, subject, 76)
    found = rows_that_name(service, subject, "Quentin", photo["sha256"])
    assert f"subjects.id names {subject}" in found
    assert f"images.subject_id names {subject}" in found
    assert "subjects.label names Quentin" in found
    assert f"images.sha256 names {photo['sha256']}" in found
    assert photo["sha256"] in stored(service)
