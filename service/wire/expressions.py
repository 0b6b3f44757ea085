"""Expression sets."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from service.wire.common import GENERATOR, IMAGE_ID, MAX_SEED, SET_ID, example
from service.wire.images import Quality, Warnings
from service.wire.jobs import JobState, job_state

if TYPE_CHECKING:
    from service.db import tables

DEFAULT_GENERATOR: Final = "hybrid"
"""What draws expressions: of those that ship it measures best (docs/hybrid.md)."""

Output = Literal["face", "photo"]
Outputs = Annotated[list[Output], Field(min_length=1, max_length=2)]


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class ExpressionRequest(BaseModel):
    """Draw every image with every target."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "image_ids": [IMAGE_ID],
                    "targets": [{"AU06": "C", "AU12": "D"}, {"AU12L": 2.5}],
                    "generator": DEFAULT_GENERATOR,
                    "registration": "3d",
                    "output": ["face", "photo"],
                    "seed": 0,
                }
            ]
        },
    )

    image_ids: list[uuid.UUID] = Field(min_length=1)
    targets: list[dict[str, Any]] = Field(
        min_length=1,
        description="AU -> intensity: a letter A to E or a number from 0 to 5; "
        "L or R behind the AU for one side. AUs that are not named are 0.",
    )
    sources: dict[str, dict[str, Any]] = Field(
        {},
        description="By the id of an image, what it shows already, as targets are written; {} says "
        "that it is neutral. It wins over what is read in the image, and is taken off before "
        "anything is drawn. Images that are not named are read.",
    )
    generator: str = Field(DEFAULT_GENERATOR, max_length=64, description=GENERATOR)
    registration: Literal["3d", "2d"] = "3d"
    output: Annotated[Outputs, BeforeValidator(_one_or_more)] = ["face", "photo"]
    face: int | None = Field(
        None,
        strict=True,
        ge=0,
        le=1000,
        description="Which face, 0 being the largest; that one by default.",
    )
    seed: int = Field(
        0,
        strict=True,
        ge=0,
        le=MAX_SEED,
        description="Seed of the first item; each further item takes one more.",
    )


class Item(BaseModel):
    """One finished drawing."""

    model_config = example(
        index=0,
        image_id=IMAGE_ID,
        target={"AU06": 3.0, "AU12": 4.0},
        found={},
        quality=0.83,
        warnings=["glasses"],
        face_url=f"/v1/expressions/{SET_ID}/items/0/face",
        photo_url=f"/v1/expressions/{SET_ID}/items/0/photo",
        seed=0,
    )

    index: int = Field(description="Images in their order, each with all targets in their order.")
    image_id: uuid.UUID
    target: dict[str, float]
    found: dict[str, float] | None = Field(
        description="Intensities that the photo was found or, in `sources`, said to show and that "
        "were taken off first; "
        "empty when it passed for neutral. AU01, 02, 04, 10, 12, 15, 17, 20, 24, 25 and 26 are "
        "looked for, and only what is sure is taken off. Null in items of earlier versions."
    )
    quality: Quality = None
    warnings: Warnings = []
    face_url: str | None = Field(description="The 224x224 registered drawing.")
    photo_url: str | None = Field(description="The drawing put back into the photo.")
    seed: int


class ExpressionSet(BaseModel):
    """What was asked for, how far it is, and the items that are finished."""

    id: uuid.UUID
    job: JobState
    items: list[Item] = Field(description="The finished items in the order of their index.")
    sources: dict[str, dict[str, float]] = Field(
        description="What the request said of its images, by their ids."
    )
    generator: str
    registration: Literal["3d", "2d"]
    output: list[Output]
    face: int | None
    seed: int
    created_at: datetime
    expires_at: datetime | None


def expression_set(
    row: tables.ExpressionSet, of: tables.Job, items: Sequence[tables.ExpressionItem]
) -> ExpressionSet:
    """An expression set with its job and finished items."""
    return ExpressionSet(
        id=row.id,
        job=job_state(of),
        items=[_item(row.id, item) for item in items],
        sources={
            image_id: source
            for image_id, source in zip(row.image_ids, row.sources or (), strict=False)
            if source is not None
        },
        generator=row.generator,
        registration=row.registration,
        output=row.output,
        face=row.face,
        seed=row.seed,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def _item(set_id: uuid.UUID, row: tables.ExpressionItem) -> Item:
    base = f"/v1/expressions/{set_id}/items/{row.index}"
    return Item(
        index=row.index,
        image_id=row.image_id,
        target=row.target,
        found=row.found,
        **(row.visibility or {}),
        face_url=f"{base}/face" if row.face_sha256 else None,
        photo_url=f"{base}/photo" if row.photo_sha256 else None,
        seed=row.seed,
    )
