"""``python -m service.cli`` is ``facsimile``, for where the script is not on the path."""

from service.cli import app

app(prog_name="facsimile")
