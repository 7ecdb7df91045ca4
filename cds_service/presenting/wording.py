"""How facts are said to a clinician: values with unit and date, and what is not known with its reason."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from itertools import chain
from typing import Any

from cds_service.chart.catalogue import CATALOGUE, Kind
from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Fact, Items, Known, Reason, Unknown
from cds_service.chart.unit_words import WHOLE_UNITS, say_unit
from cds_service.reasoning.findings import Missing

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS_SAID_AS_YEARS = 36  # and days; whole years, as people say an age
DAYS_SAID_AS_YEARS = 730
ROUNDING = Context(prec=400, rounding=ROUND_HALF_UP)  # digits enough for any float

# What SNOMED CT adds to a name to tell its hierarchies apart.
KIND_OF_CODE = re.compile(r" \((?:disorder|finding|situation|procedure|substance|regime/therapy|qualifier value)\)$")

VALUE_REASONS = {
    Reason.NOT_SENT: "not sent",
    Reason.NOT_REQUESTED: "not asked for",
    Reason.REFUSED: "refused by the EHR",
    Reason.TIMED_OUT: "did not arrive in time",
    Reason.MALFORMED: "could not be read",
    Reason.TRUNCATED: "not in the part of the list that arrived",
    Reason.TOO_OLD: "last value too old",
    Reason.IMPLAUSIBLE: "the value sent is not plausible",
    Reason.UNRECOGNISED: "not recognised",
    Reason.NOT_RECORDED: "not recorded",
    Reason.NOT_VALID: "cannot be estimated",
}

HOW_IT_CAME = frozenset({Reason.NOT_REQUESTED, Reason.REFUSED, Reason.TIMED_OUT, Reason.MALFORMED, Reason.TRUNCATED})
"""Reasons that tell what happened on the way here, and nothing of the value."""

STANDING_ALONE = tuple(
    said for reason, said in VALUE_REASONS.items() if reason not in (Reason.TOO_OLD, Reason.IMPLAUSIBLE)
)
"""What can be said straight after a name: "INR not recorded"."""

QUESTIONS = tuple(fact.label for fact in CATALOGUE.values() if fact.kind is Kind.BOOLEAN)
"""Names of what is answered with yes or no."""

NOTHING_FOUND = "read, nothing relevant found"
ONLY_A_BOUND = "only known to be at least "

LIST_REASONS = {
    Reason.NOT_SENT: "was not sent",
    Reason.NOT_REQUESTED: "was not asked for",
    Reason.REFUSED: "was refused by the EHR",
    Reason.TIMED_OUT: "did not arrive in time",
    Reason.MALFORMED: "could not be read in full",
    Reason.TRUNCATED: "arrived cut short",
    Reason.TOO_OLD: "is too old",
    Reason.IMPLAUSIBLE: "holds an entry that is not plausible",
    Reason.UNRECOGNISED: "holds an entry that was not recognised",
    Reason.NOT_RECORDED: "is not recorded",
    Reason.NOT_VALID: "cannot be estimated",
}

LISTS = {
    "medications": "medication list",
    "all_drugs": "medication list",
    "allergies": "allergy list",
    "conditions": "problem list",
    "procedures": "procedure list",
    "orders": "list of draft orders",
    "procedures_ordered": "list of draft orders",
}


def say(fact: Fact[Any], label: str, now: datetime, dates: str = "") -> str:
    """One fact in words: "INR 4.8 (18 Nov 2026, 3 days ago)", "INR not recorded".

    Dates are those of `now`'s time zone. A value of this very moment, such as an age, has no date. `dates` stand in
    the place of the fact's own (`say_dates`).
    """
    if isinstance(fact, Unknown):
        return say_not_known(label, say_reason(fact.reason, fact.detail or say_date(fact.as_of, now)))
    name = label if fact.formula in label else f"{label} ({fact.formula})"
    colon = "" if is_number(fact.value) else ":"
    when = dates or (say_date(fact.as_of, now) if fact.as_of != now else "")
    value = say_value(fact)
    if is_number(fact.value) and say_unit(fact.unit).strip() in label.split():  # "hours between doses 8"
        value = say_number(fact.value)
    return f"{name}{colon} {value}" + (f" ({when})" if when else "")


def say_dates(name: str, chart: Chart) -> str:
    """The dates of what a value was computed from, where they differ: "creatinine of 7 Dec 2020, 41 days ago; weight
    of 17 Jan 2021, today"; empty for every other fact."""
    measured = {each: chart.value(each) for each in measurements_of(name)}
    dated = {
        each: say_date(fact.as_of, chart.now)
        for each, fact in measured.items()
        if isinstance(fact, Known) and is_number(fact.value) and fact.as_of != chart.now
    }
    if len(set(dated.values())) < 2:
        return ""
    return "; ".join(f"{CATALOGUE[each].label} of {date}" for each, date in dated.items())


