"""Photos and drawings whose time is over."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from service.artifacts import ArtifactMissingError, open_store
from service.db.engine import open_database
from service.db.tables import ExpressionSet, Image
from service.db.types import now
from tests.support.pictures import encoded, portrait_image
from tests.support.running import Service, eventually


def expire(service: Service, table: type[Image] | type[ExpressionSet], row_id: str) -> None:
    """Move a row's end into the past, as time would."""
    database = open_database(service.settings.database)
    with database.write() as session:
        past = now() - timedelta(seconds=1)
        session.execute(update(table).where(table.id == UUID(row_id)).values(expires_at=past))
    database.close()


def await_erasure(service: Service, table: type[Image] | type[ExpressionSet], row_id: str) -> None:
    database = open_database(service.settings.database)

    def erased() -> bool:
        with database.read() as session:
            query = select(table.erased_at).where(table.id == UUID(row_id))
            return session.scalars(query).one() is not None

    eventually(erased, "the sweeper to erase it")
    database.close()


def await_no_blob(service: Service, address: str) -> None:
    store = open_store(service.settings)

    def gone() -> bool:
        try:
            store.size(address)
        except ArtifactMissingError:
            return True
        return False

    eventually(gone, f"blob {address} to be erased")


def test_what_has_expired_says_so_and_leaves_no_bytes_behind(service: Service) -> None:
    photo = encoded(portrait_image(), "JPEG", quality=91)
    accepted = service.ask(files={"file": photo}, data={"targets": '[{"AU12": 1.23}]'})
    made = service.ended(accepted)
    item = made["items"][0]
    image = service.read(f"/v1/images/{item['image_id']}")
    drawing = service.client.get(item["face_url"]).headers["etag"].strip('"')
    expire(service, ExpressionSet, made["id"])
    expire(service, Image, image["id"])
    for path in (
        f"/v1/expressions/{made['id']}",
        item["face_url"],
        f"/v1/images/{image['id']}",
        f"/v1/images/{image['id']}/content",
        f"/v1/images/{image['id']}/registered",
    ):
        answer = service.client.get(path)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/resource-expired")
    reuse = service.client.post(
        "/v1/expressions", json={"image_ids": [image["id"]], "targets": [{}]}
    )
    assert (reuse.status_code, reuse.json()["type"]) == (404, "/problems/resource-expired")
    await_erasure(service, ExpressionSet, made["id"])
    await_erasure(service, Image, image["id"])
    await_no_blob(service, image["sha256"])
    await_no_blob(service, drawing)
    later = service.client.get(f"/v1/images/{image['id']}")
    assert later.json()["type"] == "/problems/resource-expired"


def test_a_photo_uploaded_twice_outlives_its_first_upload(service: Service) -> None:
    photo = encoded(portrait_image(), "JPEG", quality=92)
    first = service.client.post("/v1/images", files={"file": photo}).json()
    second = service.client.post("/v1/images", files={"file": photo}).json()
    assert first["sha256"] == second["sha256"]
    assert first["id"] != second["id"]
    expire(service, Image, first["id"])
    await_erasure(service, Image, first["id"])
    answer = service.client.get(f"/v1/images/{second['id']}/content")
    assert (answer.status_code, answer.content) == (200, photo)


def test_a_job_whose_photo_expires_fails_and_says_why(service: Service) -> None:
    photo = encoded(portrait_image(), "JPEG", quality=93)
    image = service.client.post("/v1/images", files={"file": photo}).json()
    busy = service.ask(
        json={"image_ids": [image["id"]], "targets": [{"AU12": 1}] * 2000, "output": "face"}
    )
    waiting = service.ask(json={"image_ids": [image["id"]], "targets": [{}]})
    expire(service, Image, image["id"])
    await_erasure(service, Image, image["id"])
    service.client.post(f"/v1/jobs/{busy['job']['id']}/cancel")
    body = service.ended(waiting)
    assert body["job"]["state"] == "failed"
    assert body["job"]["error"]["type"] == "/problems/resource-expired"
    assert image["id"] in body["job"]["error"]["detail"]
    never = service.client.get(f"/v1/expressions/{body['id']}/items/0/face")
    assert (never.status_code, never.json()["type"]) == (409, "/problems/job-failed")
    service.ended(busy)
