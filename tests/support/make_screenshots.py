"""Takes the pictures in docs/screenshots: `python -m tests.support.make_screenshots`.

Each is a state of the console that was looked at, at the width where it is hardest to get right. Debian's pngquant,
where it is installed, makes them a third of the size.
"""

import shutil
import subprocess
from collections.abc import Callable
from threading import Thread

from playwright.sync_api import Page, expect, sync_playwright
from werkzeug.serving import make_server

from cds_service.app import build
from cds_service.settings import Settings
from cds_service.web.routes import make_flask
from tests.architecture.source import CHECKOUT
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.pages import SELECT, answer_with, discharge, order, settle, start_from, ten_cards

FOLDER = CHECKOUT / "docs" / "screenshots"


def critical(page: Page) -> None:
    order(settle(page), "clarithromycin")


def critical_on_telephone(page: Page) -> None:
    with page.expect_response(SELECT):
        page.get_by_role("button", name="clarithromycin").click()
    expect(page.get_by_role("heading", name="Cards")).to_be_in_viewport()


def taken(page: Page) -> None:
    critical(page)
    page.get_by_role("list", name="Suggestions").first.get_by_role("button").first.click()
    expect(page.locator("#undo")).to_contain_text("Taken:")
    settle(page)


def override(page: Page) -> None:
    critical(page)
    page.get_by_role("button", name="Override").first.click()


def overridden(page: Page) -> None:
    override(page)
    page.locator(".reasons:visible button").first.click()


def searching(page: Page) -> None:
    settle(page)
    page.get_by_role("combobox", name="Order a drug").fill("amox clav")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")


def why(page: Page) -> None:
    order(settle(page), "metformin")
    page.locator("article.critical").get_by_role("button", name="Why").click()
    expect(page.locator("article.pointed")).to_be_focused()


def many(page: Page) -> None:
    settle(page)
    answer_with(page, SELECT, ten_cards())
    order(page, "clarithromycin")


def quiet(page: Page) -> None:
    order(settle(page), "acetaminophen")


def failure(page: Page) -> None:
    page.route(SELECT, lambda route: route.abort())
    page.get_by_role("button", name="clarithromycin").click()
    expect(page.get_by_role("alert")).to_be_visible()


def risk(page: Page) -> None:
    """The card of a risk, scrolled to."""
    if page.locator("#chart-fold").get_attribute("open") is not None:
        settle(page)
    discharge(page)
    page.locator(".moment").first.locator("summary", has_text="Details").click()
    page.get_by_role("article", name="come back within 30 days").scroll_into_view_if_needed()


def own_request(page: Page) -> None:
    start_from(page, 4)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("article").first).to_be_visible()
    settle(page)


def nothing(page: Page) -> None:
    """The page as it opens."""


STATES: dict[str, tuple[str, int, bool, Callable[[Page], object]]] = {
    "1-choose-a-patient": ("/", 1280, False, nothing),
    "2-chart-opened": ("/patients/warfarin", 1280, False, settle),
    "3-critical-card": ("/patients/warfarin", 1280, False, critical),
    "4-critical-card-telephone-dark": ("/patients/warfarin", 400, True, critical_on_telephone),
    "5-suggestion-taken": ("/patients/warfarin", 768, False, taken),
    "6-reasons-for-going-on": ("/patients/warfarin", 1280, True, override),
    "7-overridden": ("/patients/warfarin", 768, False, overridden),
    "8-typing-a-drug": ("/patients/allergies", 1280, False, searching),
    "9-why": ("/patients/kidney", 1280, False, why),
    "10-ten-cards-longest-names": ("/patients/warfarin", 768, False, many),
    "11-nothing-to-say": ("/patients/ordinary", 768, True, quiet),
    "12-service-not-reached": ("/patients/warfarin", 400, False, failure),
    "13-own-request": ("/request", 1280, False, own_request),
    "14-risk-at-discharge": ("/patients/going-home", 1280, False, risk),
    "15-risk-on-telephone-dark": ("/patients/going-home", 400, True, risk),
}


def take(console: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS.split(), "--disable-lcd-text"])
        for name, (path, width, dark, reach) in STATES.items():
            size = {"width": width, "height": 900}
            page = browser.new_context(viewport=size, color_scheme="dark" if dark else "light").new_page()  # type: ignore[arg-type]
            page.goto(console + path)
            reach(page)
            page.screenshot(path=FOLDER / f"{name}.png")
        browser.close()


def shrink() -> None:
    """Pictures of text need no more than 64 colours."""
    if shutil.which("pngquant"):
        pictures = [str(FOLDER / f"{name}.png") for name in STATES]
        subprocess.run(["pngquant", "--force", "--ext", ".png", "64", *pictures], check=True)


if __name__ == "__main__":
    service = make_flask(build(Settings(), write=lambda record, milliseconds: None))
    server = make_server("127.0.0.1", 0, service, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    take(f"http://127.0.0.1:{server.server_port}/console")
    server.shutdown()
    shrink()