@cache
def measurements_of(name: str) -> tuple[str, ...]:
    """The measured facts that a computed one rests on, itself or through others."""
    inputs = CATALOGUE[name].inputs if name in CATALOGUE else ()
    below = (((each,) if CATALOGUE[each].loinc else measurements_of(each)) for each in inputs if each in CATALOGUE)
    return tuple(dict.fromkeys(chain.from_iterable(below)))


def say_value(fact: Known[Any]) -> str:
    """The value alone, with its unit: "4,550 mg/d", "yes", "Penicillin V, Ibuprofen"."""
    if not is_number(fact.value):
        return say_plain(fact.value)
    bound = "at least " if fact.at_least else ""
    if fact.unit == "mo" and fact.value >= MONTHS_SAID_AS_YEARS:
        return f"{bound}{say_quantity(fact.value // 12, 'a')}"
    if fact.unit == "d" and fact.value >= DAYS_SAID_AS_YEARS:
        return f"{bound}{say_quantity(fact.value // 365, 'a')}"
    return f"{bound}{say_quantity(fact.value, fact.unit)}"


def say_quantity(value: float | Decimal, unit: str | None) -> str:
    """A number with its unit: "4.8 mmol/L", "2 days", "1 day"."""
    said, word = say_number(value), say_unit(unit)
    return f"{said}{word.removesuffix('s') if said == '1' and unit in WHOLE_UNITS else word}"


def say_plain(value: Any) -> str:
    """A value that is not a quantity: yes or no, a word, a date, the names in a list."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return f"{value.day} {MONTHS[value.month - 1]} {value.year}"
    if isinstance(value, Items):
        return say_plain(value.items)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(sorted({say_plain(item) for item in value})) or NOTHING_FOUND
    return KIND_OF_CODE.sub("", str(getattr(value, "name", value)))


def is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def say_number(value: float | Decimal) -> str:
    """The one place where numbers are rounded: to three digits, whole numbers from 100 on.

    Halves round away from zero, trailing zeros are dropped, thousands get a comma ("4,550", "28", "4.8", "0.125").
    """
    if -1000 < value < 1000 and value == int(value):
        return str(int(value))
    exact = Decimal(str(value))
    decimals = max(0, 2 - exact.adjusted()) if exact else 0
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), context=ROUNDING)
    text = f"{rounded:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def say_date(moment: datetime | None, now: datetime) -> str:
    """Date and age, as in "18 Nov 2026, 3 days ago"; empty for no date."""
    if moment is None:
        return ""
    day = moment.astimezone(now.tzinfo).date()
    return f"{say_plain(day)}, {say_ago((now.date() - day).days)}".removesuffix(", ")


def say_ago(days: int) -> str:
    if days < 0:
        return ""
    if days < 2:
        return ("today", "yesterday")[days]
    if days < 60:
        return f"{days} days ago"
    return f"{days // 30} months ago" if days < 730 else f"{days // 365} years ago"


def say_reason(reason: Reason, detail: str = "") -> str:
    """Why a value is not known, in a clinician's words; a detail that gives the reason itself stands alone."""
    said = VALUE_REASONS[reason]
    if detail.startswith(ONLY_A_BOUND):
        return detail
    if reason in HOW_IT_CAME and detail.endswith(f" {reason.value}"):  # "creatinine timed out" is our word for it
        detail = f"{detail.removesuffix(reason.value)}{said}"
    if said in detail:
        return detail
    return f"{said} ({detail})" if detail else said


