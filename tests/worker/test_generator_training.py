"""Training a generator, in this process: it lets others go first, and cleans up behind itself."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from service.artifacts import ArtifactMissingError, open_store
from service.db.tables import Generator, Job
from service.usecases import generator_training, images, jobs
from service.usecases.images import Upload
from service.usecases.keys import LOCAL_OWNER, ensure_owner
from service.wire.generators import GeneratorRequest
from tests.support.backends import Backend, migrated_apart
from tests.support.inline import models
from tests.support.needs import needs_torch
from tests.support.pictures import small_portrait
from worker.handlers import HANDLERS
from worker.runner import Runner

pytestmark = needs_torch


def test_a_training_lets_others_go_first_and_keeps_its_state(
    backend: Backend, tmp_path: Path
) -> None:
    with migrated_apart(backend, tmp_path, slice_seconds=1e-9) as (settings, database):
        store = open_store(settings)
        runner = Runner(settings, database, store, models(), HANDLERS)
        photo = images.inspect(Upload(small_portrait()), models().registrar, settings)
        with database.write() as session:
            owner = ensure_owner(session, LOCAL_OWNER)
            image = images.create(session, store, settings, owner, photo)
            tiny = {"size": 16, "channels": 16, "blocks": 0, "batch": 1, "drawings": 1}
            asked = GeneratorRequest.model_validate(
                {"image_ids": [image.id], "steps": 10_000, "precision": "float32", **tiny}
            )
            (row, job), (_, waiting) = (
                generator_training.train(session, settings, owner, asked, None) for _ in range(2)
            )
        training = tmp_path / "training"
        (training / str(uuid4())).mkdir(parents=True)
        (training / f"{uuid4()}.safetensors").touch()
        (training / f".{uuid4()}.safetensors.part").touch()
        of_another = training / f"{waiting.id}.safetensors"
        of_another.touch()

        def now() -> tuple[Job, str | None]:
            with database.read() as session:
                state = session.get_one(Generator, row.id).state_sha256
                return session.get_one(Job, job.id), state

        assert runner.run(job.id)  # to be sent again
        first, state = now()
        assert (first.state, first.attempts) == ("queued", 0)
        assert 0 < first.done < first.total
        assert store.size(str(state)) > 1_000
        assert list(training.iterdir()) == [of_another]

        assert runner.run(job.id)
        second, later = now()
        assert second.done > first.done
        assert later != state
        with pytest.raises(ArtifactMissingError):
            store.size(str(state))
        with database.write() as session:
            jobs.cancel(session, owner, job.id)
            jobs.cancel(session, owner, waiting.id)
