"""Daily opioid dose in morphine milligram equivalents (MME).

Factors: CDC Clinical Practice Guideline for Prescribing Opioids for Pain, MMWR Recomm Rep 2022;71(RR-3):1-95, table of
morphine milligram equivalents. They serve to compare risks, never to choose a dose when one opioid replaces another.
"""

from collections.abc import Iterator
from types import MappingProxyType

from cds_service.chart.drugs import PAUSED, Drug
from cds_service.chart.facts import Fact, Items, Known, Reason, Unknown
from cds_service.chart.numbers import tidy, total
from cds_service.terminology.products import Ingredient, Route
from cds_service.terminology.units import convert

FORMULA = "CDC 2022 factors"
UNIT = "mg/d"

# RxNorm IN: MME of one milligram that is swallowed.
ORAL = MappingProxyType(
    {
        "2670": 0.15,  # codeine
        "5489": 1.0,  # hydrocodone
        "3423": 5.0,  # hydromorphone
        "6813": 4.7,  # methadone
        "7052": 1.0,  # morphine
        "7804": 1.5,  # oxycodone
        "7814": 3.0,  # oxymorphone
        "787390": 0.4,  # tapentadol
        "10689": 0.2,  # tramadol
    }
)
FENTANYL = "4337"
MME_PER_DAY_OF_ONE_UG_PER_HOUR = 2.4  # transdermal fentanyl

# Opioids without a factor: their dose is part of no sum, so a sum beside them is a lower bound.
NO_FACTOR = frozenset(
    {
        "6754",  # meperidine
        "6378",  # levorphanol
        "1841",  # butorphanol
        "8001",  # pentazocine
        "7238",  # nalbuphine
        "23088",  # dihydrocodeine
        "2392230",  # oliceridine
        "56795",  # sufentanil
        "2001352",  # benzhydrocodone
        "73032",  # remifentanil
        "480",  # alfentanil
        "7676",  # opium
    }
)
# Buprenorphine is a partial agonist and never part of the sum (CDC 2022); it is in neither table.
COUNTED = frozenset({*ORAL, FENTANYL, *NO_FACTOR})

PATCH = "Transdermal System"
SWALLOWED = ("Oral", "Chewable", "Extended Release Suspension")
NOT_SWALLOWED = frozenset({"Oral Lozenge", "Oral Spray", "Oral Film"})


def daily_mme(orders: Items[Drug], medications: Items[Drug]) -> Fact[float]:
    """MME per day over every opioid that is ordered or taken, each continued one once, unit `mg/d`.

    As-needed orders count with the most they allow. Only a lower bound where an opioid has no readable dose or no
    factor, a drug is unrecognised or a list is not whole; Unknown when no opioid has a dose. Without any opioid on
    lists that were read whole it is 0.
    """
    parts = [
        part for drug in (*orders.items, *medications.items) if drug.status != PAUSED for part in equivalents(drug)
    ]
    unread = next((each for each in (orders, medications) if not each.complete), None)
    unseen = unread is not None or bool(orders.unrecognised or medications.unrecognised)
    if not parts:
        return Unknown(unread.reason or Reason.NOT_SENT, "medications") if unread else Known(0.0, UNIT, at_least=unseen)
    amount = total(parts)
    if isinstance(amount, Unknown):
        return amount
    at_least = amount.at_least or unseen
    return Known(amount.value, UNIT, amount.sources, amount.as_of, at_least=at_least, formula=FORMULA)


def equivalents(drug: Drug) -> Iterator[Fact[float]]:
    """The MME per day of each opioid in one product; nothing for a form that acts where it is put."""
    for ingredient in drug.ingredients:
        if ingredient.rxcui in COUNTED and drug.route in (Route.SYSTEMIC, Route.UNKNOWN):
            yield equivalent(drug, ingredient)


def equivalent(drug: Drug, ingredient: Ingredient) -> Fact[float]:
    """The MME per day of one opioid; Unknown says what is missing: the dose, the form, or a factor."""
    if ingredient.rxcui == FENTANYL and drug.dose_form == PATCH:
        return of_patch(drug, ingredient)
    if ingredient.rxcui not in ORAL or (drug.dose_form and not is_swallowed(drug.dose_form)):
        return Unknown(Reason.UNRECOGNISED, f"{drug.name} has no morphine equivalent")
    if drug.dose_form is None:
        return Unknown(Reason.NOT_RECORDED, f"dose form of {drug.name}")
    daily = drug.dose.daily.get(ingredient.rxcui, Unknown(Reason.NOT_RECORDED))
    if isinstance(daily, Unknown):
        return Unknown(daily.reason, f"daily dose of {drug.name}")
    if daily.unit != UNIT:
        return Unknown(Reason.UNRECOGNISED, f"dose of {drug.name} in {daily.unit}")
    return scaled(daily, daily.value * ORAL[ingredient.rxcui])


def of_patch(drug: Drug, ingredient: Ingredient) -> Fact[float]:
    """Micrograms per hour of the patches worn at the same time, times 2.4.

    A patch is worn until the next one, so what a day brings, over 24 hours, is the rate, however often it is changed.
    Without a dose at least one patch is worn.
    """
    daily = drug.dose.daily.get(ingredient.rxcui, Unknown(Reason.NOT_RECORDED))
    if isinstance(daily, Known) and (rate := convert(daily.value, daily.unit or "", "ug/h")) is not None:
        return scaled(daily, rate * MME_PER_DAY_OF_ONE_UG_PER_HOUR)
    strength = ingredient.strength
    rate = convert(strength.value, strength.unit, "ug/h") if strength else None
    if rate is None:
        return Unknown(Reason.NOT_RECORDED, f"strength of {drug.name}")
    return Known(tidy(rate * MME_PER_DAY_OF_ONE_UG_PER_HOUR), UNIT, at_least=True)


def scaled(dose: Known[float], value: float) -> Known[float]:
    return Known(tidy(value), UNIT, dose.sources, dose.as_of, at_least=dose.at_least)


def is_swallowed(form: str) -> bool:
    return form not in NOT_SWALLOWED and any(word in form for word in SWALLOWED)
