"""Every state of every page, checked with axe on a telephone and a desktop, in light and dark."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.pages import SELECT, answer_with, discharge, order, settle, start_from, ten_cards

Open = Callable[..., Page]
SIZES = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
WIDTHS = pytest.mark.parametrize("width", [400, 1280])


def violations(page: Page) -> list[str]:
    """What axe finds wrong, with where."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {node['target']}" for each in found for node in each["nodes"]]


def overflow(page: Page) -> int:
    """Pixels that the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def check(page: Page) -> None:
    assert violations(page) == []
    assert overflow(page) <= 0


@WIDTHS
@SIZES
def test_choosing_a_patient_is_accessible(open_page: Open, width: int, dark: bool) -> None:
    check(open_page("/", width, dark))


@WIDTHS
@SIZES
def test_a_chart_with_cards_is_accessible(open_page: Open, width: int, dark: bool) -> None:
    page = settle_open(open_page("/patients/warfarin", width, dark))
    check(page)
    order(page, "clarithromycin")
    page.get_by_role("button", name="Override").first.click()
    page.locator("#why-fold > summary").click()
    page.locator("#raw-fold > summary").click()
    check(page)
    page.locator(".reasons:visible button").first.click()
    expect(page.get_by_text("Overridden:").first).to_be_visible()
    check(page)


@WIDTHS
@SIZES
def test_a_discharge_with_a_risk_is_accessible(open_page: Open, width: int, dark: bool) -> None:
    page = settle_open(open_page("/patients/going-home", width, dark))
    discharge(page)
    page.locator(".moment").first.locator("summary", has_text="Details").click()
    check(page)
    page.get_by_role("article").first.get_by_role("button", name="Why").click()
    expect(page.locator("article.pointed")).to_be_visible()
    check(page)


@WIDTHS
@SIZES
def test_typing_a_drug_is_accessible(open_page: Open, width: int, dark: bool) -> None:
    page = settle_open(open_page("/patients/allergies", width, dark))
    page.get_by_role("combobox", name="Order a drug").fill("amox")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    check(page)


@WIDTHS
@SIZES
def test_ten_cards_and_a_failure_are_accessible(open_page: Open, width: int, dark: bool) -> None:
    page = settle_open(open_page("/patients/warfarin", width, dark))
    answer_with(page, SELECT, ten_cards())
    order(page, "clarithromycin")
    check(page)
    page.route(SELECT, lambda route: route.abort())
    page.get_by_label("How often").select_option("once a day")
    expect(page.get_by_role("alert")).to_be_visible()
    check(page)


@WIDTHS
@SIZES
def test_a_request_of_ones_own_is_accessible(open_page: Open, width: int, dark: bool) -> None:
    page = open_page("/request", width, dark)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Paste a request first.")).to_be_visible()
    check(page)
    start_from(page, 2)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("article").first).to_be_visible()
    check(page)


def test_focus_goes_first_to_the_skip_link_and_is_always_visible(open_page: Open) -> None:
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    for _ in range(6):
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
        page.keyboard.press("Tab")


def settle_open(page: Page) -> Page:
    """Waits for the chart; on a telephone it is folded and opened here."""
    if not page.locator("#chart-fold").get_attribute("open") and page.viewport_size["width"] < 768:  # type: ignore[index]
        page.locator("#chart-fold > summary").click()
    return settle(page)
