"""What went wrong."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from service.errors.base import problem_type


class Problem(BaseModel):
    """What went wrong (RFC 9457). Some problems have more members."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": problem_type("no-face"),
                    "title": "No face was found",
                    "status": 422,
                    "detail": "No face was found in garden.jpg; send a photo in which a face can "
                    "be seen, turned no more than 45 degrees.",
                    "instance": "/v1/images",
                    "request_id": "019e6f1c-3c00-7000-8000-000000000000",
                    "filename": "garden.jpg",
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
