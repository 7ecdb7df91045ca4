"""Administrations per day from FHIR Timing; hand calculation."""

from typing import Any

import msgspec
import pytest

from cds_service.chart.facts import Known, Reason, Unknown
from cds_service.chart.timings import duration_days, times_per_day
from cds_service.fhir.resources import Timing


def timing(**members: Any) -> Timing:
    return msgspec.convert(members, Timing)


def repeat(**members: Any) -> Timing:
    return timing(repeat=members)


@pytest.mark.parametrize(
    ("members", "per_day"),
    [
        ({"frequency": 2, "period": 1, "periodUnit": "d"}, 2),
        ({"frequency": 1, "period": 6, "periodUnit": "h"}, 4),
        ({"frequency": 1, "period": 4, "periodMax": 6, "periodUnit": "h"}, 6),
        ({"frequency": 1, "frequencyMax": 3, "period": 1, "periodUnit": "d"}, 3),
        ({"frequencyMax": 3, "period": 1, "periodUnit": "d"}, 3),
        ({"frequency": 1, "period": 1, "periodUnit": "wk"}, 1 / 7),
        ({"frequency": 1, "period": 3, "periodUnit": "d"}, 1 / 3),
        ({"frequency": 1, "period": 1, "periodUnit": "mo"}, 1 / 30.4375),
        ({"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon"]}, 1 / 7),
        ({"frequency": 1, "period": 1, "periodUnit": "wk", "dayOfWeek": ["mon"]}, 1 / 7),
        ({"timeOfDay": ["08:00:00", "20:00:00"]}, 2),
        ({"when": ["MORN", "HS"]}, 2),
        ({"when": ["MORN"], "dayOfWeek": ["mon", "wed", "fri"]}, 3 / 7),
        ({"count": 1}, 1),
    ],
)
def test_a_repeat_gives_the_most_administrations_per_day(members: dict[str, Any], per_day: float) -> None:
    assert times_per_day(repeat(**members)) == Known(pytest.approx(per_day), "/d")


@pytest.mark.parametrize(
    ("code", "per_day"),
    [
        ("BID", 2),
        ("TID", 3),
        ("QID", 4),
        ("QD", 1),
        ("QOD", 0.5),
        ("AM", 1),
        ("BED", 1),
        ("WK", 1 / 7),
        ("bid", 2),
        ("Q4H", 6),
        ("Q6H", 4),
        ("Q8H", 3),
        ("Q12H", 2),
        ("Q 12H", 2),
        ("Q72H", 1 / 3),
        ("ONCE", 1),
    ],
)
def test_a_timing_code_is_read_by_code_or_text(code: str, per_day: float) -> None:
    assert times_per_day(timing(code={"coding": [{"code": code}]})) == Known(pytest.approx(per_day), "/d")
    assert times_per_day(timing(code={"text": code})) == Known(pytest.approx(per_day), "/d")


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({}, Reason.NOT_RECORDED),
        ({"repeat": {"period": 1, "periodUnit": "d"}}, Reason.NOT_RECORDED),
        ({"repeat": {"frequency": 2}}, Reason.NOT_RECORDED),
        ({"repeat": {"frequency": 2, "period": 1, "periodUnit": "fortnight"}}, Reason.NOT_RECORDED),
        ({"repeat": {"when": ["PC"]}}, Reason.NOT_RECORDED),
        ({"repeat": {"dayOfWeek": ["mon"]}}, Reason.NOT_RECORDED),
        ({"code": {"text": "as directed"}}, Reason.UNRECOGNISED),
        ({"code": {"text": "Q0H"}}, Reason.UNRECOGNISED),
        ({"repeat": {"frequency": 100, "period": 1, "periodUnit": "d"}}, Reason.IMPLAUSIBLE),
        ({"repeat": {"frequency": -1, "period": 1, "periodUnit": "d"}}, Reason.IMPLAUSIBLE),
    ],
)
def test_a_frequency_that_is_not_stated_is_never_assumed(members: dict[str, Any], reason: Reason) -> None:
    found = times_per_day(timing(**members))
    assert isinstance(found, Unknown)
    assert found.reason is reason


def test_no_timing_has_no_frequency_and_no_duration() -> None:
    assert times_per_day(None) == Unknown(Reason.NOT_RECORDED)
    assert duration_days(None) == Unknown(Reason.NOT_RECORDED)


@pytest.mark.parametrize(
    ("quantity", "days"),
    [({"value": 10, "code": "d"}, 10), ({"value": 2, "unit": "weeks"}, 14), ({"value": 48, "unit": "h"}, 2)],
)
def test_a_bounded_order_runs_so_many_days(quantity: dict[str, Any], days: float) -> None:
    assert duration_days(repeat(boundsDuration=quantity)) == Known(pytest.approx(days), "d")


def test_a_duration_without_a_readable_unit_is_unknown() -> None:
    found = duration_days(repeat(boundsDuration={"value": 3, "unit": "courses"}))
    assert found == Unknown(Reason.UNRECOGNISED, "duration in courses")


def test_a_duration_longer_than_a_life_is_implausible() -> None:
    found = duration_days(repeat(boundsDuration={"value": 1e308, "code": "a"}))
    assert isinstance(found, Unknown)
    assert found.reason is Reason.IMPLAUSIBLE


@pytest.mark.parametrize("once", [{"repeat": {"count": 1}}, {"code": {"coding": [{"code": "ONCE"}]}}])
def test_a_single_administration_runs_one_day(once: dict[str, Any]) -> None:
    assert duration_days(timing(**once)) == Known(1.0, "d")
