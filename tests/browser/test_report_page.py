"""The page of `cds report`, checked with axe on a telephone and a desktop, in light and dark."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from cds_service.monitoring.page import write_page
from tests.browser.test_accessibility import SIZES, WIDTHS, check
from tests.monitoring.lines import LONG, a_line, a_report, quiet


@pytest.fixture
def page(new_context: Callable[..., BrowserContext], width: int, dark: bool) -> Page:
    rules = (a_line(LONG, "1.0.0"), a_line("raas-nsaid", "1.1.0"), quiet("calm", "1.0.0"))
    report = a_report(*rules, offenders=rules[:1], helpful=rules[1:2], unknowns={"value inr: not sent": 2301})
    page = new_context(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light").new_page()
    page.set_content(write_page(report))
    return page


@WIDTHS
@SIZES
def test_the_report_is_accessible(page: Page) -> None:
    check(page)


@pytest.mark.parametrize("width", [400])
@SIZES
def test_rules_that_never_fired_stand_folded_and_open(page: Page) -> None:
    row = page.get_by_role("rowheader", name="calm 1.0.0")
    expect(row).to_be_hidden()
    page.get_by_text("1 rule reached that never fired").click()
    expect(row).to_be_visible()
    check(page)
