"""The trace read back in the words of the cards: what is known, what is not, and why each check ended as it did."""

from typing import Any

import pytest

from cds_service.app import Application
from smart_app.console.chart_reading import Entry, read_chart
from smart_app.console.why_reading import read_why

NOW = "2026-11-01T23:59:59+00:00"


def a_list(**told: Any) -> dict[str, Any]:
    return {"complete": True, **told}


def a_trace(**changed: Any) -> dict[str, Any]:
    chart = {
        "medications": a_list(),
        "orders": a_list(),
        "allergies": a_list(),
        "conditions": a_list(),
        "values": {},
        **changed.pop("chart", {}),
    }
    told = {"decision": "d", "release": "r", "now": NOW, "prefetch": {}, "outcomes": [], "notes": []}
    return {**told, "chart": chart, **changed}


def a_drug(name: str = "warfarin 5 mg", **told: Any) -> dict[str, Any]:
    ingredients = [{"rxcui": "11289", "name": "warfarin"}]
    return {"reference": "MedicationRequest/1", "name": name, "ingredients": ingredients, **told}


def test_an_empty_list_that_was_read_is_not_a_list_that_was_not() -> None:
    chart = {"allergies": a_list(), "conditions": {"complete": False, "reason": "not sent"}}
    allergies, _, problems = read_chart(a_trace(chart=chart)).lists
    assert allergies.empty
    assert not problems.empty
    assert problems.gap == "This list was not sent. There may be more than is shown."


def test_what_was_not_recognised_is_named() -> None:
    chart = {"medications": a_list(unrecognised=[{"text": "St. John's wort tea"}])}
    assert read_chart(a_trace(chart=chart)).lists[1].strange == ("St. John's wort tea",)


@pytest.mark.parametrize(
    ("dose", "said"),
    [
        ({"text": "1 tablet daily"}, "1 tablet daily"),
        ({"daily": {"11289": {"value": 5.0, "unit": "mg/d"}}}, "5 mg/d"),
        ({"daily": {"11289": {"unknown": "not recorded"}}}, "dose not known"),
        ({}, "dose not known"),
    ],
)
def test_a_drug_is_said_with_its_dose_or_that_none_is_known(dose: dict[str, Any], said: str) -> None:
    drug = a_drug(dose=dose, authored="2026-10-20T08:00:00+00:00", recognisedBy="recognised by name")
    (entry,) = read_chart(a_trace(chart={"medications": a_list(items=[drug])})).lists[1].entries
    assert entry == Entry("warfarin 5 mg", said, "since 20 Oct 2026, 12 days ago; recognised by name only")


def test_each_ingredient_of_a_combination_has_its_amount() -> None:
    both = [{"rxcui": "161", "name": "acetaminophen"}, {"rxcui": "5489", "name": "hydrocodone"}]
    daily = {"161": {"value": 975.0, "unit": "mg/d"}, "5489": {"value": 15.0, "unit": "mg/d"}}
    drug = a_drug("acetaminophen / hydrocodone", dose={"daily": daily}) | {"ingredients": both}
    (entry,) = read_chart(a_trace(chart={"medications": a_list(items=[drug])})).lists[1].entries
    assert entry.text == "acetaminophen 975 mg/d, hydrocodone 15 mg/d"


def test_a_drug_that_a_draft_renews_stays_on_the_list() -> None:
    chart = {"continued": {"MedicationRequest/draft-1": a_drug()}}
    assert [entry.name for entry in read_chart(a_trace(chart=chart)).lists[1].entries] == ["warfarin 5 mg"]


def test_values_have_unit_and_date_and_unknown_ones_their_reason() -> None:
    values = {
        "inr": {"value": 4.8, "unit": "{INR}", "asOf": "2026-10-30T08:00:00+00:00"},
        "age": {"value": 79.0, "unit": "a", "formula": "calendar age"},
        "potassium": {"unknown": "not recorded", "detail": "potassium not recorded"},
        "creatinine": {"unknown": "too old", "asOf": "2026-03-01T08:00:00+00:00"},
    }
    reading = read_chart(a_trace(chart={"values": values}))
    assert reading.values == (Entry("INR", "4.8", "30 Oct 2026, 2 days ago"), Entry("Age", "79 years", ""))
    assert reading.not_known == (
        Entry("Potassium", "not recorded"),
        Entry("Creatinine", "last value too old (1 Mar 2026, 8 months ago)"),
    )


def test_resolved_problems_are_left_out_and_each_is_said_once() -> None:
    items = [{"name": "Gout"}, {"name": "Gout"}, {"name": "Sinusitis", "active": False}]
    assert read_chart(a_trace(chart={"conditions": a_list(items=items)})).lists[2].entries == (Entry("Gout"),)


def an_outcome(**told: Any) -> dict[str, Any]:
    return {"rule": "warfarin-nsaid", "version": "1.0.0", "outcome": "fires", **told}


