"""Reading and adding rows, always within one owner: somebody else's row is not there."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from service.db.tables import (
    Corpus,
    Dataset,
    Estimate,
    EstimateItem,
    Evaluation,
    ExpressionItem,
    ExpressionSet,
    Generator,
    Image,
    Job,
    Model,
    Subject,
)
from service.db.types import now

Owned = TypeVar(
    "Owned",
    Image,
    Job,
    ExpressionSet,
    Corpus,
    Dataset,
    Subject,
    Model,
    Generator,
    Estimate,
    Evaluation,
)


@dataclass(frozen=True)
class Page(Generic[Owned]):
    """A stretch of a list, newest first. `next_id` is None on the last one."""

    rows: Sequence[Owned]
    next_id: uuid.UUID | None


class Repository(Generic[Owned]):
    """The rows of one table that belong to one owner."""

    table: type[Owned]

    def __init__(self, session: Session, owner_id: uuid.UUID) -> None:
        self.session = session
        self.owner_id = owner_id

    def get(self, row_id: uuid.UUID) -> Owned | None:
        """The row of this id, unless it is missing or someone else's."""
        row = self.session.get(self.table, row_id)
        return row if row is not None and row.owner_id == self.owner_id else None

    def get_many(self, row_ids: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, Owned]:
        """Those of the rows that exist and belong to the owner, by id."""
        query = select(self.table).where(
            self.table.owner_id == self.owner_id, self.table.id.in_(set(row_ids))
        )
        return {row.id: row for row in self.session.scalars(query)}

    def page(
        self, limit: int, before: uuid.UUID | None = None, *where: ColumnElement[bool]
    ) -> Page[Owned]:
        """Up to `limit` rows, newest first, of those made before the row `before`."""
        mine = self.table.owner_id == self.owner_id
        query = select(self.table).where(mine, *self.listed(), *where)
        if before is not None:
            query = query.where(self.table.id < before)
        found = self.session.scalars(query.order_by(self.table.id.desc()).limit(limit + 1)).all()
        rows = found[:limit]
        return Page(rows, rows[-1].id if len(found) > limit else None)

    def listed(self) -> Sequence[ColumnElement[bool]]:
        """What a row has to fulfil to be listed."""
        return ()

    def add(self, row: Owned) -> Owned:
        """Add a row and give it its id."""
        self.session.add(row)
        self.session.flush()
        return row


Expiring = TypeVar("Expiring", Model, Generator, Estimate, Evaluation)


def expired_rows(session: Session, table: type[Expiring], limit: int) -> Sequence[Expiring]:
    """Rows of any owner whose time is over and that are not erased yet."""
    over = (table.expires_at <= now()) & table.erased_at.is_(None)
    return session.scalars(select(table).where(over).limit(limit)).all()


class Images(Repository[Image]):
    """An owner's photos."""

    table = Image

    def held(self, image_ids: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, Image]:
        """Those of the photos that exist, which are not erased before the transaction ends."""
        query = select(Image).where(Image.owner_id == self.owner_id, Image.id.in_(set(image_ids)))
        held = query.order_by(Image.id).with_for_update(read=True, key_share=True)
        return {row.id: row for row in self.session.scalars(held)}

    def page_of(self, limit: int, before: uuid.UUID | None, subject_id: str | None) -> Page[Image]:
        """A page of those that are there, of one subject where one is named."""
        of = () if subject_id is None else (Image.subject_id == subject_id,)
        return self.page(limit, before, Image.erased_at.is_(None), *of)


class Jobs(Repository[Job]):
    """An owner's jobs."""

    table = Job

    def listed(self) -> Sequence[ColumnElement[bool]]:
        """Shards of larger jobs are not."""
        return (Job.parent_id.is_(None),)

    def start(
        self, kind: str, resource_id: uuid.UUID, request_id: str | None, total: int = 0
    ) -> Job:
        """Add a job that is to fill a resource."""
        return self.add(
            Job(
                owner_id=self.owner_id,
                kind=kind,
                resource_id=resource_id,
                request_id=request_id,
                total=total,
            )
        )


class Corpora(Repository[Corpus]):
    """An owner's corpora."""

    table = Corpus

    def listed(self) -> Sequence[ColumnElement[bool]]:
        """Erased ones are not."""
        return (Corpus.erased_at.is_(None),)


class Datasets(Repository[Dataset]):
    """An owner's datasets."""

    table = Dataset

    def listed(self) -> Sequence[ColumnElement[bool]]:
        """Erased ones are not."""
        return (Dataset.erased_at.is_(None),)

    def at(self, address: str) -> Dataset | None:
        """The dataset that answers for the spec of this address."""
        return self.session.scalars(
            select(Dataset).where(Dataset.owner_id == self.owner_id, Dataset.address == address)
        ).one_or_none()


class ExpressionSets(Repository[ExpressionSet]):
    """An owner's expression sets, and their items."""

    table = ExpressionSet

    def items(self, expression_set: ExpressionSet) -> Sequence[ExpressionItem]:
        """The finished items in the order of their index."""
        query = select(ExpressionItem).where(ExpressionItem.set_id == expression_set.id)
        return self.session.scalars(query.order_by(ExpressionItem.index)).all()

    def item(self, expression_set: ExpressionSet, index: int) -> ExpressionItem | None:
        """One item, if it is finished."""
        return self.session.get(ExpressionItem, (expression_set.id, index))


class Subjects(Repository[Subject]):
    """An owner's subjects."""

    table = Subject

    def held(self, subject_id: uuid.UUID) -> Subject | None:
        """The subject, who is not erased before the transaction ends."""
        query = select(Subject).where(Subject.owner_id == self.owner_id, Subject.id == subject_id)
        return self.session.scalars(query.with_for_update(read=True)).one_or_none()


class Models(Repository[Model]):
    """An owner's own models."""

    table = Model

    def listed(self) -> Sequence[ColumnElement[bool]]:
        """Erased ones are not."""
        return (Model.erased_at.is_(None),)


class Generators(Repository[Generator]):
    """An owner's own generators."""

    table = Generator

    def listed(self) -> Sequence[ColumnElement[bool]]:
        """Erased ones are not."""
        return (Generator.erased_at.is_(None),)


class Estimates(Repository[Estimate]):
    """An owner's estimates, and their items."""

    table = Estimate

    def items(self, estimate: Estimate) -> Sequence[EstimateItem]:
        """All items in the order of their index."""
        query = select(EstimateItem).where(EstimateItem.estimate_id == estimate.id)
        return self.session.scalars(query.order_by(EstimateItem.index)).all()


class Evaluations(Repository[Evaluation]):
    """An owner's evaluations."""

    table = Evaluation

    def listed(self) -> Sequence[ColumnElement[bool]]:
        """Erased ones are not."""
        return (Evaluation.erased_at.is_(None),)
