"""The grammar of examples: what a pharmacist writes, and the chart it becomes."""

from datetime import timedelta
from typing import Any

import pytest

from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Coded
from cds_service.chart.facts import Known, Reason, Unknown
from cds_service.knowledge.example_items import list_displays
from cds_service.knowledge.examples import NOW, build_chart
from cds_service.knowledge.page import Page
from cds_service.terminology.products import Route
from tests.knowledge.shelves import load_shelf
from tests.support.small_terminology import SmallTerminology

LISTED = list_displays(dict(load_shelf().under("rules/value_sets")))
HOOKS = frozenset({"order-select", "order-sign", "patient-view"})
ICD, SNOMED = "http://hl7.org/fhir/sid/icd-10-cm", "http://snomed.info/sct"


def chart_of(**example: Any) -> Chart:
    page = Page("rules/a-rule.toml")
    chart = build_chart(page, "example[1]", example, HOOKS, LISTED, SmallTerminology())
    assert page.problems == []
    return chart


def complaint_about(**example: Any) -> str:
    page = Page("rules/a-rule.toml")
    build_chart(page, "example[1]", example, HOOKS, LISTED, SmallTerminology())
    (problem,) = page.problems
    return str(problem)


@pytest.mark.parametrize(
    ("written", "single", "daily", "times"),
    [
        ("ibuprofen 600 MG Oral Tablet, 1, 3/day", 600, 1800, 3),  # 600 mg x 3
        ("ibuprofen 200 MG Oral Tablet, 2, every 8 hours", 400, 1200, 3),  # 2 x 200 mg, 24 h / 8 h = 3
        ("ibuprofen 600 MG Oral Tablet, 1/day", 600, 600, 1),  # one unit when no count is written
        ("ibuprofen, 400 mg, every 2 days", 400, 200, 0.5),
        ("methotrexate 2.5 MG Oral Tablet, 4, 1/week", 10, 10 / 7, 1 / 7),  # 4 x 2.5 mg
        ("amoxicillin 80 MG/ML Oral Suspension, 5 mL, 3/day", 400, 1200, 3),  # 5 mL x 80 mg/mL
        ("digoxin 0.125 MG Oral Tablet, 250 ug, 1/day", 0.25, 0.25, 1),
    ],
)
def test_a_dose_is_computed_from_count_strength_and_frequency(
    written: str, single: float, daily: float, times: float
) -> None:
    (drug,) = chart_of(order=[written]).orders.items
    (rxcui,) = drug.ingredient_rxcuis
    assert drug.dose.single[rxcui] == Known(single, "mg")
    assert drug.dose.daily[rxcui] == Known(pytest.approx(daily), "mg/d")
    assert drug.dose.times_per_day == Known(pytest.approx(times), "/d")


def test_each_ingredient_of_a_combination_has_its_own_dose() -> None:
    written = "acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet, 2, 4/day"
    (drug,) = chart_of(order=[written]).orders.items
    # 2 x 325 x 4 = 2600 mg; 2 x 5 x 4 = 40 mg
    assert drug.dose.daily == {"161": Known(2600.0, "mg/d"), "7804": Known(40.0, "mg/d")}


def test_a_whole_day_s_amount_can_be_written() -> None:
    (drug,) = chart_of(order=["acetaminophen, systemic, 4000 mg/day"]).orders.items
    assert drug.route is Route.SYSTEMIC
    assert drug.dose.daily == {"161": Known(4000.0, "mg/d")}
    assert drug.dose.single == {"161": Unknown(Reason.NOT_RECORDED)}


@pytest.mark.parametrize("written", ["ibuprofen 600 MG Oral Tablet", "ibuprofen 600 MG Oral Tablet, 2"])
def test_without_a_frequency_the_daily_dose_is_unknown(written: str) -> None:
    (drug,) = chart_of(order=[written]).orders.items
    assert drug.dose.daily == {"5640": Unknown(Reason.NOT_RECORDED)}


def test_units_that_are_not_counted_give_no_dose() -> None:
    (patch,) = chart_of(order=["72 HR fentanyl 0.025 MG/HR Transdermal System, 1, every 3 days"]).orders.items
    assert patch.dose.single == {"4337": Unknown(Reason.NOT_RECORDED)}


def test_as_needed_duration_and_start_are_read() -> None:
    written = "ibuprofen 600 MG Oral Tablet, 1, 3/day, as needed, for 7 days, started 90 days ago"
    (drug,) = chart_of(drugs=[written]).medications.items
    assert drug.dose.as_needed == Known(True)
    assert drug.dose.duration_days == Known(7.0, "d")
    assert drug.authored == NOW - timedelta(days=90)


def test_orders_are_selected_drafts_unless_they_say_otherwise() -> None:
    first, second = chart_of(
        order=["ibuprofen 600 MG Oral Tablet", "aspirin 81 MG Oral Tablet, not selected"]
    ).orders.items
    assert (first.is_draft, first.status, first.selected) == (True, "draft", True)
    assert not second.selected


def test_an_order_for_a_drug_on_the_list_renews_it_and_it_is_there_once() -> None:
    chart = chart_of(
        order=["simvastatin 20 MG Oral Tablet, 2, 1/day"], drugs=["simvastatin 20 MG Oral Tablet, 1, 1/day"]
    )
    (order,) = chart.orders.items
    assert chart.medications.items == ()
    assert order.dose_change == "increased"  # 40 mg a day instead of 20
    assert chart.continued[order.reference].reference == order.continues


