"""Every cell of every table: trained, read, scored, kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from benchmarks.simulated.cells import cell
from benchmarks.simulated.database import Database, filmed, split_people
from benchmarks.simulated.databases import SHARED, A, B
from benchmarks.simulated.personal import personal_scores
from benchmarks.simulated.reading import compact, read, references
from benchmarks.simulated.scores import Scores, scored
from benchmarks.simulated.sizes import Size
from benchmarks.simulated.trained import RECIPES, Recipe, trained
from models.corpora.table import Split
from models.estimators.estimator import Estimator

PERSONAL_BASE: Final = Recipe("synthetic")
"""The generic estimator that is made personal, as in the paper: trained on balanced drawings."""
ByDatabase = dict[str, Scores]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Results:
    """What the tables are made of.

    Attributes:
        databases: A and B.
        recipes: for each recipe's name and each seed, scores on A's test people and on B.
        personal: for each seed, by database and way of reading.
    """

    databases: tuple[Database, Database]
    recipes: dict[str, list[ByDatabase]]
    personal: list[dict[str, dict[str, Scores]]]


@dataclass(frozen=True, eq=False)
class Round:
    """All that is measured with one seed: the same people held out everywhere."""

    seed: int
    size: Size
    first: Database
    second: Database
    work: Path

    @property
    def splits(self) -> dict[str, Split]:
        """Of the people of the first database."""
        return split_people(self.first, self.seed)

    @property
    def held_out(self) -> list[str]:
        """The people of the first database that are only measured on."""
        return [name for name, split in self.splits.items() if split == "test"]

    def estimator(self, recipe: Recipe) -> Estimator:
        """The one of a recipe, trained if need be."""
        return trained(recipe, self.first, self.splits, self.size, self.seed, self.work)

    def generic(self, recipe: Recipe) -> ByDatabase:
        """Scores on frames of strangers, of the database learnt from and of the other."""
        estimator = self.estimator(recipe)
        return {
            database.spec.name: _scores(estimator, database, people, aus)
            for database, people, aus in (
                (self.first, self.held_out, self.first.spec.coded),
                (self.second, self.second.names, SHARED),
            )
        }

    def personal(self) -> dict[str, dict[str, Scores]]:
        """Scores on some of them with estimators of their own."""
        base, count = self.estimator(PERSONAL_BASE), self.size.personal
        others = np.random.default_rng(self.seed).permutation(self.second.names)[:count].tolist()
        return {
            database.spec.name: personal_scores(base, database, people, aus, self.size.fine_tuning)
            for database, people, aus in (
                (self.first, self.held_out[:count], self.first.spec.coded),
                (self.second, others, SHARED),
            )
        }


def compare(
    size: Size,
    data: Path,
    work: Path,
    say: Callable[[str], None] = lambda line: None,
    *,
    only_stored: bool = False,
) -> Results:
    """Do all that is not done yet; a run that was ended goes on where it was.

    Args:
        data: holds ``london/`` and ``canada/``.
        work: an existing folder for films, drawings, weights and results of this `size`.
        say: told what has been done.
        only_stored: measure nothing, gather what has been measured.
    """
    first = filmed(A, data, work, size.people_a, size.frames, say)
    second = filmed(B, data, work, size.people_b, size.frames, say)
    rounds = [Round(seed, size, first, second, work) for seed in range(size.seeds)]
    results = Results((first, second), {recipe.name: [] for recipe in RECIPES}, [])

    def keep(into: list[T], name: str, measure: Callable[[], T]) -> None:
        stored = work / "cells" / f"{name}.json"
        if stored.exists() or not only_stored:
            into.append(cell(stored, measure))
            say(name)

    def generic(one: Round, varied: bool) -> None:
        for recipe in (recipe for recipe in RECIPES if recipe.varied == varied):
            measure = partial(one.generic, recipe)
            keep(results.recipes[recipe.name], f"{recipe.name}-{one.seed}", measure)

    for one in rounds:
        generic(one, varied=False)
        keep(results.personal, f"personal-{one.seed}", one.personal)
    for one in rounds:  # beyond what the paper did, once that is done for all seeds
        generic(one, varied=True)
    return results


def _scores(
    estimator: Estimator, database: Database, people: Sequence[str], aus: Sequence[str]
) -> Scores:
    config = estimator.config
    rows = database.frames(people)
    beside = references(database, config.registration, config.normalisation)
    found = read(
        compact(estimator.network),
        database.crops(config.registration)[rows],
        beside[database.person[rows]],
        config.normalisation,
    )
    columns = [estimator.aus.index(au) for au in aus]
    return scored(database.targets(rows, aus), found[:, columns], aus)
