"""A service, and a real Chromium that looks at its studio."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.support.backends import BACKENDS
from tests.support.running import Service, running

CHROMIUM: Final = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
_OPTIONS: Final = (
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)
PATIENCE_MS: Final = 60_000

Opened = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with its embedded defaults: a browser does not see what is behind it."""
    with (
        BACKENDS["embedded"]() as backend,
        running(backend, tmp_path_factory.mktemp("studio"), worker_processes="0") as service,
    ):
        yield service


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, from this machine."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: make browser")
    options = [*_OPTIONS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield started
        started.close()


@pytest.fixture(scope="session")
def opened(browser: Browser) -> Opened:
    """Opens a page in a context of its own; complaints of the browser fail the test."""

    @contextmanager
    def open_page(url: str, allowed: tuple[str, ...] = (), **options: Any) -> Iterator[Page]:
        context = browser.new_context(**options)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        complaints: list[str] = []
        elsewhere: list[str] = []

        def note(line: ConsoleMessage) -> None:
            if line.type == "error":
                complaints.append(line.text)

        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", note)
        page.on("request", lambda sent: elsewhere.append(sent.url))
        page.goto(url)
        page.wait_for_selector("html[data-loaded]")
        yield page
        context.close()
        assert [text for text in complaints if not any(part in text for part in allowed)] == []
        origin = "/".join(url.split("/")[:3])
        assert [to for to in elsewhere if not to.startswith((origin, f"blob:{origin}"))] == []

    return open_page
