"""Possible childbearing, weeks and trimester of a pregnancy, breastfeeding."""

from datetime import timedelta
from typing import Any

import pytest

from cds_service.chart.drugs import Coded, Problem, ProcedureDone
from cds_service.chart.facts import Fact, Items, Known, Reason, Unknown
from cds_service.chart.observations import patient_values
from cds_service.fhir.received import KeyResult
from tests.support.observed import (
    ICD_10_CM,
    LOINC,
    NOW,
    SNOMED,
    ZONE,
    concept,
    observation,
    partial,
    patient,
    problem,
    problems,
    received,
    whole,
)

NO_PROCEDURES: Items[ProcedureDone] = Items((), complete=True, reason=None)
WOMAN = whole(patient("1996-01-01", "female"))


def value(
    name: str,
    conditions: Items[Problem] | None = None,
    procedures: Items[ProcedureDone] = NO_PROCEDURES,
    **keys: KeyResult,
) -> Fact[Any]:
    known = problems() if conditions is None else conditions
    chart = received(**{"patient": WOMAN, "vitals": whole(), **keys})
    return patient_values(chart, frozenset({name}), known, NOW, ZONE, procedures)[0][name]


def told(fact: Fact[Any]) -> Any:
    assert isinstance(fact, Known), fact
    return fact.value


def why(fact: Fact[Any]) -> Reason:
    assert isinstance(fact, Unknown), fact
    return fact.reason


def due_in(days: int) -> Any:
    """A delivery date so many days ahead, estimated a week ago."""
    date = (NOW + timedelta(days=days)).date().isoformat()
    return observation("11778-8", days=7, valueDateTime=date)


@pytest.mark.parametrize(
    ("born", "gender", "expected"),
    [
        ("1976-11-20", "female", True),  # 50 today
        ("1975-11-20", "female", False),  # 51 today
        ("2014-11-20", "female", True),  # 12 today
        ("2014-11-21", "female", False),  # 12 tomorrow
        ("1996-01-01", "male", False),
    ],
)
def test_childbearing_is_a_matter_of_sex_and_age(born: str, gender: str, expected: bool) -> None:
    assert told(value("childbearing_potential", patient=whole(patient(born, gender)))) is expected


@pytest.mark.parametrize(
    "entry",
    [
        problem("Z90.710", ICD_10_CM),
        problem("Z9851", ICD_10_CM),
        problem("Z78.0", ICD_10_CM),
        problem("267020005"),
        problem("161800001", active=False),
    ],
)
def test_a_hysterectomy_a_ligation_or_menopause_rules_it_out_for_ever(entry: Problem) -> None:
    assert told(value("childbearing_potential", problems(entry))) is False


def test_an_operation_rules_it_out_too() -> None:
    operation = ProcedureDone("Procedure/h", "hysterectomy", (Coded(SNOMED, "236886002"),), NOW)
    fact = value("childbearing_potential", procedures=Items((operation,), complete=True, reason=None))
    assert told(fact) is False
    assert isinstance(fact, Known)
    assert [source.reference for source in fact.sources] == ["Procedure/h"]


def test_a_cervix_taken_away_or_hot_flushes_do_not_rule_it_out() -> None:
    entries = problems(problem("Z90.712", ICD_10_CM), problem("N95.1", ICD_10_CM))
    assert told(value("childbearing_potential", entries)) is True


def test_childbearing_stays_open_on_lists_that_were_not_read() -> None:
    assert why(value("childbearing_potential", Items())) is Reason.NOT_SENT
    assert why(value("childbearing_potential", procedures=Items())) is Reason.NOT_SENT
    assert why(value("childbearing_potential", patient=whole(patient("1996-01-01", None)))) is Reason.NOT_RECORDED
    assert why(value("childbearing_potential", patient=whole(patient(None, "female")))) is Reason.NOT_RECORDED


@pytest.mark.parametrize(("year", "known"), [("1996", True), ("1976", True), ("1975", False), ("2014", False)])
def test_a_birth_year_decides_only_away_from_the_limits(year: str, known: bool) -> None:
    fact = value("childbearing_potential", patient=whole(patient(year, "female")))
    assert isinstance(fact, Known) is known


