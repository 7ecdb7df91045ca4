"""Numbers: limits, lower bounds, units, and how long ago something was measured."""

from datetime import timedelta

import pytest

from cds_service.chart.facts import Known, Reason, Unknown
from cds_service.reasoning.findings import Missing
from cds_service.reasoning.lines import read_line
from cds_service.reasoning.logic import Truth
from tests.support.charts import NOW, a_chart, a_dose, a_draft, a_drug, a_line, a_rule, a_side, number
from tests.support.findings import outcome_of, the_finding

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN

# Read: operator, limit; just under, exactly at, just over the limit of 30 (or the range 30 to 45).
LIMITS = [
    ("below", 30.0, {29.9: T, 30.0: F, 30.1: F}),
    ("at_most", 30.0, {29.9: T, 30.0: T, 30.1: F}),
    ("at_least", 30.0, {29.9: F, 30.0: T, 30.1: T}),
    ("above", 30.0, {29.9: F, 30.0: F, 30.1: T}),
    ("between", (30.0, 45.0), {29.9: F, 30.0: T, 37.0: T, 45.0: T, 45.1: F}),
]


@pytest.mark.parametrize(("operator", "limit", "answers"), LIMITS)
def test_a_limit_is_exact_at_its_edge(operator: str, limit: object, answers: dict[float, Truth]) -> None:
    line = a_line("egfr", operator, limit, unit="mL/min/{1.73_m2}")
    for value, expected in answers.items():
        assert read_line(line, a_chart(egfr=number(value, "mL/min/{1.73_m2}")), {}).truth is expected


# A daily dose summed over products, one of which has no readable dose, is only a lower bound: the true dose is that
# or more. Read: operator, limit; answers when the bound is under, at and over the limit of 4000 (range 1000 to 4000).
LOWER_BOUNDS = [
    ("above", 4000.0, {3900.0: U, 4000.0: U, 4100.0: T}),
    ("at_least", 4000.0, {3900.0: U, 4000.0: T, 4100.0: T}),
    ("below", 4000.0, {3900.0: U, 4000.0: F, 4100.0: F}),
    ("at_most", 4000.0, {3900.0: U, 4000.0: U, 4100.0: F}),
    ("between", (1000.0, 4000.0), {500.0: U, 2000.0: U, 4000.0: U, 4100.0: F}),
]


@pytest.mark.parametrize(("operator", "limit", "answers"), LOWER_BOUNDS)
def test_a_lower_bound_decides_only_what_no_higher_value_could_change(
    operator: str, limit: object, answers: dict[float, Truth]
) -> None:
    line = a_line("dose", operator, limit, unit="mg/d")
    for value, expected in answers.items():
        assert read_line(line, a_chart(dose=number(value, "mg/d", at_least=True)), {}).truth is expected


def test_an_undecided_lower_bound_says_what_is_known() -> None:
    line = a_line("dose", "above", 4000.0, unit="mg/d")
    verdict = read_line(line, a_chart(dose=number(3900, "mg/d", at_least=True)), {})
    assert verdict.missing == (Missing("value", "dose", Reason.NOT_RECORDED, "only known to be at least 3900 mg/d"),)


def test_a_number_in_another_unit_is_never_compared() -> None:
    verdict = read_line(a_line("dose", "above", 10.0, unit="mg/d"), a_chart(dose=number(400, "[IU]/d")), {})
    assert verdict.truth is U
    found = "in [IU]/d, the rule compares mg/d"
    assert verdict.missing == (Missing("value", "dose", Reason.UNRECOGNISED, found),)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_value_that_is_not_known_decides_nothing_and_says_why(reason: Reason) -> None:
    chart = a_chart(egfr=Unknown(reason, "creatinine of 3 Mar 2020"))
    verdict = read_line(a_line("egfr", "below", 30.0, unit="mL/min"), chart, {})
    assert verdict.truth is U
    assert verdict.missing == (Missing("value", "egfr", reason, "creatinine of 3 Mar 2020"),)


def test_a_value_nobody_asked_for_is_unknown() -> None:
    verdict = read_line(a_line("egfr", "below", 30.0, unit="mL/min"), a_chart(), {})
    assert verdict.missing == (Missing("value", "egfr", Reason.NOT_REQUESTED),)


def test_a_deciding_value_is_remembered_with_its_unit_and_date() -> None:
    inr = number(4.8, "{INR}", days_ago=3)
    assert read_line(a_line("inr", "above", 4.0, unit="{INR}"), a_chart(inr=inr), {}).used == {"inr": inr}


# Words and yes-or-no facts. Read: the fact, operator, operand, answer.
WORDS = [
    (Known(True), "is", True, T),
    (Known(True), "is", False, F),
    (Known(False), "is", False, T),
    (Known("female"), "is", "female", T),
    (Known("male"), "is", "female", F),
    (Known("former"), "any_in", ("current", "former"), T),
    (Known("never"), "any_in", ("current", "former"), F),
    (Known("former"), "none_in", ("current", "former"), F),
    (Known("never"), "none_in", ("current", "former"), T),
    (Unknown(Reason.NOT_SENT), "none_in", ("current", "former"), U),
]


