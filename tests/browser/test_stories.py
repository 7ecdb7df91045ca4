"""The console as a visitor uses it: open a chart, order, read why, take a suggestion, override, paste, fail."""

import json
import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.pages import (
    LONGEST,
    SELECT,
    VIEW,
    answer_with,
    card,
    discharge,
    order,
    settle,
    start_from,
    ten_cards,
)

Open = Callable[..., Page]


def test_opening_a_chart_shows_its_cards_and_what_is_not_known(open_page: Open) -> None:
    page = open_page("/")
    page.get_by_role("link", name="Woman, 79, on warfarin").click()
    settle(page)
    opened = page.get_by_role("article", name=re.compile("Medication review: .*bleeding risk"))
    expect(opened).to_contain_text("Warning")
    expect(opened).to_contain_text("Naproxen 220 mg adds bleeding risk to warfarin 5 mg")
    chart = page.locator("#chart")
    expect(chart.get_by_role("region", name="Medications")).to_contain_text("warfarin 5 mg")
    expect(chart.get_by_role("region", name="Allergies")).to_contain_text("Read: none recorded")
    expect(chart.get_by_role("region", name="Values")).to_contain_text("2.52 mg/dL")
    expect(chart.get_by_role("region", name="Not known")).to_contain_text("INR")


def test_an_interacting_drug_found_by_typing_warns_when_selected_and_when_signed(open_page: Open) -> None:
    """With the keyboard alone."""
    page = settle(open_page("/patients/warfarin"))
    page.get_by_role("combobox", name="Order a drug").focus()
    page.keyboard.type("clarith 500")
    expect(page.get_by_role("option").first).to_contain_text("clarithromycin 500 mg")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    critical = page.get_by_role("article", name=re.compile("^simvastatin .* with clarithromycin"))
    expect(critical).to_contain_text("Critical")
    page.get_by_label("How often").focus()
    page.keyboard.type("twice")
    page.get_by_role("button", name="Sign 1 order").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".moment").first).to_contain_text("When the orders were signed")
    expect(critical.first).to_contain_text("Critical")
    expect(critical.first).to_contain_text("1,000 mg/d")


def test_a_chart_and_a_discharge_show_risks_with_what_they_are_made_of(open_page: Open) -> None:
    page = settle(open_page("/patients/going-home"))
    failure = page.get_by_role("article", name=re.compile("About 11 in 100 people like this come to dialysis"))
    failure.get_by_text("Details").click()
    expect(failure).to_contain_text("Urine albumin/creatinine 29.2 mg/g")
    discharge(page)
    leaving = page.locator(".moment").first.get_by_role("article")
    expect(leaving).to_contain_text("About 12 in 100 patients like this come back within 30 days (raised)")
    leaving.get_by_text("Details").click()
    expect(leaving).to_contain_text("Can be changed")
    expect(leaving).to_contain_text("Emergency visits in the year before 2")
    expect(leaving).to_contain_text("A part above 0 raises the risk")
    expect(leaving).to_contain_text("Main diagnosis not known")


def test_a_patient_is_discharged_with_the_keyboard_and_a_risk_is_explained(open_page: Open) -> None:
    page = settle(open_page("/patients/going-home"))
    page.get_by_role("button", name="Discharge the patient").focus()
    page.keyboard.press("Enter")
    leaving = page.get_by_role("article", name=re.compile("come back within 30 days"))
    expect(leaving).to_be_visible()
    leaving.get_by_role("button", name="Why").focus()
    page.keyboard.press("Enter")
    expect(page.locator("article.pointed")).to_be_focused()
    expect(page.locator("article.pointed")).to_contain_text("Parts: base")


def test_who_is_not_in_hospital_is_not_discharged(open_page: Open) -> None:
    page = settle(open_page("/patients/warfarin"))
    expect(page.get_by_role("button", name="Discharge the patient")).to_have_count(0)


def test_an_order_after_the_discharge_takes_its_answer_back(open_page: Open) -> None:
    page = settle(open_page("/patients/going-home"))
    discharge(page)
    order(page, "ibuprofen")
    expect(page.get_by_text("When the patient was discharged")).to_have_count(0)


