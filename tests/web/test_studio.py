"""The studio as a person uses it, in Chromium."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, expect

from models.facs import AU_NAMES, SUPPORTED_AUS
from models.images import decode_image, read_mark
from scripts.demo import TARGETS
from service.db.engine import open_database
from service.usecases.keys import create_key
from tests.support.backends import BACKENDS
from tests.support.pictures import no_face, two_faces
from tests.support.running import Service, running
from tests.web.conftest import Opened

PORTRAIT: Final = Path(__file__).resolve().parents[2] / "scripts" / "astronaut.jpg"


def url(service: Service) -> str:
    return f"http://localhost:{service.port}/"


def choose(page: Page, photo: Path | dict[str, Any] = PORTRAIT) -> None:
    page.set_input_files("#file", photo)  # type: ignore[arg-type]


def ready(page: Page) -> None:
    page.wait_for_selector("#download:enabled")


def drawn(page: Page) -> str:
    """The address of the drawing, once it is at rest."""
    page.wait_for_selector("#drawing[data-state=rest]")
    return str(page.get_attribute("#drawing", "src"))


def slider(page: Page, au: str, side: str = "") -> Any:
    name = f"{au}, {AU_NAMES[au]}" + (f", their {side}" if side else "")
    return page.get_by_role("slider", name=name, exact=True)


def target(page: Page) -> dict[str, Any]:
    """The expression as the page writes it."""
    page.locator("#use").evaluate("details => { details.open = true; }")
    page.get_by_label("JSON").check()
    written: dict[str, Any] = json.loads(page.input_value("#code"))
    return written


def test_a_photo_is_found_moved_compared_and_taken_along(studio: Service, opened: Opened) -> None:
    with opened(
        url(studio), permissions=["clipboard-read", "clipboard-write"], accept_downloads=True
    ) as page:
        assert page.url.endswith("/studio")
        expect(page.get_by_role("slider")).to_have_count(len(SUPPORTED_AUS))
        expect(slider(page, "AU12")).to_be_disabled()
        choose(page)
        ready(page)
        outline = page.locator(".face")
        expect(outline).to_have_count(1)
        shown, photo = outline.bounding_box(), page.locator("#picture").bounding_box()
        assert shown is not None
        assert photo is not None
        assert shown["width"] / photo["width"] == pytest.approx(94 / 512, abs=0.03)
        expect(page.locator("#about")).to_contain_text("AU12 D")
        expect(slider(page, "AU12")).to_have_attribute("aria-valuetext", re.compile("^D"))

        first = drawn(page)
        slider(page, "AU12").press("b")
        expect(slider(page, "AU12")).to_have_attribute("aria-valuetext", "B")
        expect(page.locator("#drawing")).not_to_have_attribute("src", first)
        moved = drawn(page)
        slider(page, "AU12").press("ArrowRight")
        expect(slider(page, "AU12")).to_have_attribute("aria-valuetext", "C")
        expect(page.locator("#drawing")).not_to_have_attribute("src", moved)
        expect(page.locator("#drawing")).to_have_attribute("alt", re.compile("AU12 C"))

        page.get_by_role("button", name="Surprise").click()
        surprise = next(named.target.as_dict() for named in TARGETS if named.name == "surprise")
        assert target(page) == dict.fromkeys(surprise, "D")
        drawn(page)

        page.get_by_role("button", name="Before").click()
        expect(page.locator("#before")).to_be_visible()
        expect(page.get_by_role("button", name="Before")).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name="Before").press("Enter")
        expect(page.locator("#before")).to_be_hidden()
        page.get_by_role("button", name="Before").press("Enter")
        expect(page.locator("#before")).to_be_visible()
        slider(page, "AU43").press("a")
        expect(page.locator("#before")).to_be_hidden()
        page.get_by_role("button", name="Undo").click()

        page.get_by_role("button", name="Undo").click()
        expect(slider(page, "AU12")).to_have_attribute("aria-valuetext", "C")
        page.keyboard.press("Control+Shift+Z")
        expect(slider(page, "AU12")).to_have_attribute("aria-valuetext", "0")

        page.get_by_role("button", name="Copy").click()
        expect(page.locator("#status")).to_have_text("Copied.")
        copied = json.loads(str(page.evaluate("navigator.clipboard.readText()")))
        assert copied == dict.fromkeys(surprise, "D")

        with page.expect_download() as saved:
            page.get_by_role("button", name="Download").click()
        png = Path(saved.value.path()).read_bytes()
        assert decode_image(png).rgb.shape == (512, 512, 3)
        mark = read_mark(png)
        assert mark is not None
        assert mark.target == surprise
        assert saved.value.suggested_filename == "astronaut AU01D_AU02D_AU05D_AU25D_AU26D.png"

        page.get_by_role("button", name="Reset").click()
        expect(slider(page, "AU12")).to_have_attribute("aria-valuetext", re.compile("^D"))
        drawn(page)


def test_what_is_copied_draws_the_same(studio: Service, opened: Opened, tmp_path: Path) -> None:
    with opened(url(studio)) as page:
        choose(page)
        ready(page)
        page.get_by_role("button", name="Left and right of AU12 apart").click()
        slider(page, "AU12", "left").press("e")
        slider(page, "AU12", "right").press("0")
        assert target(page)["AU12L"] == "E"
        assert "AU12R" not in target(page)
        page.get_by_label("curl").check()
        curl = page.input_value("#code")
        page.get_by_label("Python").check()
        python = page.input_value("#code")
    address, body = re.search(r"(http\S+) ", curl), re.search(r"-d '(.*)'", curl)
    assert address is not None
    assert body is not None
    answer = httpx.post(address[1], json=json.loads(body[1]), timeout=60)
    assert answer.status_code == 200
    run: dict[str, Any] = {}
    exec(python.replace("drawing.png", str(tmp_path / "drawing.png")), run)
    assert (tmp_path / "drawing.png").read_bytes() == answer.content


def test_a_slider_that_is_dragged_draws_small_and_then_at_rest(
    studio: Service, opened: Opened
) -> None:
    with opened(url(studio)) as page:
        choose(page)
        ready(page)
        asked: list[dict[str, Any]] = []

        def note(sent: Request) -> None:
            if "/preview" in sent.url:
                asked.append(dict(sent.post_data_json or {}))

        page.on("request", note)
        box = slider(page, "AU43").bounding_box()
        assert box is not None
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + 10, y)
        page.mouse.down()
        for step in range(1, 8):
            page.mouse.move(box["x"] + 10 + step * (box["width"] - 20) / 7, y)
        page.wait_for_selector("#drawing[data-state=moving]")
        page.mouse.up()
        expect(slider(page, "AU43")).to_have_attribute("aria-valuetext", "E")
        drawn(page)
        assert [one["generator"] for one in asked][-1] == "hybrid"
        assert {one["size"] for one in asked if one["generator"] == "rig"} == {480}
        assert asked[-1]["target"]["AU43"] == "E"
        assert len(asked) <= 9  # what was overtaken was never asked for


def test_of_several_faces_one_is_picked(studio: Service, opened: Opened) -> None:
    with opened(url(studio)) as page:
        choose(page, {"name": "two.jpg", "mimeType": "image/jpeg", "buffer": two_faces()})
        ready(page)
        second = page.get_by_role("button", name="Face 2 of 2")
        second.click()
        expect(second).to_have_attribute("aria-pressed", "true")
        ready(page)
        page.get_by_role("button", name="Pain").click()
        drawn(page)
        page.locator("#use").evaluate("details => { details.open = true; }")
        page.get_by_label("curl").check()
        assert '"face": 1' in page.input_value("#code")


def test_what_cannot_be_used_is_said_in_words(studio: Service, opened: Opened) -> None:
    with opened(url(studio), allowed=("status of 4",)) as page:
        choose(page, {"name": "sky.jpg", "mimeType": "image/jpeg", "buffer": no_face()})
        expect(page.get_by_role("alert")).to_contain_text("No face was found in sky.jpg")
        expect(page.get_by_role("button", name="Choose a photo")).to_be_visible()
        choose(page, {"name": "a.txt", "mimeType": "text/plain", "buffer": b"no photo"})
        expect(page.get_by_role("alert")).to_contain_text("a.txt")
        # The camera's stand-in shows a test picture, in which nobody is.
        page.get_by_role("button", name="Use the camera").click()
        page.get_by_role("button", name="Take the picture").click()
        expect(page.get_by_role("alert")).to_contain_text("camera.jpg")
        choose(page)
        ready(page)
        expect(page.get_by_role("alert")).to_be_hidden()


def test_a_character_does_without_a_photo(studio: Service, opened: Opened) -> None:
    with opened(url(studio)) as page:
        page.get_by_role("button", name="Mei").click()
        ready(page)
        before = drawn(page)
        page.get_by_role("button", name="Anger").click()
        expect(page.locator("#drawing")).not_to_have_attribute("src", before)
        drawn(page)
        expect(page.locator("#drawing")).to_have_attribute("alt", re.compile("mei.*AU04 E"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(
    studio: Service, opened: Opened, scheme: str, width: int
) -> None:
    with opened(url(studio), color_scheme=scheme, viewport={"width": width, "height": 800}) as page:
        for _ in range(2):
            found = Axe().run(page).response["violations"]
            assert [f"{one['id']}: {one['nodes'][0]['html']}" for one in found] == []
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width
            if page.locator("#shown").is_hidden():
                choose(page)
                ready(page)


def test_where_keys_are_required_it_asks_once(
    opened: Opened, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (
        BACKENDS["embedded"]() as backend,
        running(
            backend,
            tmp_path_factory.mktemp("keys"),
            require_api_keys="true",
            worker_processes="0",
        ) as service,
    ):
        database = open_database(service.settings.database)
        with database.write() as session:
            secret = create_key(session, "alice").secret
        database.close()
        with opened(url(service), allowed=("401",)) as page:
            page.get_by_label("API key", exact=True).fill("fx_wrong")
            page.get_by_role("button", name="Use this key").click()
            expect(page.locator("#key-wrong")).to_be_visible()
            page.get_by_label("API key", exact=True).fill(secret)
            page.get_by_role("button", name="Use this key").click()
            choose(page)
            ready(page)
            assert secret not in page.url
            assert page.evaluate("localStorage.length") == 0
            page.locator("#use").evaluate("details => { details.open = true; }")
            page.get_by_label("curl").check()
            assert secret not in page.input_value("#code")
            assert "$FACSIMILE_API_KEY" in page.input_value("#code")
            page.reload()
            page.wait_for_selector("#characters button")
            expect(page.locator("#key-dialog")).to_be_hidden()
        assert secret not in service.log.read_text()


def test_the_page_may_load_nothing_but_itself(studio: Service) -> None:
    answer = studio.client.get("/studio")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src)|style=|\son\w+=|https?://", answer.text)
    for name in re.findall(r'/studio/([\w.]+)"', answer.text):
        served = studio.client.get(f"/studio/{name}")
        assert served.status_code == 200
        again = {"If-None-Match": served.headers["etag"]}
        assert studio.client.get(f"/studio/{name}", headers=again).status_code == 304
    missing = studio.client.get("/studio/../app.py")
    assert missing.status_code == 404
    assert studio.client.get("/studio/__init__.py").status_code == 404
