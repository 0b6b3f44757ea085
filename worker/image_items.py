"""The images of a dataset that is asked for by photos and targets."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy import select

from models.datasets.description import SourceNote
from models.datasets.image_folder import image_name
from models.datasets.preview import Sheet
from models.datasets.references import Reference
from models.datasets.rows import DatasetRow
from models.facs import Target, bilateral
from models.images import ImageError, ImageLimits, decode_image
from models.registration.face import RegisteredFace, RegistrationKind
from models.registration.registrar import RegistrationError
from service.db import tables
from worker.dataset_items import Item
from worker.runtime import FaceKey
from worker.work import JobFailedError, Work

SHEET_ROWS: Final = 8
SHEET_COLUMNS: Final = 10
LICENCE: Final = "Not stated: the photos were uploaded by whoever asked for this dataset."
CONSENT: Final = "Whoever uploaded the photos answers for the consent of the people in them."


@dataclass(frozen=True)
class ImageItems:
    """Every photo with every target in every pose, photos first.

    `labels` are the photos' names for people, in the order of ``spec["images"]``.
    """

    work: Work
    spec: Mapping[str, Any]
    targets: Sequence[Target]
    labels: Sequence[str]

    @property
    def total(self) -> int:
        """Photos times targets times poses."""
        return len(self.spec["images"]) * len(self.targets) * len(self.spec["poses"])

    def stretch(self, start: int, stop: int) -> Sequence[Item]:
        """See `Items.stretch`."""
        return [self._item(index) for index in range(start, min(stop, self.total))]

    def face(self, source: int) -> RegisteredFace:
        """See `Items.face`."""
        work, sha256 = self.work, str(self.spec["images"][source]["sha256"])
        kind: RegistrationKind = "2d" if self.spec["registration"] == "2d" else "3d"

        def register() -> RegisteredFace:
            limits = ImageLimits(work.settings.max_image_pixels, work.settings.max_image_side)
            try:
                photo = decode_image(work.store.read(sha256), limits).rgb
                return work.models.registrar.register(photo, kind=kind)
            except (ImageError, RegistrationError) as error:
                raise JobFailedError(
                    error.code, "The photo cannot be used", f"{self.labels[source]}: {error}"
                ) from error

        return work.models.faces.get(FaceKey(sha256, kind, None), register)

    def sheet(self) -> Sheet:
        """See `Items.sheet`."""
        each = len(self.targets) * len(self.spec["poses"])
        rows = min(len(self.labels), SHEET_ROWS)
        columns = min(len(self.targets), SHEET_COLUMNS)
        places = {
            row * each + column * len(self.spec["poses"]): (row, column)
            for row in range(rows)
            for column in range(columns)
        }
        named = [
            " ".join(f"{au} {value:g}" for au, value in target.intensities if value) or "neutral"
            for target in self.targets[:columns]
        ]
        return Sheet(places, list(self.labels[:rows]), named)

    def references(self) -> tuple[Reference, ...]:
        """See `Items.references`: nobody says what a photo shows."""
        return ()

    def report(self) -> None:
        """Nothing was balanced."""

    def sources(self) -> tuple[SourceNote, ...]:
        """See `Items.sources`."""
        return (SourceNote(f"{len(self.labels):,} uploaded photos", LICENCE, CONSENT),)

    def _item(self, index: int) -> Item:
        poses = self.spec["poses"]
        photo, rest = divmod(index, len(self.targets) * len(poses))
        chosen, at = divmod(rest, len(poses))
        target, pose = self.targets[chosen], poses[at]
        seed = (int(self.spec["seed"]) + index) % 2**32
        # Frontal in 2D alone is the head's own turn.
        turned = self.spec["registration"] == "3d" or len(poses) > 1 or any(poses[0])
        drawn = target.array()
        return Item(
            row=DatasetRow(
                file_name=image_name(index, self.total),
                subject=str(self.spec["images"][photo]["subject"]),
                source=f"image {self.spec['images'][photo]['sha256']}",
                generator=str(self.spec["generator"]),
                synthetic=True,
                split=None,
                seed=seed,
                au=None,
                intensity=None,
                pitch=float(pose[0]) if turned else None,
                yaw=float(pose[1]) if turned else None,
                neutral=not drawn.any(),
                labels=np.asarray(bilateral(drawn), np.float32),
            ),
            source=photo,
            target=drawn,
            shown=None,
            marked=target.as_dict(),
        )


def image_items(work: Work, spec: Mapping[str, Any], image_ids: Sequence[str]) -> ImageItems:
    """The images of a dataset's spec.

    Raises:
        JobFailedError: a photo has expired.
    """
    ids = [uuid.UUID(text) for text in image_ids]
    with work.database.read() as session:
        query = select(tables.Image).where(tables.Image.id.in_(set(ids)))
        rows = {row.id: row for row in session.scalars(query)}
    for image_id in ids:
        if image_id not in rows or rows[image_id].erased_at is not None:
            raise JobFailedError(
                "resource-expired", "The resource has expired", f"Image {image_id} has expired."
            )
    labels = [rows[image_id].filename or str(image_id)[:8] for image_id in ids]
    targets = [Target.parse(target) for target in spec["targets"]]
    return ImageItems(work, spec, targets, labels)
