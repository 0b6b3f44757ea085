"""``facsimile image``: the photos that a service keeps."""

from __future__ import annotations

import json
import uuid
from typing import Annotated

import typer

from service.cli.connecting import DataFolder, Url, connected
from service.cli.listing import listing, number, show, word

image = typer.Typer(
    no_args_is_help=True, help="List the photos that a service keeps, and delete them."
)


@image.command("list")
def list_(
    subject: Annotated[
        str | None, typer.Option(help="Photos of this subject alone: an id, or a name.")
    ] = None,
    url: Url = None,
    data: DataFolder = None,
) -> None:
    """Show every photo, newest first, with whom it shows."""
    table = listing("subject", word("pixels"), number("faces"), word("kept since"))
    with connected(url, data) as client:
        for row in client.images(subject):
            size = f"{row.width}x{row.height}"
            since = f"{row.created_at:%Y-%m-%d}"
            table.add_row(str(row.id), row.subject_id or "", size, str(len(row.faces)), since)
    show(table)


@image.command()
def delete(
    image_id: Annotated[uuid.UUID, typer.Argument(help="The photo's id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: Url = None,
    data: DataFolder = None,
) -> None:
    """Delete a photo with all that came from it: drawings, models, estimates.

    Prints a receipt as JSON, which is kept nowhere else; datasets with the photo are withdrawn.

        facsimile image delete 019e6f1c-3c00-7b1e-a7d4-9f6c1f0a2b3c > receipt.json
    """
    if not yes:
        typer.confirm("Delete this photo and all that came from it?", abort=True, err=True)
    with connected(url, data) as client:
        receipt = client.erase_image(image_id)
    typer.echo(json.dumps(receipt.model_dump(mode="json"), indent=2))
