"""``facsimile subject``: people, their consent, and erasing them."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Annotated

import typer
from rich.table import Column

from service.cli.connecting import DataFolder, Url, connected
from service.cli.errors import CommandError
from service.cli.listing import listing, show, word

subject = typer.Typer(
    no_args_is_help=True,
    help="Keep people by their consent: their photos and models, until they are erased.",
)


Expires = Annotated[
    str | None,
    typer.Option(
        help="The last day on which it is good: YYYY-MM-DD. After it, all that came from the "
        "person is erased."
    ),
]


@subject.command()
def create(
    label: Annotated[str, typer.Argument(help="Your own name for the person; a pseudonym.")],
    basis: Annotated[str, typer.Option(help="On what grounds, such as 'informed consent'.")],
    reference: Annotated[str, typer.Option(help="Where the record is: a form, a protocol.")],
    date: Annotated[str, typer.Option(help="When it was given: YYYY-MM-DD.")],
    expires: Expires = None,
    url: Url = None,
    data: DataFolder = None,
) -> None:
    """Record a person's consent; prints the subject's id.

    facsimile subject create P07 --basis "informed consent" --reference "form 114"
    --date 2026-11-02 --expires 2031-11-01
    """
    consent = _consent(basis, reference, date, expires)
    with connected(url, data) as client:
        typer.echo(str(client.create_subject({"label": label, "consent": consent}).id))


@subject.command()
def renew(
    subject_id: Annotated[uuid.UUID, typer.Argument(help="The subject's id.")],
    basis: Annotated[str, typer.Option(help="On what grounds, such as 'informed consent'.")],
    reference: Annotated[str, typer.Option(help="Where the record is: a form, a protocol.")],
    date: Annotated[str, typer.Option(help="When it was given: YYYY-MM-DD.")],
    expires: Expires = None,
    url: Url = None,
    data: DataFolder = None,
) -> None:
    """Record a newer consent in the place of the old one; prints the last day of the new one.

    facsimile subject renew 019e6f1e-1b30-7a66-8c3d-5e2f1a0b9c8d --basis "informed consent"
    --reference "form 131" --date 2026-11-05 --expires 2031-11-04
    """
    consent = _consent(basis, reference, date, expires)
    with connected(url, data) as client:
        row = client.renew_consent(subject_id, consent)
    until = "without an end" if row.consent.expires is None else f"until {row.consent.expires}"
    typer.echo(f"{row.label}: consent of {row.consent.date}, good {until}")


@subject.command("list")
def list_(url: Url = None, data: DataFolder = None) -> None:
    """Show every subject, newest first."""
    table = listing("label", Column("basis"), word("given"), word("expires"))
    with connected(url, data) as client:
        for row in client.subjects():
            expires = "" if row.consent.expires is None else str(row.consent.expires)
            table.add_row(str(row.id), row.label, row.consent.basis, str(row.consent.date), expires)
    show(table)


@subject.command()
def erase(
    subject_id: Annotated[uuid.UUID, typer.Argument(help="The subject's id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: Url = None,
    data: DataFolder = None,
) -> None:
    """Erase a person: photos, drawings, models, estimates. There is no way back.

    Prints a receipt as JSON, which is kept nowhere else; datasets with their images are
    withdrawn.

        facsimile subject erase 019e6f1e-1b30-7a66-8c3d-5e2f1a0b9c8d > receipt.json
    """
    if not yes:
        typer.confirm("Erase everything that came from this person?", abort=True, err=True)
    with connected(url, data) as client:
        receipt = client.erase_subject(subject_id)
    typer.echo(json.dumps(receipt.model_dump(mode="json"), indent=2))


def _consent(basis: str, reference: str, date: str, expires: str | None) -> dict[str, str]:
    until = {} if expires is None else {"expires": _day(expires)}
    return {"basis": basis, "reference": reference, "date": _day(date), **until}


def _day(text: str) -> str:
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise CommandError(f"{text!r} is not a day; write YYYY-MM-DD.") from error
