"""What a visitor does on the console, and answers made up for what the shipped rules do not show."""

import re
from typing import Any

from playwright.sync_api import Page, expect

LONGEST = "amoxicillin 400 mg / clavulanate potassium 57 mg per 5 mL powder for oral suspension [Augmentin Duo Forte]"
SELECT = "**/cds-services/medication-order-select"
VIEW = "**/cds-services/medication-patient-view"


def settle(page: Page) -> Page:
    """Waits until the chart opened and its reading is there."""
    expect(page.locator("#chart h3").first).to_be_visible()
    return page


def start_from(page: Page, place: int) -> None:
    """Writes one of the example requests into the field, by its place in the list."""
    page.get_by_label("or start from").select_option(index=place)
    expect(page.get_by_label("CDS Hooks request (JSON)")).to_have_value(re.compile("order-sign"))


def order(page: Page, name: str) -> None:
    """Orders one of the drugs offered, by the beginning of its name, and waits for the answer."""
    with page.expect_response(SELECT):
        page.get_by_role("button", name=name).click()
    expect(page.locator(".moment").first).to_contain_text("was selected")


def discharge(page: Page) -> None:
    """Sends the patient home, and waits for the answer."""
    with page.expect_response("**/cds-services/discharge-risk"):
        page.get_by_role("button", name="Discharge the patient").click()
    expect(page.locator(".moment").first).to_contain_text("was discharged")
    expect(page.locator(".moment").first.get_by_role("article").first).to_be_visible()


def card(number: int, indicator: str, summary: str) -> dict[str, Any]:
    """A card as any service may send it."""
    return {
        "uuid": f"00000000-0000-4000-8000-{number:012}",
        "summary": summary[:139],
        "indicator": indicator,
        "source": {"label": "Another service"},
        "detail": "What this means.\n\n**Why:** a reason.\n\n- a value\n- another value",
        "overrideReasons": [{"code": "a", "system": "urn:example", "display": "Benefit outweighs the risk"}],
    }


def ten_cards() -> list[dict[str, Any]]:
    """More than anyone wants, least urgent first, with the longest drug name there is."""
    kinds = ["info"] * 4 + ["warning"] * 3 + ["critical"] * 3
    return [card(number, kind, f"{number} {LONGEST} with warfarin 5 mg: bleeding") for number, kind in enumerate(kinds)]


def answer_with(page: Page, address: str, cards: list[dict[str, Any]]) -> None:
    """From now on calls to `address` get these cards."""
    page.route(address, lambda route: route.fulfill(json={"cards": cards}))