@pytest.mark.parametrize(("fact", "operator", "operand", "expected"), WORDS)
def test_words_and_answers_are_compared_as_written(
    fact: object, operator: str, operand: object, expected: Truth
) -> None:
    chart = a_chart(smoking_status=fact)  # type: ignore[arg-type]
    assert read_line(a_line("smoking_status", operator, operand), chart, {}).truth is expected


# "within_days = 14" asks when it was last measured, not what it was. Read: sentence, the INR, answer.
AGES = [
    ("measured today", number(2, "{INR}"), T),
    ("measured 14 days ago, to the minute", number(2, "{INR}", days_ago=14), T),
    ("measured a minute more than 14 days ago", Known(2, "{INR}", as_of=NOW - timedelta(days=14, minutes=1)), F),
    ("past its shelf life, but its date is known", Unknown(Reason.TOO_OLD, as_of=NOW - timedelta(days=200)), F),
    ("too old for use, yet within the days asked", Unknown(Reason.TOO_OLD, as_of=NOW - timedelta(days=10)), T),
    ("past its shelf life, date not known", Unknown(Reason.TOO_OLD), U),
    ("the laboratory list was read whole and holds none", Unknown(Reason.NOT_RECORDED), F),
    ("known, but without a date", Known(2, "{INR}"), U),
    ("not sent", Unknown(Reason.NOT_SENT), U),
    ("the page was cut short", Unknown(Reason.TRUNCATED), U),
    ("not asked for", Unknown(Reason.NOT_REQUESTED), U),
    ("a value nobody believes", Unknown(Reason.IMPLAUSIBLE, as_of=NOW), U),
]


@pytest.mark.parametrize(("sentence", "inr", "expected"), AGES, ids=[case[0] for case in AGES])
def test_within_days_asks_for_the_date(sentence: str, inr: object, expected: Truth) -> None:
    verdict = read_line(a_line("inr", "within_days", 14.0), a_chart(inr=inr), {})  # type: ignore[arg-type]
    assert verdict.truth is expected
    assert [(missing.kind, missing.subject) for missing in verdict.missing] == (
        [("value", "inr")] if expected is U else []
    )


WITHIN_TWO_WEEKS = a_line("inr", "within_days", 14.0)


@pytest.mark.parametrize(("sentence", "inr", "expected"), AGES, ids=[case[0] for case in AGES])
def test_the_value_whose_date_decided_is_remembered(sentence: str, inr: object, expected: Truth) -> None:
    verdict = read_line(WITHIN_TWO_WEEKS, a_chart(inr=inr), {})  # type: ignore[arg-type]
    assert verdict.used == ({} if expected is U else {"inr": inr})


# Read: what is known of the INR, why nobody can say whether it was measured within two weeks.
UNDATED = [
    (Known(2, "{INR}"), Missing("value", "inr", Reason.NOT_RECORDED, "no date")),
    (Unknown(Reason.TRUNCATED, "page 1 of 3"), Missing("value", "inr", Reason.TRUNCATED, "page 1 of 3")),
    (Unknown(Reason.NOT_SENT), Missing("value", "inr", Reason.NOT_SENT)),
]


@pytest.mark.parametrize(("inr", "missing"), UNDATED)
def test_a_date_that_is_not_known_is_named_with_the_reason(inr: object, missing: Missing) -> None:
    assert read_line(WITHIN_TWO_WEEKS, a_chart(inr=inr), {}).missing == (missing,)  # type: ignore[arg-type]


def test_a_fact_of_a_drug_is_read_beside_the_rest_of_the_chart() -> None:
    # 3000 mg/d ordered; with the 2000 mg/d already taken that makes 5000 mg/d.
    rule = a_rule(sides=[a_side("this", "x")], all=[a_line("this.total_daily_dose", "above", 4000.0, unit="mg/d")])
    draft, taken = a_draft("x", dose=a_dose("x", 3000)), a_drug("x", dose=a_dose("x", 2000))
    assert outcome_of(rule, a_chart(orders=[draft])) == "silent"
    assert outcome_of(rule, a_chart(orders=[draft], medications=[taken])) == "fires"


def test_the_dose_of_a_drug_is_named_with_its_side() -> None:
    rule = a_rule(sides=[a_side("this", "x")], all=[a_line("this.daily_dose", "above", 4000.0, unit="mg/d")])
    high, unreadable = a_draft("x", dose=a_dose("x", 5000)), a_draft("x")
    assert list(the_finding(rule, a_chart(orders=[high])).used) == ["this.daily_dose"]
    (missing,) = the_finding(rule, a_chart(orders=[unreadable])).missing
    assert (missing.kind, missing.subject) == ("value", "this.daily_dose")
