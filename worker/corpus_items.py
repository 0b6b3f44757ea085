"""The images of a dataset that is balanced over a corpus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models import facs
from models.balancing.options import FRONTAL, BalanceError, BalanceOptions, Quota
from models.balancing.plan import Plan, make_plan
from models.balancing.report import BalanceReport, balance_report
from models.balancing.targets import drawable, neutral_images, source_labels, target_labels
from models.corpora.splits import subject_disjoint
from models.corpora.table import SPLITS, LabelTable
from models.datasets.description import SourceNote
from models.datasets.image_folder import image_name
from models.datasets.preview import Sheet
from models.datasets.references import Reference
from models.datasets.rows import DatasetRow
from models.normalisation.mean_texture import mean_texture
from models.registration.face import RegisteredFace, RegistrationKind
from worker.corpus_faces import CorpusFaces, corpus_faces
from worker.dataset_items import Item
from worker.work import JobFailedError, Work

SHEET_ROWS: Final = 12
REFERENCE_FRAMES: Final = 50
"""Frames of a person, evenly spread over theirs, behind their mean texture."""


@dataclass(frozen=True, eq=False)
class CorpusItems:
    """Planned images; each worker plans for itself and gets the same."""

    spec: Mapping[str, Any]
    plan: Plan
    faces: CorpusFaces

    @property
    def total(self) -> int:
        """How many images are planned."""
        return len(self.plan)

    def stretch(self, start: int, stop: int) -> Sequence[Item]:
        """See `Items.stretch`."""
        items = self.plan.items(start, stop)
        labels = target_labels(self.plan, items)
        targets = drawable(labels)
        shown = drawable(source_labels(self.plan, items))
        neutral = neutral_images(self.plan, items, labels)
        is_drawn = self.plan.method == "semantic"
        out = []
        for place in range(len(items)):
            known = labels[place]
            out.append(
                Item(
                    row=self._row(start + place, items[place], known, bool(neutral[place])),
                    source=int(items[place]["source"]),
                    target=targets[place] if is_drawn else None,
                    shown=shown[place],
                    marked={
                        au: round(float(value), 4)
                        for au, value in zip(facs.SUPPORTED_AUS, known, strict=True)
                        if value > 0
                    },
                )
            )
        return out

    def face(self, source: int) -> RegisteredFace:
        """See `Items.face`."""
        return self.faces.face(source, _kind(self.spec))

    def sheet(self) -> Sheet:
        """See `Items.sheet`."""
        aus = self.plan.options.aus[:SHEET_ROWS]
        levels = self.plan.options.levels
        places = {
            int(begin): (aus.index(cell.au), levels.index(cell.level))
            for cell, begin in zip(self.plan.cells, self.plan.offsets, strict=False)
            if cell.planned and cell.au in aus
        }
        names = [f"{au}\n{facs.AU_NAMES[au]}" for au in aus]
        return Sheet(places, names, [facs.LEVELS[level] for level in levels])

    def references(self) -> Iterator[Reference]:
        """See `Items.references`: of natural frames, not of those that were balanced."""
        if self.plan.options.poses != (FRONTAL,):
            return
        table, pool = self.plan.pool.table, self.plan.pool
        sources = self.plan.items()["source"]
        for subject in np.unique(table.subject[sources]):
            mine = np.flatnonzero((table.subject == subject) & pool.frames)
            spread = np.linspace(0, len(mine) - 1, min(len(mine), REFERENCE_FRAMES))
            rows = mine[np.unique(spread.round().astype(int))]
            resting = mine[pool.neutral[mine]]
            yield Reference(
                table.subjects[subject],
                len(rows),
                mean_texture(self.face(int(row)).image for row in rows),
                self.face(int(resting[0])).image if len(resting) else None,
            )

    def report(self) -> BalanceReport:
        """See `Items.report`."""
        return balance_report(self.plan)

    def sources(self) -> tuple[SourceNote, ...]:
        """See `Items.sources`."""
        corpora = [self.spec["corpus"]]
        if (other := self.spec.get("labels_from")) is not None:
            corpora.append({**other, "name": f"labels of {other['name']}"})
        return tuple(SourceNote(one["name"], one["licence"], one["consent"]) for one in corpora)

    def _row(self, index: int, item: Any, labels: Any, is_neutral: bool) -> DatasetRow:
        source, is_drawn = int(item["source"]), self.plan.method == "semantic"
        table = self.plan.pool.table
        pose = self.plan.options.poses[int(item["pose"])]
        turned = _kind(self.spec) == "3d" or self.plan.options.poses != (FRONTAL,)
        split = int(table.split[source])
        return DatasetRow(
            file_name=image_name(index, self.total),
            subject=table.subjects[table.subject[source]],
            source=f"{self.spec['corpus']['name']}: {self.faces.index.source[source]}",
            generator=self.spec["generator"] if is_drawn else "none",
            synthetic=is_drawn,
            split=None if split < 0 else SPLITS[split],
            seed=int(item["seed"]),
            au=facs.SUPPORTED_AUS[int(item["au"])],
            intensity=float(item["level"]),
            pitch=pose[0] if turned else None,
            yaw=pose[1] if turned else None,
            neutral=is_neutral,
            labels=np.asarray(labels, np.float32),
        )


def corpus_items(work: Work, spec: Mapping[str, Any]) -> CorpusItems:
    """The images of a dataset's spec, by the labels and faces it names.

    Raises:
        JobFailedError: nothing of what was asked for can be made.
    """
    corpus = spec["corpus"]
    faces = corpus_faces(work, corpus["labels"], corpus["faces"])
    borrowed = None
    if (other := spec.get("labels_from")) is not None:
        borrowed = corpus_faces(work, other["labels"], other["faces"]).table
    try:
        plan = make_plan(
            _split(faces.table, spec),
            balance_options(spec),
            method="resampled" if spec["method"] == "resampled" else "semantic",
            quota=Quota(max_images=work.settings.max_dataset_images),
            labels=None if borrowed is None else _split(borrowed, spec),
        )
    except BalanceError as error:
        raise JobFailedError("nothing-to-draw", "The dataset cannot be made", str(error)) from error
    return CorpusItems(spec, plan, faces)


def balance_options(spec: Mapping[str, Any]) -> BalanceOptions:
    """The options of a spec as the numerics take them."""
    return BalanceOptions(
        aus=tuple(spec["aus"]),
        count=spec["per_intensity"],
        levels=tuple(spec["intensities"]),
        poses=tuple((float(pitch), float(yaw)) for pitch, yaw in spec["poses"]),
        jitter=spec["jitter"],
        seed=spec["seed"],
        subject_cap=spec["subject_cap"],
        splits=tuple(spec["splits"]),
        fill="synthetic" if spec["fill"] == "synthetic" else "none",
        sources="absent" if spec.get("sources") == "absent" else "neutral-first",
    )


def _kind(spec: Mapping[str, Any]) -> RegistrationKind:
    return "2d" if spec["registration"] == "2d" else "3d"


def _split(table: LabelTable, spec: Mapping[str, Any]) -> LabelTable:
    """With splits of our own where splits are asked for and the corpus has none."""
    if not spec["splits"] or (table.split >= 0).any():
        return table
    try:
        return table.with_splits(subject_disjoint(table.subjects))
    except ValueError as error:
        raise JobFailedError(
            "nothing-to-draw", "The dataset cannot be made", f"{error}."
        ) from error