def test_a_check_names_its_drugs_what_it_looked_at_and_what_was_missing() -> None:
    told = an_outcome(
        drugs={"a": "MedicationRequest/9", "b": "MedicationRequest/1"},
        indicator="warning",
        grade="INR already above 4.",
        used={"age": {"value": 79.0, "unit": "a"}, "a.daily_dose": {"value": 1800.0, "unit": "mg/d"}},
        missing=[{"kind": "value", "subject": "inr", "reason": "not recorded"}],
        assumed=["comfort care taken as no"],
        lowered=True,
        withheld="over the cap",
    )
    chart = {"medications": a_list(items=[a_drug()])}
    (group,) = read_why(a_trace(chart=chart, outcomes=[told]), {}).groups
    (outcome,) = group.outcomes
    assert outcome.drugs == "MedicationRequest/9 and warfarin 5 mg"
    assert outcome.sentences == (
        "Looked at: age 79 years; MedicationRequest/9, daily dose of this product 1,800 mg/d.",
        "Urgency for this patient: INR already above 4.",
        "INR not recorded.",
        "Assumed: comfort care taken as no.",
        "Shown one step less urgent because the same treatment is renewed unchanged.",
        "Not shown as a card: over the cap.",
    )


def test_a_grade_that_is_a_template_is_left_to_its_card() -> None:
    (group,) = read_why(a_trace(outcomes=[an_outcome(grade="{{ a.name }} is high.")]), {}).groups
    assert group.outcomes[0].sentences == ()


def test_outcomes_are_grouped_with_what_fired_first_and_counted() -> None:
    outcomes = [an_outcome(outcome="silent"), an_outcome(), an_outcome(outcome="error", error="ValueError")]
    why = read_why(a_trace(outcomes=outcomes), {})
    assert [group.id for group in why.groups] == ["fires", "error", "silent"]
    assert why.summary == "3 checks were made: 1 fired, 1 failed, 1 nothing to say."
    assert why.groups[1].outcomes[0].sentences == ("What went wrong: ValueError.",)


def test_without_an_outcome_no_rule_concerns_the_drugs() -> None:
    assert read_why(a_trace(), {}).summary == "No rule concerns these drugs."


def test_a_value_that_two_facts_say_alike_is_shown_once() -> None:
    values = {"age": {"value": 79.0, "unit": "a"}, "age_months": {"value": 948.0, "unit": "mo"}}
    assert [entry.text for entry in read_chart(a_trace(chart={"values": values})).values] == ["79 years"]


def test_a_value_too_old_does_not_repeat_its_name() -> None:
    values = {"hemoglobin": {"unknown": "too old", "detail": "hemoglobin of 25 Dec 2020"}}
    (entry,) = read_chart(a_trace(chart={"values": values})).not_known
    assert (entry.name, entry.text) == ("Hemoglobin", "last value too old (25 Dec 2020)")


def test_entries_of_a_list_that_were_not_recognised_share_a_sentence() -> None:
    gaps = [
        {"kind": "list", "subject": "conditions", "reason": "unrecognised", "detail": detail}
        for detail in ("Chronic pain (finding)", "Loss of teeth", "Fatigue", "Unwell")
    ]
    told = {"rule": "r", "outcome": "undetermined", "missing": gaps}
    (outcome,) = read_why(a_trace(outcomes=[told]), {}).groups[0].outcomes
    assert outcome.sentences == (
        "The problem list holds entries that were not recognised (Chronic pain, Loss of teeth, Fatigue and 1 more).",
    )


def test_models_say_their_result_their_exact_parts_and_why_no_card_shows_them(application: Application) -> None:
    told = {
        "model": "has-bled",
        "version": "1.0.0",
        "outcome": "major-bleeding",
        "result": 1.0,
        "parts": {"age": 1.0, "stroke": 0.0},
        "band": "not high",
        "missing": [{"kind": "value", "subject": "sbp", "reason": "not recorded", "detail": ""}],
        "quiet": "low risk",
    }
    why = read_why(a_trace(models=[told]), {}, application.release.models)
    (group,) = why.groups
    (outcome,) = group.outcomes
    assert (group.title, outcome.rule, outcome.title) == ("Risk models", "has-bled", "HAS-BLED")
    assert outcome.sentences[0].endswith("1 point, not high.")
    assert outcome.sentences[1] == "Parts: base +0; age +1."
    assert outcome.sentences[-1] == "Not shown as a card: low risk."


def test_a_model_that_predicts_nothing_says_why(application: Application) -> None:
    told = {"model": "readmission-30d", "version": "1.0.0", "reasons": ["for adults"], "quiet": "no prediction"}
    (outcome,) = read_why(a_trace(models=[told]), {}, application.release.models).groups[0].outcomes
    assert outcome.sentences == ("No prediction: for adults.", "Not shown as a card: no prediction.")


def test_a_model_of_another_release_is_left_out(application: Application) -> None:
    told = {"model": "of-next-year", "version": "9.0.0", "result": 1.0}
    assert read_why(a_trace(models=[told]), {}, application.release.models).groups == ()
