"""The command ``facsimile``."""

from __future__ import annotations

from typing import Annotated

import typer

from models.facs import AU_NAMES
from service.cli.character import character
from service.cli.corpus import corpus
from service.cli.dataset import dataset
from service.cli.errors import SentenceGroup
from service.cli.estimate import estimate
from service.cli.evaluate import evaluate
from service.cli.image import image
from service.cli.model import model
from service.cli.serving import check, serve, worker
from service.cli.storage import db, gc, keys
from service.cli.subject import subject
from service.cli.synthesise import synthesise
from service.cli.train import train
from service.cli.train_generator import train_generator
from service.version import VERSION

app = typer.Typer(
    name="facsimile",
    cls=SentenceGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Re-draw face photos with other FACS action units, and read them.\n\n"
    "Start with `facsimile synthesise --help`, `facsimile estimate --help`, or "
    "`facsimile corpus --help` for datasets.",
)


app.command(
    epilog="Action units: " + ", ".join(f"{au} {name}" for au, name in AU_NAMES.items()) + "."
)(synthesise)
app.command()(estimate)
app.command()(evaluate)
app.command()(train)
app.command()(train_generator)
app.command()(serve)
app.command()(worker)
app.command()(check)
app.command()(gc)
app.add_typer(corpus, name="corpus")
app.add_typer(dataset, name="dataset")
app.add_typer(image, name="image")
app.add_typer(subject, name="subject")
app.add_typer(model, name="model")
app.add_typer(character, name="character")
app.add_typer(keys, name="keys")
app.add_typer(db, name="db")


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version."
        ),
    ] = False,
) -> None:
    """Options before any command."""


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(VERSION)
