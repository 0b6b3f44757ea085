"""The README's journey by a client that openapi-python-client made: post a photo, follow the job,
fetch the picture.

Usage: journey.py URL KEY PHOTO OUT
"""

from __future__ import annotations

import sys
import time
from io import BytesIO
from pathlib import Path

from facsimile_client import AuthenticatedClient
from facsimile_client.api.expressions import (
    read_expression_item,
    read_expressions,
    request_expressions,
)
from facsimile_client.api.images import upload_image
from facsimile_client.api.jobs import follow_job, list_jobs, read_job
from facsimile_client.models import (
    ExpressionRequest,
    ExpressionRequestTargetsItem,
    ExpressionSet,
    Image,
    Job,
    JobList,
    Problem,
    ReadExpressionItemOutput,
    RequestExpressionsFilesBody,
    State,
    UploadImageBody,
)
from facsimile_client.types import File


def by_form(client: AuthenticatedClient, photo: Path) -> ExpressionSet:
    """The set that a photo and its targets ask for."""
    file = File(BytesIO(photo.read_bytes()), photo.name, "image/png")
    body = RequestExpressionsFilesBody(file=[file], targets='[{"AU06": "C", "AU12": "D"}]')
    asked = request_expressions.sync(client=client, body=body)
    assert isinstance(asked, ExpressionSet), asked
    return asked


def by_id(client: AuthenticatedClient, photo: Path) -> ExpressionSet:
    """The same of a photo that is uploaded before."""
    file = File(BytesIO(photo.read_bytes()), photo.name, "image/png")
    image = upload_image.sync(client=client, body=UploadImageBody(file=file, subject_id="eileen"))
    assert isinstance(image, Image), image
    assert image.expires_at is None
    target = ExpressionRequestTargetsItem.from_dict({"AU06": "C", "AU12": "D"})
    body = ExpressionRequest(image_ids=[image.id], targets=[target])
    asked = request_expressions.sync(client=client, body=body)
    assert isinstance(asked, ExpressionSet), asked
    return asked


def followed(client: AuthenticatedClient, asked: ExpressionSet) -> Job:
    """The set's job once it has ended."""
    events = follow_job.sync(str(asked.job.id), client=client)
    assert isinstance(events, str)
    assert "event: succeeded" in events
    while True:
        job = read_job.sync(str(asked.job.id), client=client)
        assert isinstance(job, Job), job
        if job.state not in (State.QUEUED, State.RUNNING):
            return job
        time.sleep(0.2)


def fetched(client: AuthenticatedClient, asked: ExpressionSet) -> bytes:
    """The picture."""
    done = read_expressions.sync(str(asked.id), client=client)
    assert isinstance(done, ExpressionSet), done
    (item,) = done.items
    assert item.target.to_dict() == {"AU06": 3.0, "AU12": 4.0}
    picture = read_expression_item.sync(
        str(asked.id), item.index, ReadExpressionItemOutput.PHOTO, client=client
    )
    assert isinstance(picture, File), picture
    content: bytes = picture.payload.read()
    return content


def main() -> None:
    """Walk it."""
    url, key, photo, out = sys.argv[1:]
    with AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True) as client:
        pictures = []
        for ask in (by_form, by_id):
            asked = ask(client, Path(photo))
            assert followed(client, asked).state is State.SUCCEEDED
            pictures.append(fetched(client, asked))
        assert pictures[0] == pictures[1]
        Path(out).write_bytes(pictures[0])
        listed = list_jobs.sync(client=client, limit=10)
        assert isinstance(listed, JobList), listed
        assert [job.kind for job in listed.items] == ["expressions", "expressions"]
        missing = read_job.sync("019e6f1c-52a5-7f02-9a3e-5d4c3b2a1f00", client=client)
        assert isinstance(missing, Problem), missing
        assert (missing.status, missing.type_) == (404, "/problems/job-not-found")


main()
