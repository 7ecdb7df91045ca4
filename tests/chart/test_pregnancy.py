"""Pregnancy status by the newest evidence still in date."""

from typing import Any

import pytest

from cds_service.chart.facts import Items, Known, Reason, Unknown
from cds_service.chart.observations import patient_values
from cds_service.fhir.received import KeyResult
from tests.support.observed import (
    ICD_10_CM,
    NOW,
    SNOMED,
    ZONE,
    concept,
    days_ago,
    observation,
    partial,
    patient,
    problem,
    problems,
    received,
    whole,
)

PREGNANT, NOT_PREGNANT, POSSIBLE = "77386006", "60001007", "146799005"


def answer(code: str, days: float) -> Any:
    return observation("82810-3", days=days, valueCodeableConcept=concept(code, SNOMED))


def due(days_ahead: float, recorded: float = 30) -> Any:
    return observation("11778-8", days=recorded, valueDateTime=days_ago(-days_ahead)[:10])


def status(vitals: KeyResult, conditions: Any = None, gender: str = "female") -> tuple[Any, Any]:
    call = received(patient=whole(patient("1996-01-01", gender)), vitals=vitals)
    known = problems() if conditions is None else conditions
    values, _ = patient_values(call, frozenset({"pregnant"}), known, NOW, ZONE)
    return values["pregnancy_status"], values["pregnant"]


@pytest.mark.parametrize(
    ("code", "word", "pregnant"), [(PREGNANT, "pregnant", True), (NOT_PREGNANT, "not-pregnant", False)]
)
def test_a_recent_statement_decides(code: str, word: str, pregnant: bool) -> None:
    said, fact = status(whole(answer(code, 20)))
    assert said.value == word
    assert fact.value is pregnant
    assert fact.as_of == said.as_of


def test_a_possible_pregnancy_is_neither_yes_nor_no() -> None:
    said, fact = status(whole(answer(POSSIBLE, 5)))
    assert said.value == "possible"
    assert isinstance(fact, Unknown)
    assert fact.detail == "possible pregnancy, not confirmed"


def test_men_are_not_pregnant() -> None:
    assert status(whole(), gender="male")[1].value is False


def test_a_later_no_ends_a_pregnancy() -> None:
    assert status(whole(answer(PREGNANT, 120), due(60), answer(NOT_PREGNANT, 3)))[1].value is False


def test_a_later_pregnancy_problem_overrules_an_earlier_no() -> None:
    assert status(whole(answer(NOT_PREGNANT, 40)), problems(problem("72892002", days=10)))[1].value is True


@pytest.mark.parametrize(("days_ahead", "pregnant"), [(-13, True), (1, True), (300, True)])
def test_a_delivery_date_near_or_ahead_is_a_pregnancy(days_ahead: float, pregnant: bool) -> None:
    assert status(whole(due(days_ahead)))[1].value is pregnant


@pytest.mark.parametrize("days_ahead", [-16, 310])
def test_a_delivery_date_long_gone_or_impossibly_far_proves_nothing(days_ahead: float) -> None:
    assert status(whole(due(days_ahead)))[1] == Unknown(Reason.NOT_RECORDED, "pregnancy status not recorded")


def test_a_delivery_date_that_is_no_date_proves_nothing() -> None:
    unreadable = observation("11778-8", days=3, valueDateTime="around Easter")
    assert isinstance(status(whole(unreadable))[1], Unknown)


@pytest.mark.parametrize("code", ["Z33.1", "Z331", "Z34.90", "O09.521", "O26.891", "O24.419"])
def test_icd_codes_that_only_hold_before_delivery_are_a_pregnancy(code: str) -> None:
    fact = status(whole(), problems(problem(code, ICD_10_CM)))[1]
    held = code.replace(".", "").startswith(("Z331", "Z34", "O09"))
    assert (isinstance(fact, Known) and fact.value) is held


@pytest.mark.parametrize("code", ["O03.9", "O80", "O90.6", "O14.95"])
def test_loss_delivery_and_the_time_after_are_no_pregnancy(code: str) -> None:
    assert isinstance(status(whole(), problems(problem(code, ICD_10_CM)))[1], Unknown)


def test_an_old_active_pregnancy_problem_is_stale() -> None:
    said, fact = status(whole(), problems(problem("72892002", days=400)))
    assert fact.reason is Reason.TOO_OLD
    assert said.detail == "pregnancy status of 16 Oct 2025"  # 400 days before 20 Nov 2026


def test_an_old_no_does_not_prove_that_she_is_not_pregnant_now() -> None:
    assert status(whole(answer(NOT_PREGNANT, 43)))[1].reason is Reason.TOO_OLD


def test_an_undated_pregnancy_problem_proves_nothing_about_today() -> None:
    assert status(whole(), problems(problem("77386006", days=None)))[1].reason is Reason.MALFORMED


def test_an_undated_statement_proves_nothing_about_today() -> None:
    undated = observation("82810-3", effectiveDateTime=None, valueCodeableConcept=concept(PREGNANT, SNOMED))
    assert isinstance(status(whole(undated))[1], Unknown)


def test_a_resolved_pregnancy_problem_is_no_pregnancy() -> None:
    assert isinstance(status(whole(), problems(problem("72892002", active=False)))[1], Unknown)


def test_nothing_on_file_is_not_a_no() -> None:
    assert status(whole())[1] == Unknown(Reason.NOT_RECORDED, "pregnancy status not recorded")


def test_what_was_not_read_is_named() -> None:
    assert status(partial(Reason.REFUSED))[1] == Unknown(Reason.REFUSED, "pregnancy status refused")
    assert status(whole(), Items())[1] == Unknown(Reason.NOT_SENT, "problem list not sent")


def test_an_answer_outside_the_value_set_says_nothing() -> None:
    assert isinstance(status(whole(answer("261665006", 2)))[1], Unknown)
