"""Morphine milligram equivalents: the worked checks of the CDC 2022 factors, and what makes a sum a lower bound."""

import csv
from typing import Any

import pytest
from msgspec.structs import replace

from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Dose, Drug
from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.chart.opioids import COUNTED, ORAL
from cds_service.terminology.products import Ingredient, Route, Strength
from tests.support.charts import a_chart, a_dose, a_draft, a_drug
from tests.support.gathered import chart_of
from tests.support.requests import a_patient
from tests.support.shared import SHARED, needs_shared

NAMES = {
    "codeine": "2670",
    "hydrocodone": "5489",
    "hydromorphone": "3423",
    "methadone": "6813",
    "morphine": "7052",
    "oxycodone": "7804",
    "oxymorphone": "7814",
    "tapentadol": "787390",
    "tramadol": "10689",
}


def opioid(name: str, mg_per_day: float | None, form: str | None = "Oral Tablet", **more: Any) -> Drug:
    dose = Dose() if mg_per_day is None else a_dose(NAMES[name], mg_per_day)
    return a_drug(name, NAMES[name], dose=dose, dose_form=form, **more)


def patch(micrograms_per_hour: float, mg_per_day: float | None = None) -> Drug:
    ingredient = Ingredient("4337", "fentanyl", Strength(micrograms_per_hour / 1000, "mg/h"))
    dose = Dose() if mg_per_day is None else a_dose("4337", mg_per_day)
    return replace(a_drug("fentanyl", "4337", dose=dose, dose_form="Transdermal System"), ingredients=(ingredient,))


def mme(*drugs: Drug, **more: Any) -> Fact[float]:
    return a_chart(medications=drugs, **more).value("mme_daily")


def known(fact: Fact[float]) -> tuple[float, bool]:
    """The value, and whether it is only a lower bound."""
    assert isinstance(fact, Known)
    assert fact.unit == "mg/d"
    return fact.value, fact.at_least


# Read: opioid, milligrams a day, morphine equivalents a day.
CHECKS = [
    ("hydrocodone", 5 * 4, 20),
    ("oxycodone", 10 * 2, 30),
    ("hydromorphone", 4 * 4, 80),
    ("methadone", 10 * 3, 141),
    ("tramadol", 50 * 4, 40),
    ("codeine", 30 * 4, 18),
    ("oxymorphone", 10 * 2, 60),
    ("tapentadol", 100 * 2, 80),
    ("morphine", 15 * 2, 30),
]


@pytest.mark.parametrize(("name", "mg", "expected"), CHECKS)
def test_the_worked_checks_of_the_guideline_come_out(name: str, mg: float, expected: float) -> None:
    assert known(mme(opioid(name, mg))) == (expected, False)


@pytest.mark.parametrize("mg_per_day", [75 * 24 / 1000, None])
def test_a_patch_counts_by_its_rate_and_needs_no_frequency(mg_per_day: float | None) -> None:
    # 75 ug/h x 2.4 = 180; without a dose one patch at least is worn.
    assert known(mme(patch(75, mg_per_day))) == (180, mg_per_day is None)


def test_two_patches_worn_together_add_up() -> None:
    # 2 x 25 ug/h = 50 ug/h, 50 x 24 h = 1.2 mg a day; 50 x 2.4 = 120.
    assert known(mme(patch(25, 1.2))) == (120, False)


def test_a_patch_without_a_strength_has_no_equivalent() -> None:
    assert isinstance(mme(a_drug("fentanyl", "4337", dose_form="Transdermal System")), Unknown)


@pytest.mark.parametrize("every_days", [3, 2])
def test_changing_a_patch_more_often_does_not_change_the_sum(every_days: int) -> None:
    timing = {"repeat": {"frequency": 1, "period": every_days, "periodUnit": "d"}}
    sig = [{"timing": timing, "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "patch"}}]}]
    case = a_patient("P1").taking("245134", "fentanyl 0.025 MG/HR Transdermal System", dosageInstruction=sig)
    assert known(chart_of(case).value("mme_daily")) == (60, False)


def test_all_opioids_add_up_whether_ordered_or_taken() -> None:
    # 20 + 1.5 x 20 = 50
    fact = mme(opioid("hydrocodone", 20), orders=[a_draft("oxycodone", "7804", dose=a_dose("7804", 20))])
    assert known(fact) == (50, False)


def test_a_combination_counts_its_opioid_only() -> None:
    dose = Dose(daily={"161": Known(1300.0, "mg/d"), "7804": Known(20.0, "mg/d")})
    assert known(mme(a_drug("percocet", "161", "7804", dose=dose))) == (30, False)


# Read: what is taken beside 20 mg of hydrocodone a day; whether 20 is then only a lower bound.
BESIDE = [
    ("nothing", None, False),
    ("an opioid without a dose", opioid("oxycodone", None), True),
    ("an opioid in an unknown form", opioid("oxycodone", 20, form=None), True),
    ("morphine by injection", opioid("morphine", 30, form="Injection"), True),
    ("an opioid the guideline gives no factor for", a_drug("meperidine", "6754", dose=a_dose("6754", 200)), True),
    ("buprenorphine, which never counts", a_drug("buprenorphine", "1819", dose=a_dose("1819", 8)), False),
    ("an opioid on hold", opioid("oxycodone", 20, status="on-hold"), False),
    ("an opioid acting where it is put", opioid("morphine", 20, route=Route.TOPICAL), False),
    ("another drug", a_drug("lisinopril"), False),
]


@pytest.mark.parametrize(("sentence", "other", "at_least"), BESIDE, ids=[case[0] for case in BESIDE])
def test_what_may_add_to_the_sum_makes_it_a_lower_bound(sentence: str, other: Drug | None, at_least: bool) -> None:
    drugs = [opioid("hydrocodone", 20), *([other] if other else [])]
    assert known(mme(*drugs)) == (20, at_least)


def test_a_dose_in_another_unit_is_not_converted() -> None:
    fact = mme(a_drug("morphine", "7052", dose=Dose(daily={"7052": Known(3.0, "mL/d")})))
    assert isinstance(fact, Unknown)
    assert fact.detail == "dose of morphine in mL/d"


def test_without_any_dose_the_sum_is_unknown_and_says_why() -> None:
    fact = mme(opioid("oxycodone", None))
    assert isinstance(fact, Unknown)
    assert (fact.reason, fact.detail) == (Reason.NOT_RECORDED, "daily dose of oxycodone")


def test_no_opioid_on_a_whole_list_is_zero_and_on_an_unread_one_unknown() -> None:
    assert known(mme(a_drug("lisinopril"))) == (0, False)
    assert known(mme(unrecognised={"medications": ["kava"]})) == (0, True)
    unread = mme(unread=["medications"])
    assert isinstance(unread, Unknown)
    assert unread.reason is Reason.NOT_SENT


def test_a_value_given_with_the_chart_goes_before_the_drugs() -> None:
    chart = Chart(a_chart().now, values={"mme_daily": Known(70.0, "mg/d")})
    assert known(chart.value("mme_daily")) == (70, False)


@needs_shared
def test_the_factors_are_those_of_the_reference_table() -> None:
    table = SHARED / "data" / "drugs" / "knowledge_tables" / "mme_2022.csv"
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    oral = {row["rxcui"]: float(row["factor"]) for row in rows if (row["route"], row["status"]) == ("oral", "factor")}
    assert oral == dict(ORAL)
    assert {row["rxcui"] for row in rows} - COUNTED == {"1819"}
