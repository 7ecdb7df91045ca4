"""Readings to facts: the newest value that counts, in the catalogue's unit, fresh enough and plausible."""

import re
from datetime import datetime, timedelta, tzinfo

import msgspec

from cds_service.chart.fact_type import FactType
from cds_service.chart.facts import Fact, Known, Reason, Source, Unknown
from cds_service.chart.readings import UNDATED, Reading, Readings
from cds_service.fhir.resources import Observation, Quantity
from cds_service.terminology.units import convert, ngsp_percent, same_unit

UCUM = "http://unitsofmeasure.org"
ADULT_YEARS = 18
WRITTEN = re.compile(r"\s*(<=|>=|<|>)?\s*([+-]?\d+(?:\.\d+)?)\s*([^\d\s].*)?", re.ASCII)


class Setting(msgspec.Struct, frozen=True):
    """What decides how long a value keeps: the clock, the site's zone, in hospital or not, a child or not."""

    now: datetime
    zone: tzinfo
    inpatient: bool = False
    child: bool = False

    def shelf_life(self, fact: FactType) -> timedelta | None:
        """The shortest shelf life that applies; None never expires."""
        days = fact.shelf_life_days
        if self.inpatient and fact.shelf_life_inpatient_days:
            days = fact.shelf_life_inpatient_days
        child_days = fact.shelf_life_child_days if self.child else None
        if child_days is not None:
            days = child_days if days is None else min(days, child_days)
        return None if days is None else timedelta(days=days)

    def on(self, moment: datetime) -> str:
        """A date as a clinician reads it: "3 Mar 2020"."""
        local = moment.astimezone(self.zone)
        return f"{local.day} {local:%b %Y}"


class Amount(msgspec.Struct, frozen=True):
    """A number as it was sent. `units` are the spellings given, the coded one first."""

    value: float
    units: tuple[str, ...]
    comparator: str = ""


def measure(fact: FactType, readings: Readings, setting: Setting) -> Fact[float]:
    """The newest reading of `fact` as a number in its unit.

    The newest one decides alone. When it is stale, implausible, a mere bound or not readable, the fact is Unknown and
    says so: an older, better looking value is never put in its place.
    """
    newest = newest_reading(fact, readings, setting)
    if isinstance(newest, Unknown):
        return newest
    limit = setting.shelf_life(fact)
    if limit is not None and setting.now - newest.when > limit:
        return Unknown(Reason.TOO_OLD, f"{fact.label} of {setting.on(newest.when)}", newest.when)
    return read_number(fact, newest, setting)


def newest_reading(fact: FactType, readings: Readings, setting: Setting) -> Reading | Unknown:
    """The newest dated reading of `fact`, or why there is none to rely on."""
    found = readings.of(fact.loinc)
    if not found:
        return readings.absent(fact)
    if found[0].when == UNDATED:
        return Unknown(Reason.MALFORMED, f"{fact.label} without a date")
    state = readings.keys[fact.key]
    if not state.complete and not state.sorted_newest_first:
        detail = f"{fact.label} of {setting.on(found[0].when)} may not be the newest"
        return Unknown(Reason.TRUNCATED, detail, found[0].when)
    return found[0]


def read_number(fact: FactType, reading: Reading, setting: Setting) -> Fact[float]:
    """One reading as a number in the fact's unit.

    `>` and `>=` give a lower bound (`at_least`). `<` and `<=` are Unknown: no operator can use an upper bound yet.
    """

    def unusable(reason: Reason, why: str) -> Unknown:
        return Unknown(reason, f"{fact.label} of {setting.on(reading.when)} {why}", reading.when)

    amount = amount_of(reading.holder)
    if amount is None:
        return unusable(Reason.MALFORMED, "is not a number")
    value = in_unit(fact, amount)
    if value is None:
        given = next(iter(amount.units), "")
        return unusable(Reason.MALFORMED, f"is in {given!r}, which is not understood" if given else "has no unit")
    if fact.plausible and not fact.plausible[0] <= value <= fact.plausible[1]:
        return unusable(Reason.IMPLAUSIBLE, f"is {fact.say(value)}")
    if amount.comparator in ("<", "<="):
        return unusable(Reason.UNRECOGNISED, f"is only given as {amount.comparator} {fact.say(value)}")
    source = Source(reading.reference, reading.when)
    return Known(value, fact.unit, (source,), reading.when, at_least=amount.comparator in (">", ">="))


def amount_of(holder: object) -> Amount | None:
    """The number an Observation or component holds: a Quantity, a number written as text, or an integer."""
    quantity: Quantity | None = getattr(holder, "value_quantity", None)
    if quantity is not None:
        return amount_in(quantity)
    written = WRITTEN.fullmatch(getattr(holder, "value_string", None) or "")
    if written:
        comparator, number, unit = written.groups()
        return Amount(float(number), (unit.strip(),) if unit else (), comparator or "")
    if isinstance(holder, Observation) and holder.value_integer is not None:
        return Amount(float(holder.value_integer), ())
    return None


def amount_in(quantity: Quantity) -> Amount | None:
    """A Quantity's number; its UCUM code counts before the text that is shown."""
    if quantity.value is None:
        return None
    coded = quantity.code if quantity.system in (UCUM, None) else None
    units = tuple([unit for unit in (coded, quantity.unit) if unit])
    return Amount(quantity.value, units, quantity.comparator or "")


def in_unit(fact: FactType, amount: Amount) -> float | None:
    """The amount in the fact's unit; None when no unit was sent or none of them is understood."""
    for unit in amount.units or ("",):
        meant = meaning(unit, fact)
        if fact.name == "hba1c" and same_unit(meant, "mmol/mol"):
            return ngsp_percent(amount.value)
        value = convert(amount.value, meant, fact.unit or "", fact.molar_mass_g_per_mol, fact.valence)
        if value is not None:
            return value
    return None


def meaning(unit: str, fact: FactType) -> str:
    """The unit that `unit` can only mean where it comes with this fact; most mean what they say."""
    for sent, means in fact.reads_as:
        if sent == unit or same_unit(sent, unit):
            return means
    return unit


def series_of(
    fact: FactType, readings: Readings, setting: Setting, span: timedelta
) -> tuple[tuple[Reading, float], ...]:
    """The readable, plausible exact values of `fact` within `span` of its newest reading, newest first."""
    found = []
    every = readings.of(fact.loinc)
    for reading in every:
        known = read_number(fact, reading, setting) if every[0].when - reading.when <= span else None
        if isinstance(known, Known) and not known.at_least:
            found.append((reading, known.value))
    return tuple(found)
