"""Parts of the card of `compact`: beside the network before, outside the studio, by group."""

from __future__ import annotations

from typing import Any, Final

from models.facs import SUPPORTED_AUS

_WAYS: Final = ("absolute", "one neutral frame")
_PLAIN: Final = "as they are"
_ORDERS: Final = ("before, blendshapes", "blendshapes", "before", "cameras")


def beside_before(figures: dict[str, Any], before: dict[str, Any]) -> str:
    """A table of this network and the one it was taught on from, measured alike."""
    lines = []
    for way in _WAYS:
        new, old = (one["drawn"][way] for one in (figures, before))
        lines.append(f"drawings, ICC(3,1), {way} | {old['icc']:.3f} | {new['icc']:.3f}")
        rows = [one["photographs"][_PLAIN][way] for one in (before, figures)]
        for au in ("AU12", "AU06", "AU25", "AU10"):
            cells = " | ".join(
                f"{row[f'AUC {au}']:.3f} ({row[f'AUC {au} 95%'][0]:.2f}-"
                f"{row[f'AUC {au} 95%'][1]:.2f})"
                for row in rows
            )
            lines.append(f"real smiles, AUC {au}, {way} | {cells}")
        cells = " | ".join(
            f"{row['mean on neutral']:.2f}, {row['worst on neutral']}" for row in rows
        )
        lines.append(f"neutral faces, mean and worst AU, {way} | {cells}")
    portraits = figures["portraits"]
    lines.append(
        "portraits, mean rank correlation with blendshapes | "
        f"{portraits['before, blendshapes']:.3f} | {portraits['blendshapes']:.3f}"
    )
    table = "\n".join(f"| {line} |" for line in lines)
    return f"""
## Beside the network before

The same people, drawings, photographs and portraits, none of which taught or chose either:

| | before | now |
|---|---|---|
{table}
"""


def portraits_section(portraits: dict[str, Any]) -> str:
    """Agreement in order on ordinary portraits."""
    rows = "\n".join(
        f"| {au} | "
        + " | ".join(_with_interval(portraits["by AU"][au][name]) for name in _ORDERS)
        + " |"
        for au in SUPPORTED_AUS
    )
    count = portraits["portraits"]
    means = " | ".join(f"{portraits[name]:.2f}" for name in _ORDERS)
    return f"""
## Outside the studio

{count} ordinary portraits, one of each person, that neither taught nor chose. Nobody coded them:
what can be said is whether the order of faces agrees with others who see something. Rank
correlation with its 95 % interval over portraits: of the network before and of this one with the
blendshapes that rise with an AU; of this one with the one before; and of two made-up cameras with
each other. Agreement with blendshapes was taught on other portraits, so it says that the lesson
carries over to new faces, not that it is right.

| | before, blendshapes | now, blendshapes | now, before | two cameras |
|---|---|---|---|---|
{rows}
| mean | {means} |

`python -m benchmarks.wild --portraits FOLDER` prints such a table for any folder.
"""


def groups_section(groups: dict[str, Any]) -> str:
    """ICC by skin, gender and age."""
    rows = "\n".join(
        f"| {name} | {row['people']} | "
        + " | ".join(f"{row[way]:.3f}{_spread(row[f'{way} 95%'])}" for way in _WAYS)
        + " |"
        for name, row in groups.items()
    )
    return f"""
## Who is read how well

ICC(3,1) on drawings of the held-out people, mean over AUs, with the 95 % interval over people where
there are three or more. Skin is measured in their neutral photograph (individual typology angle);
gender and age are what the London Set says.

| | people | absolute | one neutral frame |
|---|---|---|---|
{rows}
"""


def identity_section(identity: dict[str, Any]) -> str:
    """What the check of a person lets through and refuses."""
    own, portraits = identity["measured"], identity["measured portraits"]
    return f"""
## Is the reference the same person?

Faces are held against their reference by a face descriptor (docs/registration.md). Of
{own["people"]:.0f} people held out, under six made-up cameras, {own["own smile refused"]:.1%} of
their own smiles and {own["own drawn refused"]:.1%} of their own drawn expressions are refused, and
{own["strangers let through"]:.1%} of other people are let through; of {portraits["portraits"]:.0f}
people in ordinary portraits {portraits["strangers let through"]:.1%}. It is a guard against
mix-ups, no proof of identity; how it does across years is not known.
"""


def _with_interval(figure: list[float] | None) -> str:
    if figure is None:
        return "not seen"
    return f"{figure[0]:.2f} ({figure[1]:.2f} to {figure[2]:.2f})"


def _spread(interval: list[float] | None) -> str:
    return "" if interval is None else f" ({interval[0]:.3f}-{interval[1]:.3f})"
