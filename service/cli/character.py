"""``facsimile character``: stylised people that nobody is, drawn on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.facs import TargetError
from service.cli.errors import CommandError
from service.cli.listing import show, table, word
from service.cli.targets import parse_targets
from service.cli.writing import replaced

character = typer.Typer(no_args_is_help=True, help="Draw stylised characters with any expression.")


@character.command("list")
def list_() -> None:
    """Show who there is."""
    from models.characters.cast import CAST

    found = table(word("name"), "")
    for each in CAST.values():
        found.add_row(each.name, each.about)
    show(found)


@character.command()
def draw(
    name: Annotated[
        str, typer.Argument(help="Whom: `facsimile character list` says who there is.")
    ],
    au: Annotated[
        list[str] | None, typer.Option(help="AU and intensity: AU12=D, AU12L=2.5.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="PNG file to write; NAME.png by default.")
    ] = None,
    size: Annotated[int, typer.Option(help="Pixels a side, 64 to 1024.")] = 320,
    yaw: Annotated[float, typer.Option(help="Degrees the head is turned to its own left.")] = 0.0,
    pitch: Annotated[float, typer.Option(help="Degrees the head is turned up.")] = 0.0,
    roll: Annotated[float, typer.Option(help="Degrees it is rolled, clockwise.")] = 0.0,
    gaze_yaw: Annotated[float, typer.Option(help="Degrees the eyes look to their left.")] = 0.0,
    gaze_pitch: Annotated[float, typer.Option(help="Degrees the eyes look up.")] = 0.0,
) -> None:
    """Draw one character doing one thing.

    facsimile character draw juno --au AU06=C --au AU12=D --size 512
    """
    from models.assets import AssetError
    from models.characters.cast import CAST
    from models.characters.render import RenderError, Shot, View, render
    from models.images import encode_png
    from models.marking import ALGORITHMIC_SOURCE, SyntheticMark

    if name not in CAST:
        raise CommandError(f"There is no character {name!r}; there are {', '.join(CAST)}.")
    view = View(yaw, pitch, roll, (gaze_yaw, gaze_pitch))
    try:
        target = parse_targets(au or (), () if au else ("neutral:",))[0].target
        picture = render(Shot(CAST[name], target.array(), view), size)
    except (TargetError, RenderError, AssetError) as error:
        raise CommandError(str(error)) from error
    mark = SyntheticMark(f"character {name}", target.as_dict(), 0, ALGORITHMIC_SOURCE)
    path = out or Path(f"{name}.png")
    with replaced(path) as unfinished:
        unfinished.write_bytes(encode_png(picture, mark))
    typer.echo(str(path))
