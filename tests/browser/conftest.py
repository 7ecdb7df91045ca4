"""Fixtures: the service on a port of this machine, and pages of Debian's Chromium looking at its console."""

import shutil
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page
from werkzeug.serving import make_server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# As root Chromium runs only without its sandbox, and containers give it little shared memory; the other flags keep it
# from calling home.
FLAGS = (
    "--no-sandbox --disable-dev-shm-usage --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
)
PATIENCE = 10_000  # milliseconds


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine; Debian's package chromium brings one")
    return {"executable_path": CHROMIUM, "args": FLAGS.split()}


@pytest.fixture(scope="session")
def base_url() -> None:
    """Pages are opened by their whole address; the fixture of pytest-base-url has a form that pytest 10 will drop."""


@pytest.fixture(scope="session")
def console(flask_app: Flask) -> Iterator[str]:
    """The address of the console of a running service."""
    server = make_server("127.0.0.1", 0, flask_app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/console"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_page(console: str, new_context: Callable[..., BrowserContext]) -> Iterator[Callable[..., Page]]:
    """Opens a page of the console: `open_page("/patients/warfarin", width=400, dark=True)`.

    Whatever the page says on its console beyond a failed request, and every call that leaves this machine, fails the
    test.
    """
    wrong: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if is_wrong(said.type, said.text) else None)
        page.on("request", lambda sent: wrong.append(sent.url) if not sent.url.startswith(origin) else None)

    origin = console.removesuffix("/console")

    def open_at(path: str, width: int = 1280, dark: bool = False) -> Page:
        scheme = "dark" if dark else "light"
        page = new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
        page.set_default_timeout(PATIENCE)
        watch(page)
        page.goto(console + path)
        return page

    yield open_at
    assert wrong == []


def is_wrong(kind: str, text: str) -> bool:
    return kind in ("error", "warning") and not text.startswith("Failed to load resource")