def say_missing(missing: Missing, drug: str = "") -> str:
    """One thing that could not be checked, as a clause; it never says that something is absent.

    `drug` is the drug whose own value is missing.
    """
    if missing.kind == "list":
        verb = LIST_REASONS[missing.reason]
        if missing.reason is Reason.UNRECOGNISED and ", " in missing.detail:
            verb = "holds entries that were not recognised"
        return f"the {list_label(missing.subject)} {verb}" + (f" ({missing.detail})" if missing.detail else "")
    if missing.kind == "drug":
        return f"“{missing.subject}” was not recognised as a drug"
    if missing.kind == "rule":
        return f"the check “{missing.subject}” could not be run"
    return say_not_known(value_label(missing.subject, drug), say_reason(missing.reason, missing.detail))


def say_not_known(label: str, reason: str) -> str:
    """That a value is not known and why, naming it once: "INR not recorded", "INR not known: last value too old"."""
    if reason.casefold().startswith(f"{label.casefold()} "):
        return reason
    if label.endswith(QUESTIONS):
        return f"{label}: {reason}"
    if reason.startswith((ONLY_A_BOUND, *STANDING_ALONE)):
        return f"{label} {reason}"
    return f"{label} not known: {without(label, reason)}"


def without(label: str, reason: str) -> str:
    """A reason that does not name the value again: "last value too old (29 Aug 2019)"."""
    return re.sub(rf"\({re.escape(label)} of ", "(", reason, flags=re.IGNORECASE)


def value_label(subject: str, drug: str = "") -> str:
    """What a card calls a value; the drug it belongs to comes first."""
    return f"{drug}, {fact_label(subject)}" if drug else fact_label(subject)


def list_label(subject: str) -> str:
    """What people call a list of the chart."""
    return LISTS.get(subject, subject.replace("_", " "))


def fact_label(name: str) -> str:
    """What a card calls a fact: the catalogue's label, for a drug's fact ("a.daily_dose") without the side."""
    bare = name.rpartition(".")[2]
    known = CATALOGUE.get(name) or CATALOGUE.get(bare)
    return known.label if known else bare.replace("_", " ")


def say_drug(drug: Drug, now: datetime) -> str:
    """One drug with dose and start: "warfarin 5 MG Oral Tablet, 1 tablet daily (since 3 Mar 2026)"."""
    dose = f", {said}" if (said := say_dose(drug)) else ""
    if drug.is_draft:
        status = "renewal, being ordered now" if drug.continues else "being ordered now"
    elif drug.authored:
        day = drug.authored.astimezone(now.tzinfo).date()
        status = f"on the list since {say_plain(day)}"
    else:
        status = "on the list"
    by_name = ", recognised by name only" if drug.recognised_by == "recognised by name" else ""
    return f"{drug.name}{dose} ({status}{by_name})"


def say_dose(drug: Drug) -> str:
    """The sig as written; without one the amount per day of each ingredient; empty when neither is known."""
    if drug.dose.text:
        return KIND_OF_CODE.sub("", drug.dose.text).rstrip(". ")
    daily = ((part.name, drug.dose.daily.get(part.rxcui)) for part in drug.ingredients)
    said = [(name, say_value(fact)) for name, fact in daily if isinstance(fact, Known)]
    return said[0][1] if len(drug.ingredients) == len(said) == 1 else ", ".join(f"{name} {dose}" for name, dose in said)


def sentence(text: str) -> str:
    """`text` with a capital first letter, unless the word is written with a small one (eGFR, pH)."""
    return text if text[1:2].isupper() else text[:1].upper() + text[1:]
