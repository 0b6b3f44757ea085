"""The tables, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

import numpy as np

from benchmarks.simulated.comparison import ByDatabase, Results
from benchmarks.simulated.database import Database
from benchmarks.simulated.databases import SHARED, A
from benchmarks.simulated.personal import WAYS
from benchmarks.simulated.recording import KINDS
from benchmarks.simulated.scores import THRESHOLDS, Scores
from benchmarks.simulated.trained import Recipe
from benchmarks.simulated.training_sets import Source
from models import facs
from models.balancing.tally import LabelTally
from models.estimators.config import Normalisation

Figure = Literal["icc", "mae"]
FIGURES: tuple[tuple[Figure, str], ...] = (("icc", "ICC(3,1)"), ("mae", "MAE"))

_RATED: Final[tuple[facs.Level, ...]] = ("A", "C")
SOURCES: tuple[Source, ...] = ("real", "synthetic")
NORMALISATIONS: dict[Normalisation, str] = {
    "none": "none",
    "au0": "AU0",
    "mean-texture": "personal mean texture",
}


def report(results: Results) -> str:
    """All tables."""
    recipes = results.recipes
    registered = {
        f"{source}, {kind}": recipes[Recipe(source, registration=kind).name]
        for source in SOURCES
        for kind in KINDS
    }
    normalised = {
        title: recipes[Recipe("synthetic", normalisation=normalisation).name]
        for normalisation, title in NORMALISATIONS.items()
    }
    return "\n".join(
        [
            *_databases(results),
            *_balancing(results),
            *_means("2D against 3D registration", registered, results),
            *_means("Normalisation, trained on synthetic faces", normalised, results),
            *_personal(results),
        ]
    )


def mean_over_aus(scores: Scores, figure: Figure) -> float:
    """The mean over the AUs for which it is defined."""
    return _mean(scores[figure].values())


def mean_two_afc(scores: Scores, letter: str) -> float:
    """The same of 2AFC at a threshold."""
    return _mean(scores["two_afc"][letter].values())


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Mean and sample standard deviation over seeds."""
    known = [value for value in values if not np.isnan(value)]
    if not known:
        return "–"
    deviation = float(np.std(known, ddof=1)) if len(known) > 1 else 0.0
    return f"{np.mean(known):.{digits}f} ± {deviation:.{digits}f}"


def _seeds(label: str, rounds: Sequence[object], results: Results) -> str:
    """A row's label, with the number of seeds where others have more."""
    most = max(len(others) for others in results.recipes.values())
    return label if len(rounds) == most else f"{label} ({len(rounds)} seeds)"


def _databases(results: Results) -> Iterator[str]:
    yield "### The two databases: share of frames at A or more, and at C or more\n"
    aus = [au for au in facs.SUPPORTED_AUS if any(au in db.spec.coded for db in results.databases)]
    yield "| | " + " | ".join(aus) + " |"
    yield "|---" * (len(aus) + 1) + "|"
    for database in results.databases:
        cells = [_rates(database, au) for au in aus]
        yield f"| {database.spec.name} | " + " | ".join(cells) + " |"
    yield ""
    for database in results.databases:
        tally = LabelTally()
        tally.add(database.labels)
        rows = database.frames(database.names)
        yield (
            f"{database.spec.name}: {len(database.names)} people, {len(rows)} frames, "
            f"{database.lost} lost because no face was found, MeanIR "
            f"{tally.mean_imbalance_ratio:.1f}.\n"
        )


def _rates(database: Database, au: str) -> str:
    if au not in database.spec.coded:
        return "–"
    labels = database.targets(database.frames(database.names), [au])
    return " ".join(f"{facs.presence(labels, at_least).mean():.0%}" for at_least in _RATED)


def _balancing(results: Results) -> Iterator[str]:
    compared = {
        "real frames resampled": Recipe("real"),
        "synthetic, balanced": Recipe("synthetic"),
        "synthetic, on any frame without the AU": Recipe("synthetic", sources="absent"),
        "real, varied": Recipe("real", varied=True),
        "synthetic, varied": Recipe("synthetic", varied=True),
    }
    for database, title, aus in (
        ("A", "within the database (A on people held out)", A.coded),
        ("B", "across databases (learnt on A, read on B)", SHARED),
    ):
        for figure, metric in FIGURES:
            yield f"### Real against synthetic, {title}: {metric}\n"
            yield "| | " + " | ".join(aus) + " | mean |"
            yield "|---" * (len(aus) + 2) + "|"
            for label, recipe in compared.items():
                rounds = results.recipes[recipe.name]
                cells = [spread([_value(one[database][figure][au]) for one in rounds], 2)
                         for au in aus]  # fmt: skip
                means = [mean_over_aus(one[database], figure) for one in rounds]
                name = _seeds(label, rounds, results)
                yield f"| {name} | " + " | ".join(cells) + f" | {spread(means)} |"
            yield ""
    for varied, title in ((False, "plain"), (True, "varied")):
        drawn, real = (
            results.recipes[Recipe(source, varied=varied).name] for source in ("synthetic", "real")
        )
        yield f"Synthetic minus real, {title}, seed by seed: {_differences(drawn, real)}.\n"


def _means(title: str, compared: dict[str, list[ByDatabase]], results: Results) -> Iterator[str]:
    yield f"### {title}: means over AUs\n"
    yield "| | A: ICC(3,1) | A: MAE | B: ICC(3,1) | B: MAE |\n|---|---|---|---|---|"
    for label, rounds in compared.items():
        cells = [
            spread([mean_over_aus(one[database], figure) for one in rounds])
            for database in ("A", "B")
            for figure, _ in FIGURES
        ]
        yield f"| {_seeds(label, rounds, results)} | " + " | ".join(cells) + " |"
    yield ""


def _personal(results: Results) -> Iterator[str]:
    yield "### Generic against personal: means over AUs\n"
    letters = " | ".join(f"2AFC {letter}" for letter in THRESHOLDS)
    yield f"| database | way | ICC(3,1) | MAE | {letters} |"
    yield "|---" * (4 + len(THRESHOLDS)) + "|"
    for database in ("A", "B"):
        for way in WAYS:
            rounds = [one[database][way] for one in results.personal]
            figures = [[mean_over_aus(one, figure) for one in rounds] for figure, _ in FIGURES]
            figures += [[mean_two_afc(one, letter) for one in rounds] for letter in THRESHOLDS]
            yield f"| {database} | {way} | " + " | ".join(map(spread, figures)) + " |"
    yield ""
    for way in WAYS[1:]:
        own, generic = (
            [{name: one[name][which] for name in one} for one in results.personal]
            for which in (way, WAYS[0])
        )
        yield f"{way.capitalize()} minus generic, seed by seed: {_differences(own, generic)}.\n"


def _differences(first: list[ByDatabase], second: list[ByDatabase]) -> str:
    """Mean ICC and MAE of one less those of the other."""
    parts = []
    for database in ("A", "B"):
        for figure, name in FIGURES:
            values = [
                mean_over_aus(one[database], figure) - mean_over_aus(other[database], figure)
                for one, other in zip(first, second, strict=False)  # seeds are in order
            ]
            parts.append(f"{name} on {database} " + " ".join(f"{value:+.3f}" for value in values))
    return "; ".join(parts)


def _value(score: float | None) -> float:
    return float("nan") if score is None else score


def _mean(scores: Iterable[float | None]) -> float:
    known = [score for score in scores if score is not None]
    return float(np.mean(known)) if known else float("nan")
