"""The Tisdale score of a chart: what is known counts, what is not known leaves it open."""

from datetime import timedelta
from typing import Any

import pytest

from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Coded, Problem
from cds_service.chart.facts import Known, Reason, Unknown
from cds_service.terminology.products import Route
from tests.support.charts import ICD10CM, NOW, SNOMED, a_chart, a_draft, a_drug, number

HALOPERIDOL, CITALOPRAM, METHADONE, FUROSEMIDE = "5093", "2556", "6813", "4603"
MAN = {"sex": Known("male"), "age": number(67, "a")}
QUIET: dict[str, Any] = {**MAN, "potassium": number(3.6, "mmol/L"), "qtc": number(449, "ms")}


def drug(rxcui: str, **more: Any) -> Any:
    return a_drug(rxcui, rxcui, **more)


def problem(code: str, system: str = ICD10CM, days: float | None = 3, active: bool = True) -> Problem:
    onset = None if days is None else NOW - timedelta(days=days)
    return Problem(f"Condition/{code}", code, (Coded(system, code),), active, onset)


def points(chart: Chart) -> tuple[float, bool]:
    fact = chart.value("tisdale_points")
    assert isinstance(fact, Known)
    assert (fact.unit, fact.formula) == ("{score}", "Tisdale 2013")
    return fact.value, fact.at_least


def risk(chart: Chart) -> str | None:
    fact = chart.value("tisdale_class")
    return fact.value if isinstance(fact, Known) else None


def test_one_qt_drug_in_a_quiet_chart_is_three_points_and_low() -> None:
    chart = a_chart(medications=[drug(HALOPERIDOL)], **QUIET)
    assert (points(chart), risk(chart)) == ((3, False), "low")


def test_the_drafts_count_as_if_they_were_signed() -> None:
    # haloperidol + citalopram: 3 + 3
    chart = a_chart(orders=[a_draft("citalopram", CITALOPRAM)], medications=[drug(HALOPERIDOL)], **QUIET)
    assert points(chart) == (6, False)


def test_a_third_qt_drug_adds_nothing_and_two_products_of_one_drug_are_one() -> None:
    three = [drug(HALOPERIDOL), drug(CITALOPRAM), drug(METHADONE)]
    twice = [drug(HALOPERIDOL), drug(HALOPERIDOL, reference="MedicationRequest/again")]
    assert points(a_chart(medications=three, **QUIET)) == (6, False)
    assert points(a_chart(medications=twice, **QUIET)) == (3, False)


def test_every_risk_factor_counts() -> None:
    # 68 years 1, female 1, loop diuretic 1, K 3.5 2, QTc 450 2, acute MI 2, two drugs 6, sepsis 3, heart failure 3 = 21
    chart = a_chart(
        medications=[drug(HALOPERIDOL), drug(CITALOPRAM), drug(FUROSEMIDE)],
        conditions=[problem("I21.4"), problem("A41.9"), problem("I50.9", days=900)],
        sex=Known("female"),
        age=number(68, "a"),
        potassium=number(3.5, "mmol/L"),
        qtc=number(450, "ms"),
    )
    assert (points(chart), risk(chart)) == ((21, False), "high")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (problem("I21.4", days=28), (5, False)),
        (problem("401303003", SNOMED), (5, False)),
        (problem("I21.4", days=29), (3, False)),
        (problem("I21.4", days=None), (3, True)),
        (problem("I21.4", active=False), (3, False)),
        (problem("I25.2"), (3, False)),  # old myocardial infarction
        (problem("91302008", SNOMED), (6, False)),
        (problem("84114007", SNOMED, days=None), (6, False)),
    ],
)
def test_infarction_and_sepsis_count_while_they_are_acute(entry: Problem, expected: tuple[float, bool]) -> None:
    assert points(a_chart(medications=[drug(HALOPERIDOL)], conditions=[entry], **QUIET)) == expected


@pytest.mark.parametrize("missing", ["sex", "age", "potassium", "qtc"])
def test_a_value_that_is_not_known_leaves_a_lower_bound(missing: str) -> None:
    chart = a_chart(medications=[drug(HALOPERIDOL)], **{**QUIET, missing: Unknown(Reason.NOT_RECORDED)})
    assert points(chart) == (3, True)


def test_the_class_is_known_only_where_nothing_unknown_could_change_it() -> None:
    without_qtc = {**QUIET, "qtc": Unknown(Reason.NOT_RECORDED)}
    without_both = {**without_qtc, "potassium": Unknown(Reason.NOT_RECORDED)}
    one = [drug(HALOPERIDOL)]
    assert risk(a_chart(medications=one, **without_qtc)) == "low"  # 3 to 5
    assert risk(a_chart(medications=one, **without_both)) is None  # 3 to 7
    assert a_chart(medications=one, **without_both).value("tisdale_class") == Unknown(
        Reason.NOT_RECORDED, "between 3 and 7 points"
    )


def test_an_unread_list_or_a_strange_drug_may_hold_anything() -> None:
    unread = a_chart(orders=[a_draft("it", HALOPERIDOL)], unread=["medications"], **QUIET)
    strange = a_chart(medications=[drug(HALOPERIDOL)], unrecognised={"medications": ["herbs"]}, **QUIET)
    problems = a_chart(medications=[drug(HALOPERIDOL)], unread=["conditions"], **QUIET)
    for chart in (unread, strange, problems):
        assert points(chart) == (3, True)
        assert risk(chart) is None


def test_a_cream_and_a_paused_drug_do_not_count_and_an_unknown_route_may() -> None:
    cream = drug(HALOPERIDOL, route=Route.TOPICAL)
    paused = drug(CITALOPRAM, status="on-hold")
    assert points(a_chart(medications=[cream, paused], **QUIET)) == (0, False)
    assert points(a_chart(medications=[drug(HALOPERIDOL, route=Route.UNKNOWN)], **QUIET)) == (0, True)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"qtc": number(460, "ms", at_least=True)}, (5, False)),
        ({"qtc": number(440, "ms", at_least=True)}, (3, True)),
        ({"potassium": number(3.4, "mmol/L", at_least=True)}, (3, True)),
        ({"potassium": number(3.6, "mmol/L", at_least=True)}, (3, False)),
    ],
)
def test_a_bound_counts_as_far_as_it_decides(changed: dict[str, Any], expected: tuple[float, bool]) -> None:
    assert points(a_chart(medications=[drug(HALOPERIDOL)], **{**QUIET, **changed})) == expected
