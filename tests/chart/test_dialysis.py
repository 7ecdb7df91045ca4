"""Dialysis: by the problem list or a recent session, and what it does to estimates of clearance."""

from datetime import timedelta

import pytest

from cds_service.chart.dialysis import on_dialysis
from cds_service.chart.drugs import Coded, Problem, ProcedureDone
from cds_service.chart.facts import Fact, Items, Known, Reason, Unknown, Unrecognised
from cds_service.chart.measuring import Setting
from cds_service.chart.observations import patient_values
from tests.support.observed import ICD_10_CM, NOW, SNOMED, ZONE, observation, problem, problems, received, whole

CPT = "http://www.ama-assn.org/go/cpt"
NOT_READ: Items[ProcedureDone] = Items()
DEPENDENT = problem("Z99.2", ICD_10_CM)


def session(code: str, system: str = SNOMED, days: float | None = 2) -> ProcedureDone:
    when = None if days is None else NOW - timedelta(days=days)
    return ProcedureDone(f"Procedure/{code}", code, (Coded(system, code),), when)


def done(*items: ProcedureDone) -> Items[ProcedureDone]:
    return Items(items, complete=True, reason=None)


def dialysis(conditions: Items[Problem] | None = None, procedures: Items[ProcedureDone] | None = None) -> Fact[bool]:
    known = problems() if conditions is None else conditions
    return on_dialysis(known, done() if procedures is None else procedures, Setting(NOW, ZONE))


@pytest.mark.parametrize(
    "entry",
    [
        DEPENDENT,
        problem("Z992", ICD_10_CM),
        problem("105502003"),
        problem("714152005"),
        problem("105502003", days=None),
    ],
)
def test_an_active_dialysis_problem_is_dialysis(entry: Problem) -> None:
    fact = dialysis(problems(entry), NOT_READ)
    assert isinstance(fact, Known)
    assert fact.value
    assert [source.reference for source in fact.sources] == [entry.reference]


@pytest.mark.parametrize(("code", "system"), [("265764009", SNOMED), ("71192002", SNOMED), ("90935", CPT)])
def test_a_session_of_the_last_two_weeks_is_dialysis(code: str, system: str) -> None:
    older, newer = session(code, system, 9), session(code, system, 2)
    fact = dialysis(Items(), done(newer, older))
    assert isinstance(fact, Known)
    assert (fact.value, fact.as_of) == (True, newer.when)


@pytest.mark.parametrize(("days", "expected"), [(14, True), (14.01, False), (None, False)])
def test_an_old_or_undated_session_proves_nothing(days: float | None, expected: bool) -> None:
    fact = dialysis(procedures=done(session("302497006", days=days)))
    assert isinstance(fact, Known)
    assert fact.value is expected


@pytest.mark.parametrize(
    "entry", [problem("N18.6", ICD_10_CM), problem("46177005"), problem("Z99.2", ICD_10_CM, active=False)]
)
def test_end_stage_disease_or_a_past_dialysis_is_none_now(entry: Problem) -> None:
    assert dialysis(problems(entry)) == Known(False)


@pytest.mark.parametrize(
    ("conditions", "procedures", "reason", "detail"),
    [
        (Items(), done(), Reason.NOT_SENT, "problem list not sent"),
        (problems(), NOT_READ, Reason.NOT_SENT, "procedures not sent"),
        (problems(unrecognised="kidneys"), done(), Reason.UNRECOGNISED, "the problem list has an entry"),
        (problems(), Items((), (Unrecognised("local"),), True, None), Reason.UNRECOGNISED, "procedures unrecognised"),
    ],
)
def test_a_list_that_was_not_read_whole_is_not_the_absence_of_dialysis(
    conditions: Items[Problem], procedures: Items[ProcedureDone], reason: Reason, detail: str
) -> None:
    fact = dialysis(conditions, procedures)
    assert isinstance(fact, Unknown)
    assert fact.reason is reason
    assert fact.detail.startswith(detail)


def test_a_transplant_beside_a_dialysis_problem_leaves_it_open_unless_there_was_a_session() -> None:
    both = problems(DEPENDENT, problem("Z94.0", ICD_10_CM))
    assert isinstance(dialysis(both), Unknown)
    assert dialysis(both, done(session("302497006"))) == dialysis(procedures=done(session("302497006")))


@pytest.mark.parametrize("name", ["crcl", "crcl_adjusted", "egfr_ckdepi2021"])
def test_clearance_is_never_estimated_on_dialysis(name: str) -> None:
    # 03-renal: "Never estimate CrCl or eGFR in a dialysis patient".
    labs = whole(observation("2160-0", 6.0, "mg/dL"))
    vitals = whole(observation("29463-7", 70, "kg"), observation("8302-2", 170, "cm"))
    chart = received(labs=labs, vitals=vitals)

    def estimate(conditions: Items[Problem]) -> Fact[float]:
        return patient_values(chart, frozenset({name}), conditions, NOW, ZONE, done())[0][name]

    assert isinstance(estimate(problems()), Known)
    fact = estimate(problems(DEPENDENT))
    assert isinstance(fact, Unknown)
    assert (fact.reason, fact.detail) == (Reason.NOT_VALID, "on dialysis")


def test_an_unread_list_of_procedures_does_not_keep_clearance_unknown() -> None:
    labs, vitals = whole(observation("2160-0", 1.0, "mg/dL")), whole(observation("29463-7", 70, "kg"))
    values, _ = patient_values(received(labs=labs, vitals=vitals), frozenset({"crcl"}), Items(), NOW, ZONE)
    assert isinstance(values["dialysis"], Unknown)
    assert isinstance(values["crcl"], Known)
