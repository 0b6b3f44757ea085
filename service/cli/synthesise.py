"""``facsimile synthesise``: photos in, drawings out."""

from __future__ import annotations

import contextlib
import enum
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from service.cli.drawing import draw_all
from service.cli.errors import CommandError
from service.cli.manifest import MANIFEST, Drawing
from service.cli.running import running_service
from service.cli.targets import parse_shown, parse_targets
from service.client import Client
from service.config import ClientSettings
from service.db.ids import parse_id
from service.wire.expressions import DEFAULT_GENERATOR


class Registration(enum.StrEnum):
    """How faces are registered."""

    three_d = "3d"
    two_d = "2d"


class Output(enum.StrEnum):
    """What is kept of a drawing."""

    face = "face"
    photo = "photo"
    both = "both"

    @property
    def requested(self) -> list[str]:
        """The same as the API takes it."""
        return ["face", "photo"] if self is Output.both else [self.value]


def synthesise(
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE...", help="Photos with a face: JPEG, PNG, HEIC, ..."),
    ],
    au: Annotated[
        list[str] | None,
        typer.Option(
            metavar="AU=INTENSITY",
            help="An action unit and its intensity, A to E or 0 to 5. All of them together make "
            "one target. AU12L is the subject's own left side.",
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:AU=INTENSITY,...",
            help="One more target, with a name for its files. Nothing behind the colon is a "
            "neutral face.",
        ),
    ] = None,
    shows: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[IMAGE:]AU=INTENSITY,...",
            help="What the photos, or one of them, show already; wins over what is read in them. "
            "Nothing behind the colon is a neutral face.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the drawings.")] = Path("expressions"),
    output: Annotated[
        Output, typer.Option(help="The registered face, the whole photo, or both.")
    ] = Output.both,
    generator: Annotated[
        str, typer.Option(help="What draws: rig, hybrid, or a generator's id.")
    ] = DEFAULT_GENERATOR,
    registration: Annotated[
        Registration, typer.Option(help="3D turns the face to the front; 2D keeps its turn.")
    ] = Registration.three_d,
    face: Annotated[
        int | None, typer.Option(min=0, help="Which face, 0 being the largest.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first drawing.")] = 0,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first photo that cannot be drawn.")
    ] = False,
    subject: Annotated[
        str | None,
        typer.Option(
            help="Whom the photos show: a subject's id, with whom they and the drawings are "
            "erased, or any name of your own."
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="A running service (or FACSIMILE_URL; its key in FACSIMILE_API_KEY). Without "
            "one, a service is started for this command and stopped after it."
        ),
    ] = None,
) -> None:
    """Draw photos with other expressions.

    A folder that has drawings is added to; expressions.json lists them all
    with their photos. A photo that cannot be drawn does not end the others;
    the exit status is then 1.

    One expression, two files in out/:

        facsimile synthesise me.jpg --au AU06=C --au AU12=D --out out

    Three expressions of every photo in a folder:

        facsimile synthesise photos/*.jpg --target neutral: --target smile:AU06=C,AU12=D
        --target smirk:AU12L=D

    A photo that shows a smile already, whatever is read in it:

        facsimile synthesise me.jpg --shows AU06=B,AU12=C --au AU04=D

    By a service that already runs:

        facsimile synthesise me.jpg --au AU04=E --url http://localhost:8000
    """
    targets = parse_targets(au or [], target or [])
    said = parse_shown(shows or [], images)
    shown = {image: one for image, one in zip(images, said, strict=True) if one is not None}
    if subject is not None and parse_id(subject) and not (url or ClientSettings().url):
        raise CommandError(
            "A subject is known to the service that keeps them; name it by --url or FACSIMILE_URL."
        )
    options = {
        "generator": generator,
        "registration": registration.value,
        "output": output.requested,
        "seed": seed,
        **({} if face is None else {"face": face}),
    }
    out.mkdir(parents=True, exist_ok=True)
    with _service(url) as client:
        drawn = draw_all(
            client, images, targets, out, options, shown=shown, subject=subject, strict=strict
        )
    for name, warnings in _warned(drawn.drawings):
        typer.echo(f"{name}: {', '.join(warnings)}", err=True)
    count = "1 drawing" if len(drawn.drawings) == 1 else f"{len(drawn.drawings)} drawings"
    typer.echo(f"{count} in {out}, listed in {out / MANIFEST}")
    if drawn.skipped:
        told = f"{len(drawn.skipped)} of {len(images)} photos could not be drawn:"
        raise CommandError("\n".join([told, *drawn.skipped]))


def _warned(drawings: Sequence[Drawing]) -> list[tuple[str, list[str]]]:
    """Images whose faces are not all to be seen, and what is wrong, each once."""
    named = {drawing.image: drawing.warnings for drawing in drawings if drawing.warnings}
    return list(named.items())


@contextlib.contextmanager
def _service(url: str | None) -> Iterator[Client]:
    settings = ClientSettings()
    address = url or settings.url
    if address:
        key = settings.api_key.get_secret_value() if settings.api_key else None
        with Client(address, key) as client:
            yield client
        return
    with (
        tempfile.TemporaryDirectory(prefix="facsimile-") as folder,
        running_service(Path(folder)) as client,
    ):
        yield client