def test_the_why_panel_tells_every_check_in_sentences(open_page: Open) -> None:
    page = settle(open_page("/patients/kidney"))
    order(page, "metformin")
    page.get_by_role("article", name=re.compile("metformin.*eGFR")).get_by_role("button", name="Why").click()
    pointed = page.locator("article.pointed")
    expect(pointed).to_be_visible()
    expect(pointed).to_be_focused()
    expect(pointed).to_contain_text("Looked at: eGFR (CKD-EPI 2021) 27")
    pointed.get_by_text("Read the rule").click()
    expect(pointed).to_contain_text("not yet reviewed by a pharmacist")


def test_taking_a_suggestion_changes_the_drafts_and_the_card_goes(open_page: Open) -> None:
    page = settle(open_page("/patients/warfarin"))
    order(page, "clarithromycin")
    warned = page.get_by_role("article", name=re.compile("^simvastatin .* with clarithromycin"))
    drafts = page.locator("#drafts")
    expect(drafts).to_contain_text("clarithromycin")
    warned.get_by_role("list", name="Suggestions").get_by_role("button").first.click()
    expect(drafts).not_to_contain_text("clarithromycin")
    expect(warned).to_have_count(0)
    expect(page.locator("#undo")).to_contain_text("Taken:")
    page.get_by_role("button", name="Undo").click()
    expect(drafts).to_contain_text("clarithromycin")
    expect(warned).to_be_visible()


def test_a_suggestion_of_the_open_chart_becomes_a_draft_and_its_card_is_answered(open_page: Open) -> None:
    test = {"resourceType": "ServiceRequest", "status": "draft", "intent": "order", "code": {"text": "INR"}}
    offered = {"type": "create", "description": "Order INR", "resource": test}
    warned = card(1, "warning", "warfarin: INR not known") | {
        "suggestions": [{"label": "Check the INR", "actions": [offered]}],
        "selectionBehavior": "at-most-one",
    }
    page = open_page("/")
    answer_with(page, VIEW, [warned])
    page.get_by_role("link", name="Woman, 79, on warfarin").click()
    page.get_by_role("button", name="Check the INR").click()
    expect(page.locator("#drafts")).to_contain_text("INR")
    expect(page.locator(".moment").first).to_contain_text("When INR was selected")
    page.get_by_text("When the chart opened").click()
    expect(page.get_by_role("article", name="warfarin: INR not known")).to_contain_text("Taken: Check the INR")


def test_a_card_is_overridden_with_a_coded_reason_in_two_clicks_and_can_be_shown_again(open_page: Open) -> None:
    page = settle(open_page("/patients/twelve-drugs"))
    order(page, "sildenafil")
    critical = page.get_by_role("article", name=re.compile("sildenafil"))
    critical.get_by_role("button", name="Override").click()
    critical.get_by_role("group", name="Going on because").get_by_role("button").first.click()
    expect(critical).to_contain_text("Overridden:")
    with page.expect_request("**/feedback") as told:
        page.get_by_role("button", name="Sign 1 order").click()
    (outcome,) = told.value.post_data_json["feedback"]
    assert outcome["outcome"] == "overridden"
    assert set(outcome["overrideReason"]["reason"]) == {"code", "system"}
    expect(page.locator("#undo")).not_to_contain_text("Overridden:")
    expect(page.locator(".moment").first).to_contain_text("When the orders were signed")
    expect(critical.first).to_contain_text("Overridden:")
    critical.first.get_by_role("button", name="Show again").click()
    expect(critical.first.get_by_role("button", name="Override")).to_be_visible()


def test_an_override_that_was_undone_is_not_reported(open_page: Open) -> None:
    page = settle(open_page("/patients/twelve-drugs"))
    order(page, "sildenafil")
    told: list[str] = []
    page.on("request", lambda request: told.append(request.url))
    critical = page.get_by_role("article", name=re.compile("sildenafil"))
    critical.get_by_role("button", name="Override").click()
    critical.get_by_role("group", name="Going on because").get_by_role("button").first.click()
    page.get_by_role("button", name="Undo").click()
    expect(critical.get_by_role("button", name="Override")).to_be_visible()
    page.get_by_role("button", name="Sign 1 order").click()
    expect(page.locator(".moment").first).to_contain_text("When the orders were signed")
    assert [url for url in told if url.endswith("medication-order-sign")]
    assert not [url for url in told if url.endswith("feedback")]


