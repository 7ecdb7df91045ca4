"""Facts of a drug's dose: at once, per day and week, per kilogram, over all products.

An amount keeps the unit of its substance: mg of a mass, [IU], meq or mmol of what is no mass. A rule that compares it
names the unit it means; amounts in another one stay undecided.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from cds_service.chart.amounts import NOTHING_GIVEN
from cds_service.chart.chart import Chart
from cds_service.chart.drugs import PAUSED, Drug
from cds_service.chart.facts import Fact, Known, Reason, Source, Unknown
from cds_service.chart.numbers import tidy, total
from cds_service.terminology.products import Route

NOT_RECORDED = Unknown(Reason.NOT_RECORDED)
DAYS_A_WEEK, HOURS_A_DAY = 7, 24


# One fact of a drug that is bound by an ingredient (RxNorm IN).
DrugFact = Callable[[Chart, Drug, str], Fact[Any]]


def daily_dose(chart: Chart, drug: Drug, ingredient: str) -> Fact[float]:
    """Amount of the ingredient per day from this product alone."""
    return drug.dose.daily.get(ingredient, NOT_RECORDED)


def single_dose(chart: Chart, drug: Drug, ingredient: str) -> Fact[float]:
    """Amount of the ingredient per administration."""
    return drug.dose.single.get(ingredient, NOT_RECORDED)


def zero_dose(chart: Chart, drug: Drug, ingredient: str) -> Fact[bool]:
    """Whether the instruction says to take nothing, which is no dose and never a safe one."""
    once = single_dose(chart, drug, ingredient)
    if isinstance(once, Known):
        return Known(once.value == 0, sources=once.sources, as_of=once.as_of)
    return Known(True, sources=(Source(drug.reference, drug.authored),)) if once == NOTHING_GIVEN else once


def total_daily_dose(chart: Chart, drug: Drug, ingredient: str) -> Fact[float]:
    """Amount of the ingredient per day over every systemic drug on the chart, each continued one once.

    Only a lower bound where a product has no readable dose or route, a drug is unrecognised, or a list is not whole.
    """
    return _over_all(chart, ingredient, daily_dose)


def total_single_dose(chart: Chart, drug: Drug, ingredient: str) -> Fact[float]:
    """The most of the ingredient that may be taken at once: one administration of every systemic drug on the chart.

    A lower bound where `total_daily_dose` is one.
    """
    return _over_all(chart, ingredient, single_dose)


def single_dose_per_kg(chart: Chart, drug: Drug, ingredient: str) -> Fact[float]:
    """Amount per administration for each kilogram of the patient's actual weight."""
    return _per_kg(chart, single_dose(chart, drug, ingredient))


def daily_dose_per_kg(chart: Chart, drug: Drug, ingredient: str) -> Fact[float]:
    """Amount per day from this product for each kilogram of the patient's actual weight."""
    return _per_kg(chart, daily_dose(chart, drug, ingredient))


def total_daily_dose_per_kg(chart: Chart, drug: Drug, ingredient: str) -> Fact[float]:
    """Amount per day over all products for each kilogram of the patient's actual weight."""
    return _per_kg(chart, total_daily_dose(chart, drug, ingredient))


def weekly_dose(chart: Chart, drug: Drug, ingredient: str) -> Fact[float]:
    """Amount per week from this product: seven times the mean of a day."""
    daily = daily_dose(chart, drug, ingredient)
    if isinstance(daily, Unknown):
        return daily
    unit = f"{(daily.unit or '').removesuffix('/d')}/wk"
    return Known(tidy(daily.value * DAYS_A_WEEK), unit, daily.sources, daily.as_of, at_least=daily.at_least)


def times_per_day(chart: Chart, drug: Drug, ingredient: str) -> Fact[float]:
    """Administrations per day, `/d`."""
    return drug.dose.times_per_day


def interval_hours(chart: Chart, drug: Drug, ingredient: str) -> Fact[float]:
    """Hours between two administrations, `h`: the shortest that the instruction allows if they are evenly spread.

    A single administration has none. Where several instructions run at once it is the mean.
    """
    times = drug.dose.times_per_day
    if isinstance(times, Unknown):
        return times
    duration = drug.dose.duration_days
    if times.value == 1 and isinstance(duration, Known) and duration.value <= 1:
        return Unknown(Reason.NOT_RECORDED, "given once")
    return Known(tidy(HOURS_A_DAY / times.value), "h", times.sources, times.as_of)


def _over_all(chart: Chart, ingredient: str, of_one: DrugFact) -> Fact[float]:
    holders = [each for each in chart.drugs if ingredient in each.ingredient_rxcuis and each.status != PAUSED]
    amount = total(of_one(chart, each, ingredient) for each in holders if each.route is Route.SYSTEMIC)
    if isinstance(amount, Unknown):
        return amount
    unplaced = any(each.route is Route.UNKNOWN for each in holders)
    unseen = bool(chart.unrecognised_drugs) or not (chart.medications.complete and chart.orders.complete)
    at_least = amount.at_least or unplaced or unseen
    return Known(amount.value, amount.unit, amount.sources, amount.as_of, at_least=at_least)


def _per_kg(chart: Chart, dose: Fact[float]) -> Fact[float]:
    weight = chart.value("weight")
    if isinstance(dose, Unknown):
        return dose
    if isinstance(weight, Unknown):
        return Unknown(weight.reason, weight.detail or f"weight {weight.reason.value}", weight.as_of)
    if weight.at_least:
        return Unknown(Reason.UNRECOGNISED, f"weight only known to be at least {weight.value:g} kg", weight.as_of)
    amount, slash, per = (dose.unit or "").partition("/")
    sources = tuple(dict.fromkeys((*dose.sources, *weight.sources)))
    value = tidy(dose.value / weight.value)
    return Known(value, f"{amount}/kg{slash}{per}", sources, weight.as_of, at_least=dose.at_least)


DOSE_FACTS: MappingProxyType[str, DrugFact] = MappingProxyType(
    {
        fact.__name__: fact
        for fact in (
            *(daily_dose, single_dose, zero_dose, total_daily_dose, total_single_dose, times_per_day),
            *(single_dose_per_kg, daily_dose_per_kg, total_daily_dose_per_kg, weekly_dose, interval_hours),
        )
    }
)
