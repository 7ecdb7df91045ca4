"""Doses at once, per week and per kilogram, over all products; amounts are worked out by hand in the comments."""

from typing import Any

import pytest

from cds_service.chart.drug_facts import drug_fact
from cds_service.chart.drugs import Dose, Drug
from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.terminology.products import Route, Strength
from tests.support.charts import NOW, a_chart, a_draft, a_drug, number

IT = "paracetamol"


def dosed(
    name: str = "syrup",
    single: Fact[float] | None = None,
    daily: Fact[float] | None = None,
    times: float | None = None,
    days: float | None = None,
    **more: Any,
) -> Drug:
    def known(value: float | None, unit: str) -> Fact[float]:
        return Unknown(Reason.NOT_RECORDED) if value is None else Known(value, unit)

    dose = Dose(
        daily={} if daily is None else {IT: daily},
        single={} if single is None else {IT: single},
        times_per_day=known(times, "/d"),
        duration_days=known(days, "d"),
    )
    return a_drug(name, IT, dose=dose, **more)


def fact(name: str, drug: Drug, *others: Drug, **values: Any) -> Fact[Any]:
    return drug_fact(a_chart(medications=[drug, *others], **values), drug, IT, name)


def amount(found: Fact[Any]) -> tuple[float, str | None, bool]:
    assert isinstance(found, Known), found
    return found.value, found.unit, found.at_least


@pytest.mark.parametrize(
    ("dose", "expected"),
    [
        (Known(240.0, "mg"), (20.0, "mg/kg", False)),  # 240 mg / 12 kg
        (Known(1200.0, "[IU]"), (100.0, "[IU]/kg", False)),
        (Known(240.0, "mg", at_least=True), (20.0, "mg/kg", True)),
    ],
)
def test_a_single_dose_per_kilogram_keeps_its_unit(dose: Fact[float], expected: tuple[float, str, bool]) -> None:
    assert amount(fact("single_dose_per_kg", dosed(single=dose), weight=number(12, "kg"))) == expected


def test_a_daily_dose_per_kilogram_names_the_weight_it_used() -> None:
    # 4 x 240 mg = 960 mg/d; / 12 kg = 80 mg/kg/d
    found = fact("daily_dose_per_kg", dosed(daily=Known(960.0, "mg/d")), weight=number(12, "kg", days_ago=3))
    assert amount(found) == (80.0, "mg/kg/d", False)
    assert isinstance(found, Known)
    assert found.as_of == number(12, "kg", days_ago=3).as_of


def test_a_dose_per_kilogram_over_all_products_adds_them_up() -> None:
    # (480 + 240) / 12 = 60 mg/kg/d
    one, other = dosed(daily=Known(480.0, "mg/d")), dosed("drops", daily=Known(240.0, "mg/d"))
    assert amount(fact("total_daily_dose_per_kg", one, other, weight=number(12, "kg"))) == (60.0, "mg/kg/d", False)


@pytest.mark.parametrize(
    ("weight", "reason", "detail"),
    [
        (Unknown(Reason.TOO_OLD, "weight of 3 Mar 2020", NOW), Reason.TOO_OLD, "weight of 3 Mar 2020"),
        (Unknown(Reason.NOT_SENT), Reason.NOT_SENT, "weight not sent"),
        (Known(12.0, "kg", at_least=True), Reason.UNRECOGNISED, "weight only known to be at least 12 kg"),
    ],
)
def test_without_the_weight_there_is_no_dose_per_kilogram(weight: Fact[float], reason: Reason, detail: str) -> None:
    found = fact("single_dose_per_kg", dosed(single=Known(240.0, "mg")), weight=weight)
    assert isinstance(found, Unknown)
    assert (found.reason, found.detail) == (reason, detail)


def test_without_a_dose_there_is_none_per_kilogram() -> None:
    assert fact("single_dose_per_kg", dosed(), weight=number(12, "kg")) == Unknown(Reason.NOT_RECORDED)


@pytest.mark.parametrize(
    ("daily", "expected"),
    [
        (Known(15 / 7, "mg/d"), (15.0, "mg/wk", False)),  # 15 mg once a week
        (Known(50000 / 7, "[IU]/d"), (50000.0, "[IU]/wk", False)),
        (Known(5.0, "mg/d", at_least=True), (35.0, "mg/wk", True)),
    ],
)
def test_a_week_has_seven_days(daily: Fact[float], expected: tuple[float, str, bool]) -> None:
    assert amount(fact("weekly_dose", dosed(daily=daily))) == expected


def test_without_a_daily_dose_there_is_no_weekly_one() -> None:
    assert isinstance(fact("weekly_dose", dosed()), Unknown)


@pytest.mark.parametrize(("times", "hours"), [(4, 6.0), (3, 8.0), (1, 24.0), (0.5, 48.0), (1 / 7, 168.0)])
def test_hours_between_doses_follow_from_times_a_day(times: float, hours: float) -> None:
    assert amount(fact("interval_hours", dosed(times=times))) == (hours, "h", False)


def test_a_dose_given_once_has_no_interval() -> None:
    once = fact("interval_hours", dosed(times=1, days=1))
    assert once == Unknown(Reason.NOT_RECORDED, "given once")
    assert fact("interval_hours", dosed()) == Unknown(Reason.NOT_RECORDED)
    assert amount(fact("interval_hours", dosed(times=1, days=7))) == (24.0, "h", False)


def test_what_may_be_taken_at_once_adds_up_over_products() -> None:
    # 1000 mg tablet + 650 mg in a combination
    tablet, combination = dosed(single=Known(1000.0, "mg")), dosed("combination", single=Known(650.0, "mg"))
    assert amount(fact("total_single_dose", tablet, combination)) == (1650.0, "mg", False)


@pytest.mark.parametrize(
    "other", [dosed("drops"), dosed("gel", single=Known(5.0, "mg"), route=Route.UNKNOWN, dose_form=None)]
)
def test_a_product_without_a_dose_or_route_leaves_a_lower_bound(other: Drug) -> None:
    assert amount(fact("total_single_dose", dosed(single=Known(1000.0, "mg")), other)) == (1000.0, "mg", True)


def test_a_paused_order_and_a_cream_do_not_count() -> None:
    tablet = dosed(single=Known(1000.0, "mg"))
    cream = dosed("cream", single=Known(9.0, "mg"), route=Route.TOPICAL)
    paused = dosed("paused", single=Known(500.0, "mg"), status="on-hold")
    assert amount(fact("total_single_dose", tablet, cream, paused)) == (1000.0, "mg", False)


@pytest.mark.parametrize(
    ("strength", "expected"),
    [
        (Strength(100, "[IU]"), (100.0, "[IU]")),
        (Strength(20, "meq"), (20.0, "meq")),
        (Strength(0.05, "mg/h"), (50.0, "ug/h")),
        (Strength(0.3, "mg"), (0.3, "mg")),
    ],
)
def test_a_strength_keeps_the_unit_of_what_is_no_mass(strength: Strength, expected: tuple[float, str]) -> None:
    drug = a_draft("it", IT, strength=strength)
    found = drug_fact(a_chart(orders=[drug]), drug, IT, "strength")
    assert amount(found)[:2] == expected
