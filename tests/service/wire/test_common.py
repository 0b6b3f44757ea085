"""What several nouns share in requests."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from service.wire.common import CORPUS_ID, DATASET_ID, IMAGE_ID
from service.wire.datasets import DatasetRequest
from service.wire.generators import GeneratorRequest
from service.wire.models import PersonaliseRequest, TrainRequest


@pytest.mark.parametrize(
    ("request_type", "fields"),
    [
        (DatasetRequest, {"corpus_id": CORPUS_ID}),
        (GeneratorRequest, {"dataset_id": DATASET_ID}),
        (PersonaliseRequest, {"image_id": IMAGE_ID}),
        (TrainRequest, {"dataset_id": DATASET_ID}),
    ],
)
def test_a_unit_may_leave_out_its_nought(
    request_type: type[BaseModel], fields: dict[str, Any]
) -> None:
    read = request_type.model_validate({**fields, "aus": ["AU1", "AU06", "AU9L", "AU99"]})
    assert read.model_dump()["aus"] == ["AU01", "AU06", "AU09L", "AU99"]
