"""Grades: how urgent a firing rule is for this patient. The first grade that certainly holds counts, else the default.

A grade that nobody can prove is skipped, and the finding names what was missing. A milder grade needs proof: it does
not count while a more urgent one before it might hold.
"""

import pytest

from cds_service.chart.facts import Known, Reason, Unknown
from cds_service.knowledge.rules import Indicator
from cds_service.reasoning.findings import Missing
from tests.support.charts import a_chart, a_draft, a_grade, a_line, a_rule, a_side, number
from tests.support.findings import the_finding

DANGER = a_grade(a_line("inr", "above", 4, unit="{INR}"), "critical", "INR already above 4.")
OLD = a_grade(a_line("age", "above", 75, unit="a"), "critical", "Over 75.")
FRAIL = a_grade(a_line("frail", "is", True), "warning", "Frail.")
SHIELD = a_grade(a_line("ppi", "is", True), "info", "A stomach-protecting drug is on the list.")
SPRY = a_grade(a_line("frail", "is", False), "info", "Not frail.")
CRIT, WARN, INFO = Indicator
INR_5, INR_2 = number(5, "{INR}"), number(2, "{INR}")
AGE_80, AGE_50 = number(80, "a"), number(50, "a")
YES, NO, UNSENT = Known(True), Known(False), Unknown(Reason.NOT_SENT)

# Read: sentence, the grades in their order, the default, what is known, the indicator, the fact missed.
GRADES = [
    ("no grade: the default", [], WARN, {}, WARN, None),
    ("a grade that holds", [DANGER], WARN, {"inr": INR_5}, CRIT, None),
    ("a grade that does not hold", [DANGER], WARN, {"inr": INR_2}, WARN, None),
    ("a grade nobody can prove", [DANGER], WARN, {"inr": UNSENT}, WARN, "inr"),
    ("the first of two that hold", [FRAIL, OLD], INFO, {"frail": YES, "age": AGE_80}, WARN, None),
    ("the second, when the first does not", [DANGER, OLD], WARN, {"inr": INR_2, "age": AGE_80}, CRIT, None),
    ("an urgent one after one unproven", [DANGER, OLD], WARN, {"inr": UNSENT, "age": AGE_80}, CRIT, "inr"),
    ("a lesser one after one unproven", [DANGER, FRAIL], INFO, {"inr": UNSENT, "frail": YES}, WARN, "inr"),
    ("a proven mitigation", [DANGER, SHIELD], WARN, {"inr": INR_2, "ppi": YES}, INFO, None),
    ("an unproven mitigation", [DANGER, SHIELD], WARN, {"inr": INR_2, "ppi": UNSENT}, WARN, "ppi"),
    ("a mitigation behind an unproven danger", [DANGER, SHIELD], WARN, {"inr": UNSENT, "ppi": YES}, WARN, "inr"),
    ("a mitigation that comes first", [SHIELD, DANGER], WARN, {"inr": INR_5, "ppi": YES}, INFO, None),
    ("an unproven mitigation before a danger", [SHIELD, DANGER], WARN, {"inr": INR_5, "ppi": UNSENT}, CRIT, "ppi"),
    ("two mitigations, the first unproven", [SHIELD, SPRY], WARN, {"ppi": UNSENT, "frail": NO}, INFO, "ppi"),
]


@pytest.mark.parametrize(
    ("sentence", "grades", "default", "facts", "expected", "missed"), GRADES, ids=[case[0] for case in GRADES]
)
def test_the_first_grade_that_certainly_holds_counts(
    sentence: str,
    grades: list[object],
    default: Indicator,
    facts: dict[str, object],
    expected: Indicator,
    missed: str | None,
) -> None:
    rule = a_rule(sides=[a_side("this", "x")], grades=grades, indicator=default)  # type: ignore[arg-type]
    finding = the_finding(rule, a_chart(orders=[a_draft("x")], **facts))  # type: ignore[arg-type]
    assert finding.outcome == "fires"
    assert finding.indicator is expected
    assert finding.missing == ((Missing("value", missed, Reason.NOT_SENT),) if missed else ())


def test_the_grade_that_counted_is_named_with_the_facts_that_proved_it() -> None:
    finding = the_finding(
        a_rule(sides=[a_side("this", "x")], grades=[DANGER]), a_chart(orders=[a_draft("x")], inr=INR_5)
    )
    assert finding.grade is DANGER
    assert finding.used == {"inr": INR_5}
    assert finding.skipped_grades == ()


def test_a_skipped_grade_is_named() -> None:
    rule = a_rule(sides=[a_side("this", "x")], grades=[DANGER, OLD])
    finding = the_finding(rule, a_chart(orders=[a_draft("x")], inr=UNSENT, age=AGE_80))
    assert finding.grade is OLD
    assert finding.skipped_grades == (DANGER,)


def test_a_rule_that_does_not_fire_has_no_grade() -> None:
    rule = a_rule(sides=[a_side("this", "x")], all=[a_line("frail", "is", True)], grades=[DANGER])
    finding = the_finding(rule, a_chart(orders=[a_draft("x")], inr=INR_5, frail=NO))
    assert (finding.outcome, finding.grade, finding.indicator) == ("silent", None, "warning")


def test_a_grade_that_nobody_can_prove_is_named_at_the_default() -> None:
    rule = a_rule(sides=[a_side("this", "x")], grades=[DANGER])
    finding = the_finding(rule, a_chart(orders=[a_draft("x")], inr=UNSENT))
    assert finding.grade is None
    assert finding.skipped_grades == (DANGER,)


def test_a_grade_as_urgent_as_the_default_needs_no_proof_against_a_more_urgent_one() -> None:
    rule = a_rule(sides=[a_side("this", "x")], grades=[DANGER, FRAIL], indicator=WARN)
    finding = the_finding(rule, a_chart(orders=[a_draft("x")], inr=UNSENT, frail=YES))
    assert (finding.indicator, finding.grade) == (WARN, FRAIL)
    assert finding.used == {"frail": YES}
