"""How commands print the figures of an evaluation."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.facs import AU_NAMES
from service.cli.listing import plain_console


def print_figures(report: dict[str, Any]) -> None:
    """Print the report of an evaluation as tables that 80 columns hold."""
    console = plain_console()
    split = "" if report["split"] is None else f", split {report['split']}"
    console.print(
        Text(report["model"], "bold"),
        f"on {report['frames']:,} frames of {report['people']} people of {report['corpus']}{split}",
    )
    _figures(console, report)
    for grouping, members in report["groups"].items():
        table = Table(grouping, "people", "frames", "ICC", "95 %", "MAE", "F1")
        for name, group in members.items():
            icc = group["icc"]
            table.add_row(
                name,
                str(group["people"]),
                f"{group['frames']:,}",
                _number(icc["value"]),
                _interval(icc),
                _number(group["mae"]["value"]),
                _number(group["f1"]["value"]),
            )
        console.print(table)
    if report["against"] is not None:
        table = Table(title=f"{report['model']} less {report['against']}, on the same frames")
        for column in ("AU", "ICC", "95 %", "MAE", "95 %"):
            table.add_column(column)
        for au, figures in report["difference"].items():
            icc, mae = figures["icc"], figures["mae"]
            table.add_row(
                au, _number(icc["value"]), _interval(icc), _number(mae["value"]), _interval(mae)
            )
        console.print(table)
    for note in report["notes"]:
        console.print(f"Note: {note}")


def _figures(console: Console, report: dict[str, Any]) -> None:
    table = Table("AU", "", "ICC", "95 %", "MAE", "F1", "2AFC A", "B", "C")
    rows = {**report["aus"], "mean": report["mean"]}
    for au, figures in rows.items():
        table.add_row(
            au,
            AU_NAMES.get(au, "").split(" ")[-1] if au != "mean" else "",
            _number(figures["icc"]["value"]),
            _interval(figures["icc"]),
            _number(figures["mae"]["value"]),
            _number(figures["f1"]["value"]),
            *(_number(figures[f"two_afc_{level.lower()}"]["value"]) for level in "ABC"),
        )
    console.print(table)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _interval(figure: dict[str, float | None]) -> str:
    low, high = figure["low"], figure["high"]
    return "" if low is None or high is None else f"{low:.2f} to {high:.2f}"
