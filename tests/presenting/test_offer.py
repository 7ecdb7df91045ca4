"""Suggestions are tried before they are offered: what holds is a button, what would hurt is not there."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

import pytest
from msgspec import structs

from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Dose, Drug
from cds_service.chart.facts import Known
from cds_service.hooks.response import Card, HookResponse
from cds_service.hooks.response import Suggestion as Button
from cds_service.knowledge.orderables import ADULT
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Indicator, Rule, Status
from cds_service.knowledge.suggestions import Orderable, Sig, Suggestion, Verb
from cds_service.presenting.offer import canonical
from cds_service.presenting.propose import Proposer
from cds_service.presenting.session import Dialect, Session
from cds_service.reasoning.evaluate import evaluate
from cds_service.terminology.products import Strength
from tests.presenting.findings import PROBLEMS, a_release, a_spoken_rule
from tests.support.charts import (
    a_chart,
    a_draft,
    a_drug,
    a_grade,
    a_line,
    a_rule,
    a_side,
    an_allergy,
    index_of,
    ingredient_set,
    not_sent,
    number,
)
from tests.support.offers import as_sent, cards_on, firing, take
from tests.support.schemas import problems

IBUPROFEN, WARFARIN, ACETAMINOPHEN, LORAZEPAM, OXYCODONE = "5640", "11289", "161", "6470", "7804"
MG_600 = Strength(600.0, "mg")
TABLET = Orderable(
    id="acetaminophen-500",
    title="acetaminophen 500 mg",
    kind="drug",
    population="adults",
    source="a label",
    confidence="label-known",
    rxcui="198440",
    product="Acetaminophen 500 MG Oral Tablet",
    sig=Sig(1, "tablet", "oral", every_hours=6, as_needed=True, max_per_day=3000),
    when=(ADULT,),
)
TEST = Orderable("inr", "INR", "lab", "all", "LOINC", "verified", loinc="6301-6", product="INR", fact="inr")
REFERRAL = Orderable("advice", "Pharmacist advice", "referral", "all", "a guideline", "corroborated")
USE_TABLET = Suggestion(Verb.REPLACE, "Use acetaminophen 500 mg instead of {{ a.name }}", "a", TABLET)
STOP_A = Suggestion(Verb.STOP, "Stop {{ a.name }}", "a")
STOP_B = Suggestion(Verb.STOP, "Stop {{ b.name }}", "b")
CHECK_INR = Suggestion(Verb.ORDER_LAB, "Check the INR", orderable=TEST, repeat_after_days=3)
SIDES = (a_side("a", IBUPROFEN), a_side("b", WARFARIN))
ADULT_AGE = number(60, "a")


def a_sig(ingredient: str, single: float, times: float = 3) -> Dose:
    return Dose(
        {ingredient: Known(single * times, "mg/d")}, {ingredient: Known(single, "mg")}, times_per_day=Known(times, "/d")
    )


def ibuprofen(**more: Any) -> Drug:
    dose = a_sig(IBUPROFEN, 600)
    return a_draft("ibuprofen 600 mg", IBUPROFEN, reference="MedicationRequest/o1", dose=dose, strength=MG_600, **more)


def warfarin(**more: Any) -> Drug:
    return a_drug("warfarin 5 mg", WARFARIN, reference="MedicationRequest/m1", **more)


def bleeding(*suggestions: Suggestion, **more: Any) -> Rule:
    return a_spoken_rule(sides=SIDES, suggestions=suggestions, **more)


def against(ingredient: str, id: str, **more: Any) -> Rule:
    """A warning about one drug alone."""
    return a_spoken_rule(id, sides=(a_side("this", ingredient),), problem="renal-dosing", **more)


def released(*rules: Rule) -> Release:
    return replace(a_release(), rules={rule.id: rule for rule in rules}, index=index_of(*rules))


def patient(*orders: Drug, **more: Any) -> Chart:
    """A 60-year-old on warfarin who is to get these drugs, else ibuprofen."""
    return as_sent(
        a_chart(**{"orders": orders or (ibuprofen(),), "medications": (warfarin(),), "age": ADULT_AGE, **more})
    )


def offered(chart: Chart, *rules: Rule, dialect: Dialect = Dialect.STANDARD) -> Card:
    """The first card; the whole answer is valid."""
    cards = cards_on(chart, released(*rules), dialect)
    assert problems("response", HookResponse(cards=cards).encode()) == []
    return cards[0]


def labels(card: Card) -> list[str]:
    return [button.label for button in card.suggestions]


def bodies(button: Button) -> list[dict[str, Any]]:
    return [json.loads(bytes(action.resource)) for action in button.actions if action.resource]


@pytest.mark.requirement("CH-120")
@pytest.mark.requirement("CH-133")
@pytest.mark.requirement("CH-138")
def test_a_replacement_removes_the_draft_and_creates_the_other_order() -> None:
    card = offered(patient(), bleeding(USE_TABLET))
    (button,) = card.suggestions
    assert button.label == "Use acetaminophen 500 mg instead of ibuprofen 600 mg"
    assert [(action.type, action.resource_id) for action in button.actions] == [
        ("delete", "MedicationRequest/o1"),
        ("create", None),
    ]
    (order,) = bodies(button)
    assert order["medicationCodeableConcept"]["coding"][0]["code"] == "198440"
    assert card.selection_behavior == "at-most-one"


def test_a_stop_deletes_a_new_draft() -> None:
    (button,) = offered(patient(), bleeding(STOP_A)).suggestions
    assert [(action.type, action.resource_id, action.resource) for action in button.actions] == [
        ("delete", "MedicationRequest/o1", None)
    ]


def test_to_stop_an_active_medication_is_advice() -> None:
    card = offered(patient(), bleeding(STOP_B))
    assert card.suggestions == ()
    assert card.selection_behavior is None
    assert "- By hand: Stop warfarin 5 mg" in (card.detail or "")


def test_a_drug_not_to_be_stopped_at_once_is_not_advised_to_be_stopped() -> None:
    card = offered(patient(), bleeding(replace(STOP_B, only_draft=True)))
    assert "By hand" not in (card.detail or "")


def test_to_stop_a_renewal_is_advice_because_the_drug_stays_active() -> None:
    renewal = ibuprofen(continues="MedicationRequest/m2", dose_change="same")
    card = offered(patient(renewal), bleeding(STOP_A))
    assert card.suggestions == ()
    assert "By hand: Stop ibuprofen 600 mg" in (card.detail or "")


def test_a_draft_without_an_id_cannot_be_deleted() -> None:
    chart = patient()
    order = json.loads(chart.orders.items[0].original)
    del order["id"]
    card = offered(as_sent(chart, {"MedicationRequest/o1": order}), bleeding(USE_TABLET, STOP_A))
    assert card.suggestions == ()
    assert (card.detail or "").count("By hand: ") == 2


def test_an_allergy_to_the_alternative_is_known_without_any_rule() -> None:
    chart = patient(allergies=(an_allergy("acetaminophen", (ACETAMINOPHEN,)),))
    assert labels(offered(chart, bleeding(USE_TABLET, STOP_A))) == ["Stop ibuprofen 600 mg"]


def test_an_alternative_that_brings_another_interaction_is_not_offered() -> None:
    second = a_spoken_rule("second", sides=(a_side("a", ACETAMINOPHEN), a_side("b", WARFARIN)))
    assert labels(offered(patient(), bleeding(USE_TABLET, STOP_A), second)) == ["Stop ibuprofen 600 mg"]


def test_an_alternative_that_the_kidneys_forbid_is_not_offered() -> None:
    renal = against(ACETAMINOPHEN, "renal", all=(a_line("crcl", "below", 30.0, unit="mL/min"),))
    assert labels(offered(patient(crcl=number(24, "mL/min")), bleeding(USE_TABLET), renal)) == []
    assert len(labels(offered(patient(crcl=number(60, "mL/min")), bleeding(USE_TABLET), renal))) == 1


def test_what_brings_only_an_information_is_offered_and_says_so() -> None:
    mild = against(ACETAMINOPHEN, "mild", title="Liver", indicator="info")
    card = offered(patient(), bleeding(USE_TABLET), mild)
    assert len(card.suggestions) == 1
    assert "After “Use acetaminophen 500 mg instead of ibuprofen 600 mg” there would be:" in (card.detail or "")


def test_an_information_is_not_traded_for_another_information() -> None:
    mild = against(ACETAMINOPHEN, "mild", indicator="info")
    assert offered(patient(), bleeding(USE_TABLET, indicator="info"), mild).suggestions == ()


def test_a_rule_that_could_then_not_be_decided_is_named() -> None:
    renal = against(ACETAMINOPHEN, "renal", all=(a_line("crcl", "below", 30.0, unit="mL/min"),))
    card = offered(patient(), bleeding(USE_TABLET), renal)
    assert len(card.suggestions) == 1
    assert "could not be checked:" in (card.detail or "")


def test_silent_rules_neither_forbid_nor_are_named() -> None:
    silent = against(ACETAMINOPHEN, "silent", status=Status.SILENT)
    card = offered(patient(), bleeding(USE_TABLET), silent)
    assert len(card.suggestions) == 1
    assert "there would be" not in (card.detail or "")


def test_a_rule_that_crashes_on_the_new_chart_forbids_the_suggestion() -> None:
    broken = against(ACETAMINOPHEN, "broken", all=(a_line("no-such-list", "any_in", ingredient_set("x", "1")),))
    assert offered(patient(), bleeding(USE_TABLET, STOP_A), broken).suggestions[0].label == "Stop ibuprofen 600 mg"


def test_an_excluded_product_is_not_created() -> None:
    excluded = replace(USE_TABLET, orderable=replace(TABLET, allowed=False))
    assert offered(patient(), bleeding(excluded)).suggestions == ()


@pytest.mark.parametrize("age", [number(16, "a"), not_sent()])
def test_a_dosage_for_adults_needs_a_known_adult(age: Any) -> None:
    assert offered(patient(age=age), bleeding(USE_TABLET)).suggestions == ()


def test_what_several_rules_propose_is_tried_once_and_called_as_each_rule_calls_it() -> None:
    chart = patient()
    other = Suggestion(Verb.STOP, "Leave out {{ this.name }}", "this")
    release = released(bleeding(STOP_A), against(IBUPROFEN, "kidney", suggestions=(other,)))
    proposer = Proposer(chart, release, Session("P1"))
    stop, leave_out = (
        proposer.propose(finding, finding.rule.suggestions[0]) for finding in evaluate(release.index, chart)
    )
    assert stop
    assert leave_out
    assert stop.chart is leave_out.chart
    assert stop.actions == leave_out.actions
    assert [stop.finding.rule.id, leave_out.finding.rule.id] == ["warfarin-nsaid", "kidney"]
    assert [stop.suggestion, leave_out.suggestion] == [STOP_A, other]


def test_a_drug_the_patient_has_already_is_not_created_again() -> None:
    chart = patient(medications=(warfarin(), a_drug("acetaminophen", ACETAMINOPHEN)))
    assert offered(chart, bleeding(USE_TABLET)).suggestions == ()


def test_a_suggestion_that_solves_nothing_is_not_offered() -> None:
    add = Suggestion(Verb.ADD_MEDICATION, "Add acetaminophen", orderable=TABLET)
    assert offered(patient(), bleeding(add)).suggestions == ()


def test_an_addition_that_lowers_the_finding_is_offered() -> None:
    protected = a_grade(a_line("all_drugs", "any_in", ingredient_set("x", ACETAMINOPHEN)), "info")
    add = Suggestion(Verb.ADD_MEDICATION, "Add acetaminophen", orderable=TABLET)
    card = offered(patient(), bleeding(add, STOP_A, grades=(protected,)))
    assert labels(card) == ["Stop ibuprofen 600 mg", "Add acetaminophen"]  # what clears comes before what lowers


def test_a_test_stands_last_and_only_while_it_is_needed() -> None:
    rule = bleeding(CHECK_INR, STOP_A)
    assert labels(offered(patient(), rule)) == ["Stop ibuprofen 600 mg", "Check the INR"]
    assert labels(offered(patient(inr=number(2, "{INR}", days_ago=1)), rule)) == ["Stop ibuprofen 600 mg"]
    assert len(labels(offered(patient(inr=number(2, "{INR}", days_ago=4)), rule))) == 2
    assert labels(offered(structs.replace(patient(), ordered_services=("6301-6",)), rule)) == ["Stop ibuprofen 600 mg"]


def test_a_referral_is_offered_until_it_is_ordered() -> None:
    rule = bleeding(Suggestion(Verb.REFER, "Ask a pharmacist", orderable=REFERRAL))
    chart = patient()
    (button,) = offered(chart, rule).suggestions
    assert offered(take(chart, button, released(rule)), rule).suggestions == ()


def test_at_most_three_are_offered_each_once() -> None:
    twin = replace(STOP_A, label="Leave {{ a.name }} out")
    refer = Suggestion(Verb.REFER, "Ask a pharmacist", orderable=REFERRAL)
    card = offered(patient(), bleeding(USE_TABLET, STOP_A, twin, CHECK_INR, refer))
    assert labels(card) == [
        "Use acetaminophen 500 mg instead of ibuprofen 600 mg",
        "Stop ibuprofen 600 mg",
        "Check the INR",
    ]


@pytest.mark.requirement("CH-132")
def test_one_is_recommended_if_it_clears_the_card_and_leaves_no_gap() -> None:
    both = offered(patient(), bleeding(USE_TABLET, STOP_A))
    assert [button.is_recommended for button in both.suggestions] == [True, None]
    assert [button.is_recommended for button in offered(patient(), bleeding(STOP_A, CHECK_INR)).suggestions] == [
        None,
        None,
    ]
    assert [button.is_recommended for button in offered(patient(), bleeding(USE_TABLET)).suggestions] == [None]


def test_a_grouped_card_offers_first_what_clears_most_of_it() -> None:
    """Two findings of one problem: only stopping ibuprofen, which both are about, clears the card."""
    other = a_spoken_rule("other", sides=(a_side("a", IBUPROFEN), a_side("b", LORAZEPAM)), suggestions=(STOP_A,))
    chart = patient(ibuprofen(), a_draft("lorazepam", LORAZEPAM, reference="MedicationRequest/o2"))
    stop_lorazepam = replace(other, suggestions=(STOP_B, STOP_A))
    card = offered(chart, bleeding(), stop_lorazepam)
    assert labels(card) == ["Stop ibuprofen 600 mg", "Stop lorazepam"]


def test_while_a_drug_is_picked_another_drug_comes_before_dropping_it() -> None:
    rule = bleeding(STOP_A, CHECK_INR, USE_TABLET)
    replacing, stopping = "Use acetaminophen 500 mg instead of ibuprofen 600 mg", "Stop ibuprofen 600 mg"
    assert labels(offered(patient(hook="order-select"), rule)) == [replacing, stopping, "Check the INR"]
    assert labels(offered(patient(hook="order-sign"), rule)) == [stopping, replacing, "Check the INR"]


def test_a_finding_told_beside_an_urgent_one_keeps_its_suggestions() -> None:
    quiet = a_spoken_rule(
        "quiet",
        problem="hypotension",
        indicator=Indicator.INFO,
        sides=(a_side("a", IBUPROFEN), a_side("b", WARFARIN)),
        suggestions=(CHECK_INR,),
    )
    card = offered(patient(), bleeding(STOP_A), quiet)
    assert "**Also**" in (card.detail or "")
    assert labels(card) == ["Stop ibuprofen 600 mg", "Check the INR"]


def test_a_suggestion_that_worsens_another_finding_of_the_card_is_not_offered() -> None:
    """Without lorazepam the other finding would become critical."""
    needed = a_grade(a_line("all_drugs", "none_in", ingredient_set("x", LORAZEPAM)), "critical")
    rule = bleeding(grades=(needed,))
    other = a_spoken_rule("other", sides=(a_side("a", IBUPROFEN), a_side("b", LORAZEPAM)), suggestions=(STOP_B,))
    chart = patient(ibuprofen(), a_draft("lorazepam", LORAZEPAM, reference="MedicationRequest/o2"))
    assert offered(chart, rule, other).suggestions == ()


def test_a_new_draft_is_judged_as_when_it_is_signed_also_when_the_chart_opens() -> None:
    """At patient-view drafts are not in focus: a rule on the new drug alone would not be reached there."""
    protected = a_grade(a_line("all_drugs", "any_in", ingredient_set("x", ACETAMINOPHEN)), "info")
    rule = bleeding(Suggestion(Verb.ADD_MEDICATION, "Add it", orderable=TABLET), grades=(protected,))
    chart = a_chart(medications=(warfarin(), a_drug("ibuprofen", IBUPROFEN)), hook="patient-view", age=ADULT_AGE)
    assert labels(offered(chart, rule)) == ["Add it"]
    assert labels(offered(chart, rule, against(ACETAMINOPHEN, "renal"))) == []


def test_at_patient_view_a_replacement_is_advice() -> None:
    chart = a_chart(medications=(warfarin(), a_drug("ibuprofen", IBUPROFEN)), hook="patient-view", age=ADULT_AGE)
    card = offered(chart, bleeding(USE_TABLET))
    assert card.suggestions == ()
    assert "By hand: Use acetaminophen 500 mg instead of ibuprofen" in (card.detail or "")


def test_a_replaced_renewal_names_the_prescription_it_replaces() -> None:
    chart = patient(ibuprofen(continues="MedicationRequest/m2", dose_change="same"))
    before = a_drug("ibuprofen", IBUPROFEN, reference="MedicationRequest/m2")
    chart = structs.replace(chart, continued={"MedicationRequest/o1": before})
    (button,) = offered(chart, bleeding(USE_TABLET)).suggestions
    assert bodies(button)[0]["priorPrescription"] == {"reference": "MedicationRequest/m2"}


def test_a_renewal_of_a_statement_is_replaced_by_hand() -> None:
    chart = patient(ibuprofen(continues="MedicationStatement/m2", dose_change="same"))
    card = offered(chart, bleeding(USE_TABLET))
    assert card.suggestions == ()
    assert "By hand: Use acetaminophen" in (card.detail or "")


def test_a_client_of_single_actions_gets_one_update_of_the_draft() -> None:
    card = offered(patient(), bleeding(USE_TABLET, STOP_A), dialect=Dialect.EPIC)
    assert card.selection_behavior == "any"
    assert [[action.type for action in button.actions] for button in card.suggestions] == [["update"], ["delete"]]
    (order,) = bodies(card.suggestions[0])
    assert (order["id"], order["status"]) == ("o1", "draft")


def test_a_draft_that_cannot_be_updated_is_advice_for_a_client_of_single_actions() -> None:
    chart = patient()
    order = {**json.loads(chart.orders.items[0].original), "text": {"status": "additional", "div": "<div>x</div>"}}
    card = offered(as_sent(chart, {"MedicationRequest/o1": order}), bleeding(USE_TABLET), dialect=Dialect.EPIC)
    assert card.suggestions == ()
    assert "By hand: Use acetaminophen" in (card.detail or "")


HIGH_DOSE = a_rule(
    "dose",
    sides=(a_side("this", IBUPROFEN),),
    all=(a_line("this.daily_dose", "above", 1200.0, unit="mg/d"),),
    problem="renal-dosing",
    suggestions=(
        Suggestion(Verb.CHANGE_DOSE, "400 mg at a time", "this", value=400, unit="mg"),
        Suggestion(Verb.CHANGE_FREQUENCY, "Twice a day", "this", times_per_day=2),
        Suggestion(Verb.CHANGE_DOSE, "500 mg at a time", "this", value=500, unit="mg"),
    ),
)


def test_a_new_dose_is_read_back_from_the_changed_order() -> None:
    """600 mg 3 times a day is 1800 mg; 400 × 3 = 1200 and 600 × 2 = 1200 are not above 1200, 500 × 3 = 1500 is."""
    card = offered(patient(), HIGH_DOSE)
    assert labels(card) == ["400 mg at a time", "Twice a day"]
    dose, frequency = (bodies(button)[0]["dosageInstruction"][0] for button in card.suggestions)
    assert dose["doseAndRate"][0]["doseQuantity"]["value"] == 400
    assert frequency["timing"]["repeat"]["frequency"] == 2


def test_an_active_medication_gets_no_new_dose_from_here() -> None:
    active = a_drug("ibuprofen", IBUPROFEN, dose=a_sig(IBUPROFEN, 600))
    assert offered(a_chart(medications=(active,), hook="patient-view"), HIGH_DOSE).suggestions == ()


@pytest.mark.requirement("CH-131")
def test_uuids_follow_from_the_card_and_what_is_done() -> None:
    rule, chart = bleeding(USE_TABLET, STOP_A), patient()
    card, again = offered(chart, rule), offered(chart, rule)
    assert [button.uuid for button in card.suggestions] == [button.uuid for button in again.suggestions]
    for button in card.suggestions:
        assert button.uuid == str(uuid5(UUID(card.uuid), canonical(button.actions).decode()))
    assert len({button.uuid for button in card.suggestions}) == 2


def test_the_same_actions_under_another_label_have_the_same_uuid() -> None:
    (one,) = offered(patient(), bleeding(STOP_A)).suggestions
    (other,) = offered(patient(), bleeding(replace(STOP_A, label="Leave it out"))).suggestions
    assert one.label != other.label
    assert one.uuid == other.uuid


def test_taking_a_suggestion_makes_the_finding_go_away() -> None:
    rule, chart = bleeding(USE_TABLET), patient()
    (button,) = offered(chart, rule).suggestions
    assert firing(chart, released(rule))
    assert firing(take(chart, button, released(rule)), released(rule)) == {}


def test_every_problem_kind_used_here_exists() -> None:
    assert {"bleeding", "renal-dosing"} <= {problem.id for problem in PROBLEMS}


@pytest.mark.parametrize(("length", "whole"), [(100, True), (200, False)])
def test_a_button_names_the_whole_drug_unless_it_gets_too_long(length: int, whole: bool) -> None:
    name = f"ibuprofen {'x' * (length - 10)}"
    order = structs.replace(ibuprofen(), name=name)
    (label,) = labels(offered(patient(order), bleeding(STOP_A)))
    assert (label == f"Stop {name}") is whole
    assert len(label) <= 120


@pytest.mark.parametrize(
    ("title", "name"), [("INR", "INR"), ("Digoxin level", "digoxin level"), ("ECG with QTc", "ECG with QTc")]
)
def test_a_test_is_named_inside_a_sentence(title: str, name: str) -> None:
    assert replace(TEST, title=title).name == name
