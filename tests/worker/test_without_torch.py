"""A machine without PyTorch reads and calibrates; what trains says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.checkpoint_zip import zipped
from tests.service.test_subjects_api import photo_of, subject_of
from tests.support.backends import embedded
from tests.support.pictures import small_portrait
from tests.support.running import running
from tests.support.sent_generators import small_generator


def test_reading_needs_no_torch_and_fine_tuning_says_that_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('as if it were not installed')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with (
        embedded() as backend,
        running(backend, tmp_path / "data") as service,
    ):
        read = service.client.post("/v1/models/compact/estimates", files={"file": small_portrait()})
        assert read.status_code == 200, read.text
        subject = subject_of(service)
        image = photo_of(service, subject, 90)["id"]
        ended = {}
        for method in ("one-frame", "fine-tune"):
            asked = {"image_id": image, "method": method}
            accepted = service.client.post(f"/v1/subjects/{subject}/models", json=asked)
            ended[method] = service.ended(accepted.json(), noun="models")["job"]
        assert ended["one-frame"]["state"] == "succeeded"
        assert ended["fine-tune"]["state"] == "failed"
        assert ended["fine-tune"]["error"]["type"] == "/problems/torch-missing"
        assert "make torch" in ended["fine-tune"]["error"]["detail"]
        asked = {"image_ids": [image], "steps": 1}
        training = service.client.post("/v1/generators", json=asked).json()
        sent = {"file": ("g.zip", zipped(small_generator()))}
        generator = service.client.post("/v1/generators", files=sent).json()["id"]
        drawing = service.ask(
            json={"image_ids": [image], "targets": [{"AU12": 1}], "generator": generator}
        )
        for body, noun in ((training, "generators"), (drawing, "expressions")):
            job = service.ended(body, noun=noun)["job"]
            assert (job["state"], job["error"]["type"]) == ("failed", "/problems/torch-missing")
