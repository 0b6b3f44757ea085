"""/v1/jobs over real HTTP: reading, listing, following, cancelling."""

from __future__ import annotations

import json

import pytest

from tests.support.pictures import small_portrait
from tests.support.running import Json, Service, eventually

LONG = json.dumps([{"AU12": round(0.001 * step, 3)} for step in range(2000)])


@pytest.fixture(scope="module")
def image_id(service: Service) -> str:
    answer = service.client.post("/v1/images", files={"file": small_portrait()})
    return str(answer.json()["id"])


def ask_long(service: Service) -> Json:
    return service.ask(files={"file": small_portrait()}, data={"targets": LONG, "output": "face"})


def cancelled(service: Service, accepted: Json) -> Json:
    answer = service.client.post(f"/v1/jobs/{accepted['job']['id']}/cancel")
    assert answer.status_code in (200, 202), answer.text
    return service.ended(accepted)


def events(service: Service, job_id: str) -> list[Json]:
    """Every event of a job's stream, from its first line to its end."""
    found: list[Json] = []
    event: Json = {}
    with service.client.stream("GET", f"/v1/jobs/{job_id}/events") as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if not line and event:
                found.append(event)
                event = {}
            elif line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = json.loads(value) if name == "data" else value
    return found


def test_a_job_reads_as_its_set_shows_it_and_more(service: Service, image_id: str) -> None:
    accepted = service.ask(json={"image_ids": [image_id], "targets": [{}], "output": "face"})
    assert accepted["job"]["state"] == "queued"
    assert set(accepted["job"]) == {"id", "state", "done", "total", "stage", "error"}
    ended = service.ended(accepted)
    job = service.read(f"/v1/jobs/{accepted['job']['id']}")
    assert {name: job[name] for name in ended["job"]} == ended["job"]
    assert job["kind"] == "expressions"
    assert job["resource"] == f"/v1/expressions/{accepted['id']}"
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]


def test_events_tell_of_progress_and_end_with_the_job(service: Service, image_id: str) -> None:
    targets = [{"AU12": step / 10} for step in range(40)]
    accepted = service.ask(json={"image_ids": [image_id], "targets": targets, "output": "face"})
    found = events(service, accepted["job"]["id"])
    assert [event["event"] for event in found[:-1]] == ["progress"] * (len(found) - 1)
    assert found[-1]["event"] == found[-1]["data"]["state"] == "succeeded"
    done = [event["data"]["done"] for event in found]
    assert done == sorted(done)
    assert done[-1] == 40
    assert [event["id"] for event in found] == [str(number + 1) for number in range(len(found))]
    again = events(service, accepted["job"]["id"])
    assert [event["event"] for event in again] == ["succeeded"]


def test_jobs_are_listed_newest_first_in_pages(service: Service, image_id: str) -> None:
    made = [
        service.ask(json={"image_ids": [image_id], "targets": [{}], "output": "face"})["job"]["id"]
        for _ in range(5)
    ]
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = service.client.get(
            "/v1/jobs", params={"limit": 2, **({"cursor": cursor} if cursor else {})}
        ).json()
        assert len(page["items"]) == 2
        seen += [job["id"] for job in page["items"]]
        cursor = page["next_cursor"]
        assert cursor
    assert seen[:5] == made[::-1]
    everything = service.read("/v1/jobs?limit=200")
    assert everything["next_cursor"] is None
    for job_id in made:
        events(service, job_id)


def test_a_running_job_is_cancelled_and_keeps_what_it_has_done(service: Service) -> None:
    accepted = ask_long(service)
    path = f"/v1/expressions/{accepted['id']}"
    eventually(lambda: service.read(path)["job"]["done"] > 0, "the first items")
    body = cancelled(service, accepted)
    assert body["job"]["state"] == "cancelled"
    assert 0 < body["job"]["done"] < 2000
    assert [item["index"] for item in body["items"]] == list(range(body["job"]["done"]))
    assert service.client.get(body["items"][0]["face_url"]).status_code == 200
    never = service.client.get(f"{path}/items/1999/face")
    assert (never.status_code, never.json()["type"]) == (409, "/problems/job-cancelled")
    again = service.client.post(f"/v1/jobs/{accepted['job']['id']}/cancel")
    assert (again.status_code, again.json()["state"]) == (200, "cancelled")


def test_a_waiting_job_is_cancelled_at_once(service: Service) -> None:
    first, second = ask_long(service), ask_long(service)
    not_yet = service.client.get(f"/v1/expressions/{second['id']}/items/0/face")
    assert (not_yet.status_code, not_yet.json()["type"]) == (409, "/problems/not-ready")
    assert not_yet.headers["retry-after"]
    answer = service.client.post(f"/v1/jobs/{second['job']['id']}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert cancelled(service, first)["job"]["state"] == "cancelled"
    assert service.read(f"/v1/expressions/{second['id']}")["items"] == []


def test_a_finished_job_cannot_be_cancelled(service: Service, image_id: str) -> None:
    accepted = service.ask(json={"image_ids": [image_id], "targets": [{}], "output": "face"})
    service.ended(accepted)
    answer = service.client.post(f"/v1/jobs/{accepted['job']['id']}/cancel")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/job-finished")
    assert service.read(f"/v1/jobs/{accepted['job']['id']}")["state"] == "succeeded"
