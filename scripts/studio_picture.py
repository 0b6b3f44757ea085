"""Takes the picture of the studio that the pages show, in Chromium.

python -m scripts.studio_picture [--out docs/studio.png]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import sync_playwright

from service.cli.running import running_service

PORTRAIT: Final = Path(__file__).parent / "astronaut.jpg"
WIDTH, HEIGHT = 1180, 905
_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_COLOURS: Final = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/studio.png"))
    out = parser.parse_args().out
    browser = shutil.which("chromium")
    if browser is None:
        raise SystemExit("chromium is not installed: make browser")
    with tempfile.TemporaryDirectory() as folder, running_service(Path(folder)) as client:
        _taken(f"{client.url}/studio", browser, out)
    # A page has few colours; this makes the file a third of what it was.
    with Image.open(out) as picture:
        small = picture.convert("RGB").quantize(_COLOURS)
    small.save(out, optimize=True)
    print(f"{out}: {out.stat().st_size / 1000:.0f} kB")


def _taken(address: str, browser: str, out: Path) -> None:
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser, args=list(_FLAGS))
        page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(address)
        page.set_input_files("#file", PORTRAIT)
        page.wait_for_selector("#download:enabled")
        page.get_by_role("button", name="Close-up").click()
        page.get_by_role("button", name="Surprise").click()
        page.wait_for_selector("#drawing[data-state=rest]")
        page.get_by_text("Drawn: AU01 D").wait_for()
        page.screenshot(path=out)
        chromium.close()


if __name__ == "__main__":
    main()
