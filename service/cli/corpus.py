"""``facsimile corpus``: labelled frames to make datasets of."""

from __future__ import annotations

import tempfile
import uuid
import zipfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from models.corpora.corpus import Corpus as FoundCorpus
from models.corpora.files import VIDEO_SUFFIXES, files_below
from models.corpora.wording import counted
from models.facs import AU_NAMES, LEVELS
from models.images import PHOTO_SUFFIXES
from service.cli.connecting import DataFolder, Url, connected
from service.cli.corpus_options import (
    Cameras,
    Layout,
    MinConfidence,
    Missing,
    Scale,
    Views,
    read_folder,
    read_options,
)
from service.cli.drawing import progress_bars
from service.cli.errors import CommandError
from service.cli.following import follow
from service.cli.listing import listing, number, plain_console, show, table, word
from service.client import Client
from service.db.ids import parse_id
from service.wire.corpora import Corpus

corpus = typer.Typer(
    no_args_is_help=True, help="Import FACS-coded corpora, list them, and say what is in them."
)


@corpus.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="Its folder, or a zip file of it.")],
    layout: Layout = "folder",
    name: Annotated[
        str | None, typer.Option(help="What to call it; by default what its folder is called.")
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(help="What it may be used for; by default what it says itself."),
    ] = None,
    consent: Annotated[
        str | None, typer.Option(help="What the people in it agreed to; printed on every card.")
    ] = None,
    on_server: Annotated[
        bool,
        typer.Option(
            "--on-server",
            help="PATH is a folder of the server, below its FACSIMILE_CORPORA_ROOT: nothing is "
            "uploaded.",
        ),
    ] = False,
    scale: Scale = None,
    missing: Missing = None,
    views: Views = None,
    cameras: Cameras = None,
    min_confidence: MinConfidence = None,
    url: Url = None,
    data: DataFolder = None,
) -> None:
    """Read a corpus's labels and find the face of every frame, once; prints the corpus's id.

    A folder of your own with labels.csv (columns file, subject, AU01, AU02, ...):

        facsimile corpus import faces/ --name "my lab"

    DISFA, which lies on the server already:

        facsimile corpus import disfa --layout disfa --on-server

    What py-feat wrote, in parts of 1, with -1 for nothing:

        facsimile corpus import faces/ --scale 0-1 --missing -1
    """
    options = read_options(layout, scale, missing, views, cameras, min_confidence)
    named = name or path.resolve().name.removesuffix(".zip")
    fields = {"name": named, "layout": layout, "licence": licence, "consent": consent}
    told: dict[str, Any] = {key: value for key, value in fields.items() if value is not None}
    told |= options.as_dict()
    found = read_folder(path, layout, options) if path.is_dir() and not on_server else None
    with connected(url, data) as client:
        accepted = (
            client.import_path({**told, "path": str(path)})
            if on_server
            else _upload(client, path, found, told)
        )
        follow(client, accepted.job, "import")
        done = client.corpus(accepted.id)
    skipped = ", ".join(f"{count:,} {reason}" for reason, count in done.skipped.items())
    typer.echo(
        f"{done.registered:,} of {done.frames:,} frames of {done.subjects} people are ready"
        + (f"; skipped: {skipped}." if skipped else "."),
        err=True,
    )
    for skip in done.skipped_examples:
        typer.echo(f"  {skip.frame}: {skip.detail}", err=True)
    for note in done.notes:
        typer.echo(f"Note: {note}", err=True)
    typer.echo(str(done.id))


@corpus.command("list")
def list_(url: Url = None, data: DataFolder = None) -> None:
    """List the corpora of a service, newest first."""
    rows = listing("name", word("layout"), word("state"), number("frames"), number("people"))
    with connected(url, data) as client:
        for each in client.corpora():
            rows.add_row(
                str(each.id),
                each.name,
                each.layout,
                each.job.state,
                _frames(each),
                _number(each.subjects),
            )
    show(rows)


@corpus.command()
def describe(
    path: Annotated[str, typer.Argument(help="A corpus's folder, or the id of an imported one.")],
    layout: Layout = "folder",
    scale: Scale = None,
    missing: Missing = None,
    views: Views = None,
    cameras: Cameras = None,
    min_confidence: MinConfidence = None,
    url: Url = None,
    data: DataFolder = None,
) -> None:
    """Say what is in a corpus: people, frames, and frames of every AU at every intensity; and what
    was left out or had to be interpreted.

    A folder is read as it is, and nothing is imported or uploaded:

        facsimile corpus describe /data/BP4D --layout bp4d

    An imported corpus is described by the service:

        facsimile corpus describe 019e6f1d-0a10-7c44-9b1e-7a3d5e8f9012
    """
    corpus_id = parse_id(path)
    options = read_options(layout, scale, missing, views, cameras, min_confidence)
    if corpus_id is not None:
        if options.as_dict():
            raise CommandError("An imported corpus is read already: import it again to say how.")
        _print(_described(corpus_id, url, data))
        return
    _print(read_folder(Path(path), layout, options).describe())


def _described(corpus_id: uuid.UUID, url: str | None, data: Path | None) -> dict[str, Any]:
    with connected(url, data) as client:
        found: Corpus = client.corpus(corpus_id)
    return found.model_dump()


def _print(found: dict[str, Any]) -> None:
    console = plain_console()
    console.print(
        Text(found["name"], "bold"),
        f"({found['layout']}): "
        f"{counted(found['frames'] or 0, 'frame')} of "
        f"{counted(found['subjects'] or 0, 'person', 'people')} in "
        f"{counted(found['sequences'] or 0, 'sequence')}",
    )
    for name, count in found["splits"].items():
        console.print(f"  {name}: {count:,} frames")
    for reason, count in found.get("skipped", {}).items():
        console.print(f"  skipped, {reason}: {count:,} frames")
    shown = table(word("AU"), "", *map(number, LEVELS), title="Frames at each intensity")
    for au, counts in found["aus"].items():
        shown.add_row(au, AU_NAMES[au], *(f"{counts[level]:,}" for level in LEVELS))
    show(shown)
    for note in found["notes"]:
        console.print(f"Note: {note}")
    console.print(f"Licence: {found['licence']}")


def _upload(
    client: Client, path: Path, found: FoundCorpus | None, fields: dict[str, Any]
) -> Corpus:
    if path.is_file():
        return client.import_archive(path, fields)
    if found is None:
        raise CommandError(f"{path} is neither a folder nor a zip file.")
    with tempfile.TemporaryDirectory(prefix="facsimile-") as folder:
        archive = Path(folder) / "corpus.zip"
        _zip(found, archive)
        return client.import_archive(archive, fields)


def _zip(found: FoundCorpus, archive: Path) -> None:
    """Pictures and videos that are not read stay here; the others are packed already, so nothing is
    compressed. What links lead to is packed in their place."""
    needed = found.files()
    paths = [
        path
        for path in files_below(found.root, Path("/"))
        if path in needed or path.suffix.lower() not in PHOTO_SUFFIXES | VIDEO_SUFFIXES
    ]
    with zipfile.ZipFile(archive, "w", allowZip64=True) as out, progress_bars() as progress:
        for path in progress.track(paths, description="packing"):
            out.write(path, path.relative_to(found.root))


def _frames(found: Corpus) -> str:
    """How many there are; while they are being registered, how many are ready as well."""
    total = _number(found.frames)
    if found.registered == found.frames:
        return total
    return f"{_number(found.registered)} of {total}"


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
