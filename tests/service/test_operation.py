"""Health, figures, logs and documentation of a running service."""

from __future__ import annotations

import json
import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.support.needs import needs_torch
from tests.support.pictures import small_portrait
from tests.support.running import Json, Service, eventually


def figures(service: Service) -> dict[str, float]:
    text = service.client.get("/metrics").text
    return {
        sample.name + "".join(f",{key}={value}" for key, value in sorted(sample.labels.items())): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def draw(service: Service, count: int) -> Json:
    targets = json.dumps([{"AU12": step / 10} for step in range(count)])
    return service.ended(service.ask(files={"file": small_portrait()}, data={"targets": targets}))


def test_the_service_is_alive_and_ready(service: Service) -> None:
    assert service.read("/healthz")["status"] == "ok"
    assert service.read("/readyz") == {
        "status": "ready",
        "checks": {"database": "ok", "broker": "ok", "store": "ok"},
    }


def test_figures_grow_with_what_the_workers_did(service: Service) -> None:
    before = figures(service)
    draw(service, 5)
    after = figures(service)

    def grew(name: str) -> float:
        return after[name] - before.get(name, 0.0)

    assert grew("facsimile_items_done_total,kind=expressions") == 5
    assert grew("facsimile_stage_seconds_count,stage=encode") == 10
    assert grew("facsimile_stage_seconds_count,stage=paste") == 5
    assert grew("facsimile_stage_seconds_sum,stage=draw") > 0
    assert grew("facsimile_jobs,state=succeeded") == 1
    requests = "facsimile_requests_total,method=POST,path=/v1/expressions,status=202"
    assert grew(requests) == 1
    assert "facsimile_queue_depth" in after
    assert "facsimile_broker_messages" in after


def test_no_label_carries_an_id(service: Service) -> None:
    accepted = draw(service, 1)
    assert accepted["id"] not in service.client.get("/metrics").text


def test_request_ids_are_taken_or_made_and_reach_the_worker(service: Service) -> None:
    answer = service.client.post(
        "/v1/expressions",
        files={"file": small_portrait()},
        data={"targets": "[{}]", "output": "face"},
        headers={"X-Request-Id": "from-the-caller.1"},
    )
    assert answer.headers["x-request-id"] == "from-the-caller.1"
    service.ended(answer.json())
    odd = service.client.get("/healthz", headers={"X-Request-Id": "no\tgood"})
    assert re.fullmatch(r"[0-9a-f-]{36}", odd.headers["x-request-id"])

    def ended_line() -> Json | None:
        for line in reversed(service.log.read_text().splitlines()):
            if '"ended"' in line and "from-the-caller.1" in line:
                found: Json = json.loads(line)
                return found
        return None

    line = eventually(ended_line, "the worker's log line")
    assert line["component"] == "worker"
    assert line["job_id"] == answer.json()["job"]["id"]
    sent = [text for text in service.log.read_text().splitlines() if '"job sent"' in text]
    assert any(
        json.loads(text)["job_id"] == line["job_id"]
        and json.loads(text)["request_id"] == "from-the-caller.1"
        for text in sent
    )


def test_logs_have_no_photo_no_key_and_are_json(service: Service) -> None:
    lines = [line for line in service.log.read_text().splitlines() if line.startswith("{")]
    assert len(lines) > 10
    for line in lines:
        assert {"event", "level", "timestamp", "component"} <= set(json.loads(line))


def test_every_operation_has_an_example_and_its_problems_documented(service: Service) -> None:
    document = service.client.get("/openapi.json").json()
    assert len(document["paths"]) >= 13
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            name = f"{method} {path}"
            text = json.dumps(operation)
            referenced = re.findall(r"#/components/schemas/(\w+)", text)
            examples = "example" in text or any(
                "examples" in document["components"]["schemas"][schema] for schema in referenced
            )
            assert examples, f"{name} has no example"
            assert operation["summary"], name
            assert operation["description"], name
            if path.startswith("/v1/"):
                assert any(
                    "application/problem+json" in str(answer)
                    for answer in operation["responses"].values()
                ), name
                assert operation["security"], name


def test_docs_need_nothing_from_elsewhere(service: Service) -> None:
    page = service.client.get("/docs")
    assert page.status_code == 200
    wanted = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(wanted) == 3
    for path in wanted:
        assert path.startswith("/docs/")
        asset = service.client.get(path)
        assert asset.status_code == 200
        assert len(asset.content) > 500
    style = service.client.get("/docs/swagger-ui.css").text
    assert not re.findall(r"@import|url\((?!['\"]?data:)['\"]?http", style)
    missing = service.client.get("/docs/../../secrets")
    assert missing.status_code == 404


@needs_torch  # it could not, where there is none
def test_the_api_process_never_loads_torch(service: Service) -> None:
    draw(service, 1)
    assert service.process is not None
    libraries = Path(f"/proc/{service.process.pid}/maps").read_text()
    assert "_pydantic_core" in libraries
    assert "torch" not in libraries
