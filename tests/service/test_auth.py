"""API keys over real HTTP: needed, checked, and owners kept apart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from models.checkpoint_zip import zipped
from service.config import load_settings
from service.db.engine import open_database
from service.usecases.keys import NewKey, create_key, list_keys, revoke_key
from tests.support.backends import Backend, apart
from tests.support.pictures import small_portrait
from tests.support.running import Service, running
from tests.support.sent_generators import small_generator


@pytest.fixture(scope="module")
def guarded(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = tmp_path_factory.mktemp("guarded")
    # Apart, as a worker of the others would take its jobs.
    with (
        apart(backend) as own,
        running(
            own, data, require_api_keys="true", worker_processes="0", retention_days="2"
        ) as service,
    ):
        yield service


def new_key(service: Service, owner: str) -> NewKey:
    database = open_database(service.settings.database)
    with database.write() as session:
        key = create_key(session, owner)
    database.close()
    return key


@dataclass(frozen=True)
class Caller:
    """Someone with a key."""

    service: Service
    secret: str

    def get(self, path: str) -> httpx.Response:
        return self.service.client.get(path, headers=self._headers({}))

    def post(
        self, path: str, headers: Mapping[str, str] = MappingProxyType({}), **body: Any
    ) -> httpx.Response:
        return self.service.client.post(path, headers=self._headers(headers), **body)

    def delete(self, path: str) -> httpx.Response:
        return self.service.client.delete(path, headers=self._headers({}))

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}", **more}


def calling(service: Service, secret: str) -> Caller:
    return Caller(service, secret)


@pytest.mark.parametrize(
    "authorization",
    [None, "Bearer", "Bearer fx_00000000_wrong", "Basic dTpw", "fx_1", "Bearer é"],
)
def test_without_a_good_key_nothing_is_answered(
    guarded: Service, authorization: str | None
) -> None:
    headers = {} if authorization is None else {b"Authorization": authorization.encode()}
    for path in ("/v1/jobs", "/v1/jobs/x", "/v1/images/x", "/v1/expressions/x"):
        answer = guarded.client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    answer = guarded.client.post("/v1/images", files={"file": small_portrait()}, headers=headers)
    assert answer.status_code == 401


def test_health_and_docs_are_open(guarded: Service) -> None:
    for path in (
        "/healthz",
        "/readyz",
        "/metrics",
        "/docs",
        "/openapi.json",
        "/problems",
        "/studio",
    ):
        assert guarded.client.get(path).status_code == 200


def test_what_one_owner_made_is_not_there_for_another(guarded: Service) -> None:
    alice = calling(guarded, new_key(guarded, "alice").secret)
    bob = calling(guarded, new_key(guarded, "bob").secret)
    image = alice.post("/v1/images", files={"file": small_portrait()}).json()
    made = alice.post(
        "/v1/expressions", json={"image_ids": [image["id"]], "targets": [{"AU12": 1}]}
    ).json()
    paths = {
        f"/v1/images/{image['id']}": "image-not-found",
        f"/v1/images/{image['id']}/content": "image-not-found",
        f"/v1/images/{image['id']}/registered": "image-not-found",
        f"/v1/expressions/{made['id']}": "expression-set-not-found",
        f"/v1/expressions/{made['id']}/items/0/face": "expression-set-not-found",
        f"/v1/jobs/{made['job']['id']}": "job-not-found",
        f"/v1/jobs/{made['job']['id']}/events": "job-not-found",
    }
    for path, code in paths.items():
        answer = bob.get(path)
        assert (answer.status_code, answer.json()["type"]) == (404, f"/problems/{code}")
    sent = {"file": ("g.zip", zipped(small_generator()))}
    generator = alice.post("/v1/generators", files=sent).json()
    path, code = f"/v1/generators/{generator['id']}", "/problems/generator-not-found"
    for answer in (bob.get(path), bob.get(f"{path}/download"), bob.delete(path)):
        assert (answer.status_code, answer.json()["type"]) == (404, code)
    own = bob.post("/v1/images", files={"file": small_portrait()}).json()["id"]
    drawn_by = {"image_ids": [own], "targets": [{}], "generator": generator["id"]}
    for noun in ("expressions", "datasets"):
        answer = bob.post(f"/v1/{noun}", json=drawn_by)
        assert (answer.status_code, answer.json()["type"]) == (404, code)
    assert generator["id"] not in bob.get("/v1/generators").text
    assert generator["id"] in alice.get("/v1/generators").text
    seen = bob.post(f"/v1/images/{image['id']}/preview", json={"size": 64})
    assert (seen.status_code, seen.json()["type"]) == (404, "/problems/image-not-found")
    stolen = bob.post("/v1/expressions", json={"image_ids": [image["id"]], "targets": [{}]})
    assert (stolen.status_code, stolen.json()["type"]) == (404, "/problems/image-not-found")
    stopped = bob.post(f"/v1/jobs/{made['job']['id']}/cancel")
    assert (stopped.status_code, stopped.json()["type"]) == (404, "/problems/job-not-found")
    assert bob.get("/v1/jobs").json()["items"] == []
    assert [job["id"] for job in alice.get("/v1/jobs").json()["items"]] == [made["job"]["id"]]
    assert alice.get(f"/v1/jobs/{made['job']['id']}").json()["state"] == "queued"


def test_two_keys_of_one_owner_see_the_same(guarded: Service) -> None:
    first = calling(guarded, new_key(guarded, "carol").secret)
    second = calling(guarded, new_key(guarded, "carol").secret)
    image = first.post("/v1/images", files={"file": small_portrait()}).json()
    assert second.get(f"/v1/images/{image['id']}").json() == image


def test_what_is_kept_for_a_while_says_how_long(guarded: Service) -> None:
    caller = calling(guarded, new_key(guarded, "hanna").secret)
    image = caller.post("/v1/images", files={"file": small_portrait()}).json()
    made, ends = (datetime.fromisoformat(image[name]) for name in ("created_at", "expires_at"))
    assert abs((ends - made).total_seconds() - 2 * 86_400) < 1


def test_idempotency_keys_of_owners_do_not_meet(guarded: Service) -> None:
    headers = {"Idempotency-Key": "1"}
    answers = [
        calling(guarded, new_key(guarded, owner).secret).post(
            "/v1/images", files={"file": small_portrait()}, headers=headers
        )
        for owner in ("dora", "emil")
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] != answers[1].json()["id"]


def test_a_revoked_key_is_refused_and_what_it_made_stays(guarded: Service) -> None:
    key = new_key(guarded, "frank")
    image = calling(guarded, key.secret).post("/v1/images", files={"file": small_portrait()})
    database = open_database(guarded.settings.database)
    with database.write() as session:
        revoke_key(session, key.info.prefix)
    with database.read() as session:
        listed = {info.prefix: info for info in list_keys(session)}
    database.close()
    assert listed[key.info.prefix].revoked_at is not None
    refused = calling(guarded, key.secret).get("/v1/jobs")
    assert refused.status_code == 401
    assert "revoked" in refused.json()["detail"]
    again = calling(guarded, new_key(guarded, "frank").secret)
    assert again.get(f"/v1/images/{image.json()['id']}").status_code == 200


def test_keys_are_random_and_stored_as_digests_alone(guarded: Service) -> None:
    key, other = new_key(guarded, "grete"), new_key(guarded, "grete")
    assert key.secret != other.secret
    assert key.secret.startswith(key.info.prefix)
    assert len(key.secret) > 50
    database = open_database(guarded.settings.database)
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM api_keys").mappings().all()
    database.close()
    stored = json.dumps([dict(row) for row in rows], default=str)
    assert key.info.prefix in stored
    assert key.secret not in stored
    assert key.secret.removeprefix(key.info.prefix) not in stored
    assert key.secret not in guarded.log.read_text()


@pytest.mark.parametrize(
    ("host", "needed"),
    [
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("localhost", False),
        ("::1", False),
        ("0.0.0.0", True),
        ("::", True),
        ("192.168.1.5", True),
        ("api.example.org", True),
    ],
)
def test_keys_are_needed_unless_only_this_machine_can_call(
    tmp_path: Path, host: str, needed: bool
) -> None:
    assert load_settings(data_dir=tmp_path, host=host).keys_required is needed
    assert load_settings(data_dir=tmp_path, host=host, require_api_keys=True).keys_required
