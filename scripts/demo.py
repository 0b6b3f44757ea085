"""What `make demo` runs: eight expressions of one portrait, by way of the real service.

The service is started with its embedded defaults on a free port, the portrait beside this file
(Eileen Collins, NASA, public domain) is posted to it, and its drawings are saved under demo/ with a
contact sheet.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import uuid
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from models.contact_sheet import contact_sheet
from models.facs import Target, level
from models.images import ImageArray, decode_image, encode_png
from service.cli.drawing import draw_all
from service.cli.errors import CommandError
from service.cli.manifest import Drawing
from service.cli.running import running_service
from service.cli.targets import NamedTarget
from service.client import ClientError

OUT: Final = Path(__file__).resolve().parents[1] / "demo"
PORTRAIT: Final = Path(__file__).with_name("astronaut.jpg")

TARGETS: Final = tuple(
    NamedTarget(name, Target.parse(intensities))
    for name, intensities in json.loads((files("service.web") / "presets.json").read_text()).items()
)
"""The presets of the studio."""


def main() -> int:
    """Run the demo; 0 when every picture is there."""
    OUT.mkdir(exist_ok=True)
    print("Starting the service ...", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="facsimile-demo-") as data,
        running_service(Path(data)) as client,
    ):
        print(f"It listens on {client.url} until the drawings are done.", flush=True)
        photo = shutil.copyfile(PORTRAIT, OUT / PORTRAIT.name)
        drawings = draw_all(client, [photo], TARGETS, OUT, {}).drawings
        box = client.image(uuid.UUID(drawings[0].image_id)).face.box
        sheet = OUT / "contact_sheet.png"
        sheet.write_bytes(encode_png(draw_contact_sheet(drawings, box)))
        print(f"{len(drawings)} faces and {len(drawings)} photos in {OUT}; all of them in {sheet}")
    print("To move a face yourself: make serve, then open http://localhost:8000 in a browser.")
    return 0


def draw_contact_sheet(drawings: Sequence[Drawing], box: Sequence[float]) -> ImageArray:
    """Faces above photos, a column for each target; photos are cropped around the face's `box`."""
    faces = [_load(drawing.face) for drawing in drawings]
    photos = [_around(_load(drawing.photo), box) for drawing in drawings]
    return contact_sheet([faces, photos], ["face", "photo"], [_label(d) for d in drawings])


def _around(photo: ImageArray, box: Sequence[float]) -> ImageArray:
    """The square around a face that is twice as wide as its box, as far as the photo goes."""
    x, y, width, height = box
    half = max(width, height)
    left, top = max(0, round(x + width / 2 - half)), max(0, round(y + height / 2 - half))
    right, bottom = round(x + width / 2 + half), round(y + height / 2 + half)
    return photo[top:bottom, left:right]


def _label(drawing: Drawing) -> str:
    """The name, and under it units such as ``12L=D``, three a line."""
    units = [f"{au.removeprefix('AU')}={level(value)}" for au, value in drawing.target.items()]
    lines = [" ".join(units[start : start + 3]) for start in range(0, len(units), 3)]
    return "\n".join([drawing.name, *lines])


def _load(name: str | None) -> ImageArray:
    if name is None:
        raise CommandError("The service left a picture out.")
    return decode_image((OUT / name).read_bytes()).rgb


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ClientError, CommandError) as error:
        sys.exit(f"The demo failed: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
