"""Real frames over- and under-sampled, and drawings balanced by semantic resampling."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.simulated.database import Database
from models.balancing.options import BalanceOptions, Sources
from models.balancing.plan import Method, Plan, make_plan
from models.balancing.targets import drawable, source_labels, target_labels
from models.corpora.table import Split
from models.estimators.crop import crop_faces
from models.estimators.faces import ImageArray, LabelledFaces
from models.facs import SUPPORTED_AUS
from models.generators.rig import RigGenerator
from models.registration.face import RegistrationKind

Source = Literal["real", "synthetic"]
METHODS: dict[Source, Method] = {"real": "resampled", "synthetic": "semantic"}


def training_set(
    database: Database,
    splits: dict[str, Split],
    source: Source,
    kind: RegistrationKind,
    count: int,
    seed: int,
    work: Path,
    sources: Sources = "neutral-first",
) -> LabelledFaces:
    """A balanced set of the people to learn from, `count` images per AU and level.

    Both sources are of the same size and plan the same cells: what differs is that one repeats
    the frames that show a level, and the other draws their labels on other frames.
    """
    options = BalanceOptions(
        database.spec.coded, count, seed=seed, splits=("train",), sources=sources
    )
    plan = make_plan(database.table(splits), options, method=METHODS[source])
    items = plan.items()
    labels = target_labels(plan, items)
    if source == "real":
        images = database.crops(kind)[items["source"]]
    else:
        of = "" if sources == "neutral-first" else f"-{sources}"
        images = _drawn(database, plan, kind, work / f"drawn-{kind}-{count}-{seed}{of}.npy")
    columns = [SUPPORTED_AUS.index(au) for au in database.spec.coded]
    return LabelledFaces(
        images=images,
        labels=np.ascontiguousarray(labels[:, columns]),
        person=database.person[items["source"]],
        neutrals=database.neutrals(kind),
    )


def _drawn(database: Database, plan: Plan, kind: RegistrationKind, stored: Path) -> ImageArray:
    """uint8 (N, 128, 96, 3): the plan's drawings, as the service makes them of a corpus."""
    if stored.exists():
        return np.asarray(np.load(stored), np.uint8)
    items = plan.items()
    targets = drawable(target_labels(plan, items))
    shown = drawable(source_labels(plan, items))
    rig = RigGenerator()
    images: ImageArray | None = None
    for row in np.unique(items["source"]):
        mine = np.flatnonzero(items["source"] == row)
        drawings = crop_faces(
            rig.generate(
                [database.face(int(row), kind)] * len(mine),
                targets[mine],
                shown[mine],
                seeds=items["seed"][mine].tolist(),
            )
        )
        if images is None:
            images = np.empty((len(items), *drawings.shape[1:]), np.uint8)
        images[mine] = drawings
    if images is None:
        raise ValueError("the plan is empty")
    temporary = stored.with_name(f".{stored.name}")
    np.save(temporary, images)
    temporary.replace(stored)
    return images
