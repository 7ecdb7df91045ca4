"""When drugs that prolong QT are worth a word: by drug, by QTc, by potassium, by magnesium, and never by themselves.

Expected values: the firing rules of 07-qt.md, restated from FDA labels and the AHA/ACC 2010 statement.
"""

from typing import Any

import pytest

from cds_service.chart.chart import Chart
from cds_service.chart.facts import Known
from cds_service.chart.qt_drugs import KNOWN, POSSIBLE
from cds_service.knowledge.rules import Indicator
from cds_service.presenting.choose import INDICATORS
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Outcome
from tests.rules.library import shipped
from tests.support.charts import a_chart, a_draft, a_drug, number

AZITHROMYCIN, CITALOPRAM, HALOPERIDOL, ESCITALOPRAM, SERTRALINE = "18631", "2556", "5093", "321988", "36437"
AMIODARONE, LEVOFLOXACIN = "703", "82122"
NORMAL = {"qtc": 410.0, "potassium": 4.3, "magnesium": 2.1}
UNITS = {"qtc": "ms", "potassium": "mmol/L", "magnesium": "mg/dL"}


def chart_of(new: str, taken: tuple[str, ...], sex: str = "male", **values: Any) -> Chart:
    measured: dict[str, Any] = {name: number(value, UNITS[name]) for name, value in {**NORMAL, **values}.items()}
    return a_chart(
        orders=[a_draft(new)],
        medications=[a_drug(each) for each in taken],
        age=number(50, "a"),
        sex=Known(sex),
        inpatient=Known(False),
        heart_rate=number(72, "/min"),
        **measured,
    )


def loudest(chart: Chart) -> Indicator | None:
    findings = evaluate(shipped().release.index, chart)
    said = [each for each in findings if each.outcome is Outcome.FIRES and each.rule.problem == "qt-prolongation"]
    return min((each.indicator for each in said), key=INDICATORS.__getitem__, default=None)


@pytest.mark.parametrize(
    ("new", "taken", "values", "expected"),
    [
        (AZITHROMYCIN, (), {"qtc": 501}, "critical"),
        (ESCITALOPRAM, (), {"qtc": 501}, "critical"),
        (ESCITALOPRAM, (), {"qtc": 500}, None),
        (AZITHROMYCIN, (), {"qtc": 470}, "warning"),
        (AZITHROMYCIN, (), {"qtc": 469}, None),
        (AZITHROMYCIN, (), {"potassium": 3.4}, "warning"),
        (AZITHROMYCIN, (), {"potassium": 3.5}, None),
        (AZITHROMYCIN, (), {"magnesium": 1.5}, "warning"),
        (AZITHROMYCIN, (), {"magnesium": 1.6}, None),
        (ESCITALOPRAM, (), {"potassium": 3.4}, None),
        (HALOPERIDOL, (CITALOPRAM,), {}, "info"),
        (HALOPERIDOL, (CITALOPRAM,), {"potassium": 3.4}, "warning"),
        (LEVOFLOXACIN, (AMIODARONE,), {}, "warning"),
        (AZITHROMYCIN, (ESCITALOPRAM,), {}, None),
        (AZITHROMYCIN, (SERTRALINE,), {}, None),
        (SERTRALINE, (), {"potassium": 3.0}, None),
    ],
)
def test_a_word_is_said_when_the_patient_gives_a_reason(
    new: str, taken: tuple[str, ...], values: dict[str, Any], expected: str | None
) -> None:
    assert loudest(chart_of(new, taken, **values)) == expected


@pytest.mark.parametrize(("qtc", "expected"), [(479, None), (480, "warning")])
def test_women_have_a_longer_normal_qtc(qtc: float, expected: str | None) -> None:
    assert loudest(chart_of(AZITHROMYCIN, (), sex="female", qtc=qtc)) == expected


def test_the_rules_know_the_drugs_that_the_tisdale_score_counts() -> None:
    known, possible = (rule_drugs(rule) for rule in ("qt-known-drug-at-risk", "qt-possible-drug-at-risk"))
    assert known == KNOWN
    assert possible == POSSIBLE


def rule_drugs(rule: str) -> frozenset[str]:
    return shipped().release.rules[rule].sides[0].ingredients