def test_a_renewal_can_be_written_without_listing_the_drug_twice() -> None:
    chart = chart_of(order=["simvastatin 20 MG Oral Tablet, 1/day, renewal"])
    (order,) = chart.orders.items
    assert order.dose_change == "same"
    assert not chart.continued[order.reference].is_draft


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [("1, 2/day", "1, 1/day", "decreased"), ("1, 1/day", "2", "unknown"), ("1, 1/day", "1, 1/day, for 9 days", "same")],
)
def test_a_renewal_says_how_the_dose_changes(before: str, after: str, change: str) -> None:
    name = "simvastatin 20 MG Oral Tablet"
    (order,) = chart_of(order=[f"{name}, {after}"], drugs=[f"{name}, {before}"]).orders.items
    assert order.dose_change == change


def test_a_list_that_is_not_named_was_read_and_is_empty() -> None:
    chart = chart_of(order=["aspirin 81 MG Oral Tablet"])
    for items in (chart.medications, chart.allergies, chart.conditions, chart.procedures):
        assert items.complete
        assert items.items == ()


def test_an_unread_list_is_not_an_empty_one() -> None:
    chart = chart_of(order=["aspirin 81 MG Oral Tablet"], unread=["allergies"])
    assert not chart.allergies.complete
    assert chart.allergies.reason is Reason.NOT_SENT


def test_a_value_that_is_not_named_is_unknown() -> None:
    assert chart_of(drugs=["aspirin 81 MG Oral Tablet"]).value("inr") == Unknown(Reason.NOT_RECORDED)


def test_values_carry_their_unit_and_date() -> None:
    chart = chart_of(chart={"inr": {"value": 4.8, "unit": "{INR}", "days_ago": 3}, "sex": "female", "pregnant": True})
    inr = chart.value("inr")
    assert isinstance(inr, Known)
    assert (inr.value, inr.unit, inr.as_of) == (4.8, "{INR}", NOW - timedelta(days=3))
    assert chart.value("sex").value == "female"  # type: ignore[union-attr]
    assert chart.value("pregnant").value is True  # type: ignore[union-attr]


def test_conditions_are_codes_or_displays_of_value_sets() -> None:
    conditions = ["K25.4", "49436004", "Peptic ulcer", "icd-9-cm:531.0", "gastric ulcer"]
    chart = chart_of(chart={"conditions": conditions, "past_conditions": ["K25.9"]})
    assert [problem.codes[0] for problem in chart.conditions.items] == [
        Coded(ICD, "K25.4", "K25.4"),
        Coded(SNOMED, "49436004", "49436004"),
        Coded(SNOMED, "13200003", "Peptic ulcer"),
        Coded("http://hl7.org/fhir/sid/icd-9-cm", "531.0", "icd-9-cm:531.0"),
        Coded(ICD, "K25", "Gastric ulcer"),
        Coded(ICD, "K25.9", "K25.9"),
    ]
    assert [problem.active for problem in chart.conditions.items] == [True] * 5 + [False]


def test_procedures_are_codes() -> None:
    (procedure,) = chart_of(chart={"procedures": ["cpt:43239"]}).procedures.items
    assert procedure.codes == (Coded("http://www.ama-assn.org/go/cpt", "43239", "cpt:43239"),)


def test_an_allergy_is_an_ingredient_or_a_code_with_words_after_it() -> None:
    first, second = chart_of(
        chart={"allergies": ["penicillin V, severe, allergy", "91936005, intolerance"]}
    ).allergies.items
    assert (first.ingredients, first.severe, first.kind) == (("7984",), True, "allergy")
    assert (second.ingredients, second.codes[0].code, second.kind) == ((), "91936005", "intolerance")


def test_an_unrecognised_medication_is_on_the_list_by_its_text() -> None:
    chart = chart_of(order=["aspirin 81 MG Oral Tablet"], unrecognised=["St John's wort"])
    assert [item.text for item in chart.medications.unrecognised] == ["St John's wort"]


@pytest.mark.parametrize(
    ("example", "hook"),
    [
        ({"order": ["aspirin 81 MG Oral Tablet"]}, "order-sign"),
        ({"drugs": ["aspirin 81 MG Oral Tablet"]}, "patient-view"),
        ({"order": ["aspirin 81 MG Oral Tablet"], "hook": "order-select"}, "order-select"),
    ],
)
def test_the_hook_follows_from_the_example(example: dict[str, Any], hook: str) -> None:
    assert chart_of(**example).hook == hook


@pytest.mark.parametrize(
    ("chart", "says"),
    [
        ({"inrr": {"value": 1, "unit": "{INR}"}}, "no fact called 'inrr'; did you mean 'inr'?"),
        ({"inr": 4.8}, 'write { value = 1.0, unit = "{INR}", days_ago = 3 }'),
        ({"inr": {"value": 4.8, "unit": "1"}}, "'inr' is counted in '{INR}', found '1'"),
        ({"pregnant": "yes"}, "found 'yes', expected true or false"),
        ({"sex": "femal"}, "'sex' is never 'femal'; did you mean 'female'?"),
        ({"conditions": ["Peptic ulcers"]}, "neither a code nor the display of one in a value set; did you mean"),
    ],
)
def test_mistakes_in_an_example_are_explained(chart: dict[str, Any], says: str) -> None:
    assert says in complaint_about(chart=chart)
