"""How often a dose is given, from a FHIR Timing. Nothing is assumed: what the order does not say stays Unknown."""

import re
from types import MappingProxyType

from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.fhir.resources import CodeableConcept, Period, Quantity, Repeat, Timing

MOST_TIMES_A_DAY = 48
MOST_DAYS = 36_525  # a hundred years

# UCUM: a month is the mean Julian one.
DAYS = MappingProxyType({"s": 1 / 86400, "min": 1 / 1440, "h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 30.4375, "a": 365.25})
_DAY_WORDS = MappingProxyType(
    {"hour": "h", "hours": "h", "hr": "h", "day": "d", "days": "d", "week": "wk", "weeks": "wk", "month": "mo"}
)

# HL7 v3 GTSAbbreviation and FHIR timing-abbreviation, with the spellings that EHRs add.
_CODES = MappingProxyType(
    {
        **dict.fromkeys(("QD", "DAILY", "AM", "PM", "BED", "QHS", "HS", "QAM", "QPM", "NIGHTLY"), 1.0),
        **dict.fromkeys(("ONCE", "1X", "STAT"), 1.0),
        "BID": 2.0,
        "TID": 3.0,
        "QID": 4.0,
        "QOD": 0.5,
        "WK": 1 / 7,
        "MO": 1 / DAYS["mo"],
    }
)
ONCE = frozenset({"ONCE", "1X", "STAT"})
_EVERY_HOURS = re.compile(r"Q ?(\d{1,3}) ?H")

# v3 TimingEvent codes that do not say at how many meals.
_ANY_MEAL = frozenset({"AC", "PC", "C"})


def times_per_day(timing: Timing | None) -> Fact[float]:
    """Administrations per day; the most that a range allows. Unit `/d`."""
    if timing is None:
        return Unknown(Reason.NOT_RECORDED)
    per_day = _repeated(timing.repeat) if timing.repeat else None
    if per_day is None:
        per_day = _coded(timing.code)
    if per_day is None:
        named = next((code for code in codes_of(timing.code) if code), "")
        return Unknown(Reason.UNRECOGNISED, f"frequency {named}") if named else Unknown(Reason.NOT_RECORDED)
    if not 0 < per_day <= MOST_TIMES_A_DAY:
        return Unknown(Reason.IMPLAUSIBLE, f"{per_day:g} times a day")
    return Known(per_day, "/d")


def is_once(timing: Timing | None) -> bool:
    """One administration and no more."""
    if timing is None:
        return False
    counted = timing.repeat is not None and timing.repeat.count == 1
    return counted or not ONCE.isdisjoint(codes_of(timing.code))


def duration_days(timing: Timing | None) -> Fact[float]:
    """How long the order is meant to run, from its bounds; a single administration runs one day. Unit `d`."""
    if is_once(timing):
        return Known(1.0, "d")
    repeat = timing.repeat if timing else None
    return in_days(repeat.bounds_duration if repeat else None)


def bounds_of(timing: Timing | None) -> Period | None:
    """The period an instruction is bound to, if it states one."""
    return timing.repeat.bounds_period if timing and timing.repeat else None


def in_days(quantity: Quantity | None) -> Fact[float]:
    """A duration in days, from its UCUM code or the English word."""
    if quantity is None or quantity.value is None:
        return Unknown(Reason.NOT_RECORDED)
    written = (quantity.code or quantity.unit or "").lower()
    days = DAYS.get(written) or DAYS.get(_DAY_WORDS.get(written, ""))
    if days is None or quantity.value <= 0:
        return Unknown(Reason.UNRECOGNISED, f"duration in {written or 'no unit'}")
    if quantity.value * days > MOST_DAYS:
        return Unknown(Reason.IMPLAUSIBLE, f"duration of {quantity.value:g} {written}")
    return Known(quantity.value * days, "d")


def codes_of(concept: CodeableConcept | None) -> tuple[str, ...]:
    """The codes and the text of a timing code, upper case."""
    if concept is None:
        return ()
    return (*((coding.code or "").strip().upper() for coding in concept.coding), (concept.text or "").strip().upper())


def _coded(concept: CodeableConcept | None) -> float | None:
    for code in codes_of(concept):
        if code in _CODES:
            return _CODES[code]
        hours = _EVERY_HOURS.fullmatch(code)
        if hours and int(hours[1]):
            return 24 / int(hours[1])
    return None


def _repeated(repeat: Repeat) -> float | None:
    """Frequency over period, or the times of day that are listed; on the days of the week that are listed."""
    if repeat.count == 1:
        return 1.0
    moments = _moments(repeat)
    if repeat.frequency is None and repeat.frequency_max is None:
        return moments * _week_share(repeat) if moments else None
    frequency = max(repeat.frequency or 0, repeat.frequency_max or 0)
    days = DAYS.get(repeat.period_unit or "", 0.0) * (repeat.period or 0)
    if not days:
        return None
    return frequency / days * (_week_share(repeat) if days == 1 else 1.0)


def _moments(repeat: Repeat) -> int:
    """Times of day or events of the day that are listed; none when an event does not say how often it comes."""
    if repeat.time_of_day:
        return len(set(repeat.time_of_day))
    return 0 if _ANY_MEAL & set(repeat.when) else len(set(repeat.when))


def _week_share(repeat: Repeat) -> float:
    return len(set(repeat.day_of_week)) / 7 if repeat.day_of_week else 1.0