@pytest.mark.parametrize(
    ("days_left", "weeks", "trimester"),
    [
        (280, 0, "first"),
        (183, 13, "first"),  # (280 - 183) / 7 = 13.86
        (182, 14, "second"),  # (280 - 182) / 7 = 14
        (85, 27, "second"),
        (84, 28, "third"),
        (0, 40, "third"),
        (-13, 41, "third"),
    ],
)
def test_weeks_count_back_from_the_delivery_date(days_left: int, weeks: int, trimester: str) -> None:
    vitals = whole(due_in(days_left))
    fact = value("gestational_weeks", vitals=vitals)
    assert told(fact) == weeks
    assert isinstance(fact, Known)
    assert fact.unit == "wk"
    assert told(value("pregnancy_trimester", vitals=vitals)) == trimester


@pytest.mark.parametrize(
    ("vitals", "reason"),
    [
        (whole(), Reason.NOT_RECORDED),
        (partial(Reason.TIMED_OUT), Reason.TIMED_OUT),
        (whole(due_in(-15)), Reason.TOO_OLD),
        (whole(due_in(281)), Reason.TOO_OLD),
        (whole(observation("11778-8", valueString="soon")), Reason.MALFORMED),
    ],
)
def test_without_a_delivery_date_in_reach_the_week_is_unknown(vitals: KeyResult, reason: Reason) -> None:
    assert why(value("gestational_weeks", vitals=vitals)) is reason


def test_a_pregnancy_without_a_date_has_no_trimester_and_no_pregnancy_has_none() -> None:
    stated = observation("82810-3", valueCodeableConcept=concept("77386006", SNOMED))
    ended = observation("82810-3", valueCodeableConcept=concept("60001007", SNOMED))
    assert why(value("pregnancy_trimester", vitals=whole(stated))) is Reason.NOT_RECORDED
    assert why(value("pregnancy_trimester", vitals=whole(ended, due_in(90)))) is Reason.NOT_RECORDED
    assert why(value("pregnancy_trimester", vitals=partial(Reason.REFUSED))) is Reason.REFUSED


def answer(code: str, system: str = LOINC, days: float = 30) -> Any:
    return observation("63895-7", days=days, valueCodeableConcept=concept(code, system))


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (answer("LA29252-6"), True),
        (answer("LA29253-4"), False),
        (answer("1260078007", SNOMED), True),
        (answer("LA29252-6", days=365), True),
    ],
)
def test_breastfeeding_is_what_was_answered(resource: Any, expected: bool) -> None:
    assert told(value("lactating", vitals=whole(resource))) is expected


@pytest.mark.parametrize("entry", [problem("Z39.1", ICD_10_CM), problem("169745008"), problem("82374005")])
def test_an_active_entry_of_the_problem_list_is_breastfeeding(entry: Problem) -> None:
    assert told(value("lactating", problems(entry))) is True


def test_the_newest_word_on_breastfeeding_counts() -> None:
    stopped = whole(answer("LA29253-4", days=5))
    assert told(value("lactating", problems(problem("Z39.1", ICD_10_CM, days=90)), vitals=stopped)) is False


@pytest.mark.parametrize(
    ("conditions", "vitals", "reason"),
    [
        (problems(), whole(), Reason.NOT_RECORDED),
        (problems(), KeyResult(), Reason.NOT_SENT),
        (problems(), whole(answer("LA29252-6", days=366)), Reason.TOO_OLD),
        (problems(), whole(answer("LA29253-4", days=43)), Reason.TOO_OLD),
        (problems(), whole(answer("LA33-6")), Reason.NOT_RECORDED),
        (problems(problem("Z39.1", ICD_10_CM, days=None)), whole(), Reason.MALFORMED),
        (problems(problem("Z39.1", ICD_10_CM, active=False)), whole(), Reason.NOT_RECORDED),
    ],
)
def test_nothing_found_on_breastfeeding_is_not_a_no(
    conditions: Items[Problem], vitals: KeyResult, reason: Reason
) -> None:
    assert why(value("lactating", conditions, vitals=vitals)) is reason


def test_men_do_not_breastfeed() -> None:
    assert told(value("lactating", patient=whole(patient("1996-01-01", "male")))) is False