def test_a_pasted_request_is_answered_and_its_mistakes_are_named(open_page: Open) -> None:
    page = open_page("/request")
    start_from(page, 1)
    body = page.get_by_label("CDS Hooks request (JSON)")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("article.critical")).to_contain_text("clarithromycin")
    page.get_by_role("list", name="Suggestions").first.get_by_role("button").first.click()
    expect(page.locator("article.critical")).to_have_count(0)
    drafts = json.loads(body.input_value())["context"]["draftOrders"]["entry"]
    assert "clarithromycin" not in json.dumps(drafts)
    body.fill('{"hook": "order-sign", "context": {}}')
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("hookInstance: found nothing, expected a string")
    body.fill('{"hook":')
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#body-state")).to_contain_text("This is not JSON")
    body.fill('{"hook": "order-dispatch"}')
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("No service answers this hook")


def test_a_failed_call_is_never_shown_as_an_empty_answer(open_page: Open) -> None:
    page = settle(open_page("/patients/warfarin"))
    page.route(SELECT, lambda route: route.abort())
    page.get_by_role("button", name="clarithromycin").click()
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("The service could not be reached")
    expect(problem).to_contain_text("Nothing was checked. This is not a clean result.")
    page.unroute(SELECT)
    problem.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("article", name=re.compile("^simvastatin .* with clarithromycin"))).to_be_visible()


def test_an_empty_answer_says_that_it_was_checked(open_page: Open) -> None:
    page = settle(open_page("/patients/warfarin"))
    answer_with(page, SELECT, [])
    order(page, "clarithromycin")
    expect(page.locator(".nothing").first).to_contain_text("Checked, nothing to say.")


def test_the_most_urgent_card_comes_first_and_only_the_first_three_are_open(open_page: Open) -> None:
    page = settle(open_page("/patients/warfarin"))
    answer_with(page, SELECT, ten_cards())
    order(page, "clarithromycin")
    words = page.locator(".moment").first.locator("article .word").all_inner_texts()
    assert words == ["Critical"] * 3 + ["Warning"] * 3 + ["Info"] * 4
    expect(page.locator(".moment").first.locator("article > details[open]")).to_have_count(3)
    expect(page.get_by_text(LONGEST).first).to_be_visible()


def test_doses_and_frequencies_are_sent_as_the_prescriber_set_them(open_page: Open) -> None:
    page = settle(open_page("/patients/ordinary"))
    order(page, "acetaminophen")
    with page.expect_request(SELECT) as sent:
        page.get_by_label("How often").select_option("every 4 hours")
    with page.expect_request(SELECT) as sent:
        page.get_by_label("Units per dose").fill("2")
        page.keyboard.press("Tab")
    (entry,) = sent.value.post_data_json["context"]["draftOrders"]["entry"]
    (dosage,) = entry["resource"]["dosageInstruction"]
    assert dosage["timing"]["repeat"] == {"frequency": 1, "period": 4, "periodUnit": "h"}
    assert dosage["doseAndRate"][0]["doseQuantity"]["value"] == 2


def test_the_raw_panel_shows_what_was_sent_and_what_came_back(open_page: Open) -> None:
    page = settle(open_page("/patients/ordinary"))
    page.get_by_text("Raw request and response").click()
    sent = page.get_by_role("region", name="Request: POST /cds-services/medication-patient-view")
    assert json.loads(sent.locator("pre").inner_text())["hook"] == "patient-view"
    assert "cards" in json.loads(page.get_by_role("region", name="Response").locator("pre").inner_text())
    expect(sent.get_by_role("button", name="Copy")).to_be_visible()


def test_a_drug_nobody_sells_here_is_said_not_to_be_found(open_page: Open) -> None:
    page = settle(open_page("/patients/ordinary"))
    page.get_by_role("combobox", name="Order a drug").fill("paracetamol")
    expect(page.get_by_text("No product found for “paracetamol”")).to_be_visible()


def test_suggestions_that_do_not_say_how_many_may_be_taken_are_not_offered(open_page: Open) -> None:
    """CDS Hooks 2.0: an unknown selectionBehavior makes a card one that a client must not act on (CH-120)."""
    odd = card(1, "warning", "a + b") | {"suggestions": [{"label": "Do it", "actions": []}], "selectionBehavior": "all"}
    page = settle(open_page("/patients/warfarin"))
    answer_with(page, SELECT, [odd])
    order(page, "clarithromycin")
    expect(page.get_by_text("cannot be offered")).to_be_visible()
    expect(page.get_by_role("button", name="Do it")).to_have_count(0)
