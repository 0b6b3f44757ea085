"""Writes a dataset's card: README.md, for people and for the Hugging Face hub."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from models import facs
from models.balancing.report import BalanceReport
from models.balancing.tally import LabelTally
from models.datasets.description import DatasetDescription

COUNTS_PLOT = "plots/counts.png"
CO_OCCURRENCE_PLOT = "plots/co_occurrence.png"


def card(
    description: DatasetDescription, tally: LabelTally, report: BalanceReport | None = None
) -> str:
    """The card as Markdown.

    Args:
        tally: the labels of the images that are in the dataset, as written.
        report: balance of the plan behind it, where there was one; its plots are linked.
    """
    parts = [
        _front_matter(description, tally.frames),
        f"# {description.name}\n\n{description.summary}",
        _facts(description, tally),
        _files(),
    ]
    if report is None:
        parts.append("## Labels\n\n" + _count_table(tally))
    else:
        parts.append(_balance(tally, report))
    notes = [*description.notes, *(report.notes if report else ())]
    if notes:
        parts.append("## What fell short\n\n" + "\n".join(f"- {note}" for note in notes))
    parts.extend(f"## {title}\n\n{body}" for title, body in description.sections)
    parts.append(_sources(description))
    parts.append(
        "## How it was asked for\n\n```json\n"
        + json.dumps(description.spec, indent=2, sort_keys=True, ensure_ascii=False)
        + "\n```"
    )
    return "\n\n".join(parts) + "\n"


def _front_matter(description: DatasetDescription, images: int) -> str:
    size = next(
        (
            f"n<{name}" if limit == 1_000 else f"{previous}<n<{name}"
            for limit, name, previous in (
                (1_000, "1K", ""),
                (10_000, "10K", "1K"),
                (100_000, "100K", "10K"),
                (1_000_000, "1M", "100K"),
            )
            if images < limit
        ),
        "1M<n<10M",
    )
    return "\n".join(
        [
            "---",
            f"pretty_name: {json.dumps(description.name, ensure_ascii=False)}",
            "license: other",
            "task_categories:",
            "- image-classification",
            "tags:",
            "- facial-action-units",
            "- synthetic",
            "size_categories:",
            f"- {size}",
            "---",
        ]
    )


def _facts(description: DatasetDescription, tally: LabelTally) -> str:
    marking = (
        "every image carries IPTC `compositeWithTrainedAlgorithmicMedia` in its XMP"
        if description.synthetic
        else "none: the images are real frames"
    )
    return "\n".join(
        [
            "| | |",
            "|---|---|",
            f"| Images | {tally.frames:,} |",
            f"| Drawn by | {description.generator} |",
            f"| Registered in | {description.registration} |",
            f"| Version | {description.version} |",
            "| Labels | AU intensities of the Facial Action Coding System, 0 to 5 (0, A to E); "
            "empty where nothing is known |",
            f"| Marking as synthetic | {marking} |",
        ]
    )


def _files() -> str:
    return (
        "## Files\n\n"
        "`metadata.parquet` has one row per image and `labels.csv` the same rows for spreadsheets; "
        "`croissant.json` describes them, and `dataset.json` says what the dataset is, for "
        "programs. `au` and `intensity` name the cell an image was drawn for; the columns `AU01` "
        "to `AU43` are everything it shows, and `neutral` says whether every AU that is known of "
        "it is at 0. `synthetic` tells drawings from real frames; `split` is the split its subject "
        "is in. Load the unpacked folder with "
        '`datasets.load_dataset("imagefolder", data_dir="…")`.'
    )


def _balance(tally: LabelTally, report: BalanceReport) -> str:
    before = [cell for cell in report.cells if cell.au == report.aus[0]]
    header = ["AU", *(facs.LEVELS[cell.level] for cell in before)]
    lines = []
    for au in report.aus:
        planned = [cell for cell in report.cells if cell.au == au]
        lines.append([au, *(f"{cell.planned:,}" for cell in planned)])
    ratios = [
        [
            au,
            _ratio(float(report.before.imbalance_ratio[column])),
            _ratio(float(tally.imbalance_ratio[column])),
        ]
        for au in report.aus
        for column in (facs.SUPPORTED_AUS.index(au),)
    ]
    return "\n\n".join(
        [
            "## Balance",
            "Images drawn for each AU and intensity:",
            _table(header, lines),
            "An image drawn for one AU shows others too, as they occur together in the corpus. "
            "Counting every AU of every image, in the corpus:",
            _count_table(report.before),
            "and in this dataset:",
            _count_table(tally),
            f"![Images per AU and intensity, before and after]({COUNTS_PLOT})",
            "Imbalance ratio, the most frequent over the rarest of an AU's six intensities "
            "(1 is balanced):",
            _table(["AU", "corpus", "dataset"], ratios),
            "Mean imbalance ratio between AUs (MeanIR; Charte et al. 2015): "
            f"{_ratio(report.before.mean_imbalance_ratio)} in the corpus, "
            f"{_ratio(tally.mean_imbalance_ratio)} here.",
            f"![How often AUs occur together, before and after]({CO_OCCURRENCE_PLOT})",
        ]
    )


def _count_table(tally: LabelTally) -> str:
    counts = tally.level_counts
    lines = [
        [au, *(f"{count:,}" for count in counts[column])]
        for column, au in enumerate(facs.SUPPORTED_AUS)
        if counts[column].any()
    ]
    return _table(["AU", *facs.LEVELS], lines)


def _sources(description: DatasetDescription) -> str:
    parts = ["## Sources, licences and consent"]
    for source in description.sources:
        parts.append(
            f"### {source.name}\n\n**Licence.** {source.licence}\n\n**Consent.** {source.consent}"
        )
    return "\n\n".join(parts)


def _table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [header, ["---", *["---:"] * (len(header) - 1)], *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _ratio(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "∞" if math.isinf(value) else f"{value:,.2f}"
