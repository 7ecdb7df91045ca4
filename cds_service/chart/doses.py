"""What is taken of one drug at once and per day, per ingredient, from its FHIR dosage instructions.

The coded parts of a Dosage count; an English sig fills in what they leave out. Where both speak and disagree, neither
is believed; a coded value inside the range of the text is widened to it. Ranges and "as needed" give the most that the
instruction allows. Nothing is assumed: an instruction without a frequency has no daily dose.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from math import isclose
from typing import Any

import msgspec

from cds_service.chart.amounts import (
    MOST_UNITS_A_DAY,
    Amount,
    amount_per_day,
    of_ingredient,
    plausible,
    read_amount,
    stated_amount,
)
from cds_service.chart.drugs import Dose
from cds_service.chart.facts import Fact, Known, Reason, Source, Unknown
from cds_service.chart.numbers import highest, tidy, total
from cds_service.chart.sigs import Sig, read_sig
from cds_service.chart.timings import bounds_of, duration_days, times_per_day
from cds_service.fhir.resources import Dosage
from cds_service.terminology.products import Ingredient, Product

NOTHING_SAID = Sig(as_needed=None)

Taken = Amount | Unknown
Join = Callable[[Iterable[Fact[float]]], Fact[float]]


def read_dose(dosages: Sequence[Dosage], product: Product, source: Source) -> Dose:
    """The dose of a product over all its dosage instructions.

    Instructions with the same `sequence`, or none, run at the same time and add up. Steps with different numbers follow
    each other, and so do instructions whose periods are stated and do not overlap: then the highest step counts
    (FHIR R4, Dosage.sequence).
    """
    if not dosages:
        return Dose()
    steps = [_step(dosage, product, source) for dosage in dosages]
    if len(steps) == 1:
        return steps[0]
    if _periods_follow(dosages):
        return _successive(steps)
    phases: dict[int | None, list[Dose]] = {}
    for dosage, step in zip(dosages, steps, strict=True):
        phases.setdefault(dosage.sequence, []).append(step)
    throughout = phases.pop(None, [])
    numbered = [_concurrent(phase) for phase in phases.values()]
    return _concurrent([*throughout, *([_successive(numbered)] if numbered else [])])


def compare(before: Dose, after: Dose) -> str:
    """How the daily dose changed: "same", "increased", "decreased", or "unknown" when either is or they mix.

    Two instructions that say the same, or both nothing, are the same also where they give no daily dose.
    """
    if (said := _said(before)) is not None and said == _said(after):
        return "same"
    changes = {_change(before.daily.get(rxcui), after.daily.get(rxcui)) for rxcui in before.daily | after.daily}
    changes = changes - {"same"} or changes
    return changes.pop() if len(changes) == 1 else "unknown"


def _said(dose: Dose) -> tuple[Any, ...] | None:
    """Everything an instruction says, without where it was read; None when a part of it could not be read."""
    facts = [*dose.daily.values(), *dose.single.values(), dose.times_per_day, dose.duration_days, dose.as_needed]
    if any(isinstance(fact, Unknown) and fact.reason is not Reason.NOT_RECORDED for fact in facts):
        return None
    values = [(fact.value, fact.unit, fact.at_least) if isinstance(fact, Known) else None for fact in facts]
    return (tuple(dose.daily), tuple(dose.single), tuple(values), dose.text)


def differ(one: Dose, other: Dose) -> bool:
    """Whether the daily doses are certainly not the same."""
    changes = {_change(one.daily.get(rxcui), other.daily.get(rxcui)) for rxcui in one.daily | other.daily}
    return bool(changes & {"increased", "decreased"})


def _change(old: Fact[float] | None, new: Fact[float] | None) -> str:
    if not isinstance(old, Known) or not isinstance(new, Known) or old.unit != new.unit:
        return "unknown"
    if old.at_least or new.at_least:
        return "unknown"
    if isclose(old.value, new.value, rel_tol=1e-6):
        return "same"
    return "increased" if new.value > old.value else "decreased"


class Instruction(msgspec.Struct, frozen=True):
    """One Dosage with its text read. `most` is the stated maximum and the days it is for."""

    amount: Amount | Unknown
    times: Fact[float]
    as_needed: Fact[bool]
    duration: Fact[float]
    most: tuple[Amount, float] | None
    most_at_once: Amount | Unknown


def _step(dosage: Dosage, product: Product, source: Source) -> Dose:
    """The dose of one instruction."""
    said, amounts = _amounts(dosage, product)
    single = {rxcui: _as_fact(once, "", source) for rxcui, once, _ in amounts}
    daily = {rxcui: _as_fact(per_day, "/d", source) for rxcui, _, per_day in amounts}
    text = dosage.text or dosage.patient_instruction or ""
    return Dose(daily, single, said.times, said.duration, said.as_needed, text)


@lru_cache(maxsize=1024)
def _amounts(dosage: Dosage, product: Product) -> tuple[Instruction, tuple[tuple[str, Taken, Taken], ...]]:
    """What an instruction says of a product: per ingredient how much at once and how much a day.

    Most orders say what others said before: one tablet twice a day.
    """
    said = _read_instruction(dosage)
    found = []
    for ingredient in product.ingredients:
        once = _once(ingredient, said, product)
        found.append((ingredient.rxcui, _tidied(once), _tidied(_daily(ingredient, once, said, product))))
    return said, tuple(found)


def _tidied(taken: Taken) -> Taken:
    return taken if isinstance(taken, Unknown) else Amount(tidy(taken.value), taken.unit)


def _read_instruction(dosage: Dosage) -> Instruction:
    sig = read_sig(dosage.text or dosage.patient_instruction) or NOTHING_SAID
    amount = _agreed_amount(stated_amount(dosage), sig)
    times = _agreed_times(times_per_day(dosage.timing), sig)
    if isinstance(amount, Amount) and isinstance(times, Known) and _too_many(amount, times.value):
        amount = Unknown(Reason.IMPLAUSIBLE, "more than a hundred tablets a day")
    duration = duration_days(dosage.timing)
    if isinstance(duration, Unknown) and sig.duration_days:
        duration = Known(sig.duration_days, "d")
    return Instruction(
        amount=amount,
        times=times,
        as_needed=_as_needed(dosage, sig),
        duration=duration,
        most=amount_per_day(dosage.max_dose_per_period) or ((sig.most, 1.0) if sig.most else None),
        most_at_once=read_amount(dosage.max_dose_per_administration),
    )


def _too_many(amount: Amount, times: float) -> bool:
    return amount.unit in ("", "count") and amount.value * times > MOST_UNITS_A_DAY


def _agreed_amount(coded: Amount | Unknown, sig: Sig) -> Amount | Unknown:
    if sig.amount is None:
        return coded
    if isinstance(coded, Unknown):
        return coded if coded.reason is Reason.IMPLAUSIBLE else plausible(sig.amount)
    if coded.unit != sig.amount.unit and not {coded.unit, sig.amount.unit} <= {"", "count"}:
        return coded
    if not _between(coded.value, sig.least, sig.amount.value):
        return Unknown(Reason.MALFORMED, "coded dose and text disagree")
    return Amount(sig.amount.value, coded.unit)


def _agreed_times(coded: Fact[float], sig: Sig) -> Fact[float]:
    if sig.times_per_day is None:
        return coded
    if isinstance(coded, Unknown):
        return coded if coded.reason is Reason.IMPLAUSIBLE else Known(sig.times_per_day, "/d")
    if not _between(coded.value, sig.fewest_per_day, sig.times_per_day):
        return Unknown(Reason.MALFORMED, "coded frequency and text disagree")
    return Known(sig.times_per_day, "/d")


def _between(value: float, low: float | None, high: float) -> bool:
    low = high if low is None else low
    return low <= value <= high or isclose(value, low) or isclose(value, high)


def _as_needed(dosage: Dosage, sig: Sig) -> Fact[bool]:
    if dosage.as_needed_boolean or dosage.as_needed_codeable_concept is not None:
        return Known(True)
    if dosage.as_needed_boolean is False:
        return Unknown(Reason.MALFORMED, "coded dose and text disagree") if sig.as_needed else Known(False)
    return Unknown(Reason.NOT_RECORDED) if sig.as_needed is None else Known(sig.as_needed)


def _held(ingredient: Ingredient, amount: Amount | Unknown, product: Product) -> Amount | Unknown:
    return amount if isinstance(amount, Unknown) else of_ingredient(ingredient, amount, product)


def _once(ingredient: Ingredient, said: Instruction, product: Product) -> Amount | Unknown:
    """What one administration gives; of a patch, what it gives while it is worn."""
    once = _held(ingredient, said.amount, product)
    if isinstance(once, Amount) and once.unit.endswith("/h"):
        hours = _hours_worn(said, product)
        once = Amount(once.value * hours, once.unit.removesuffix("/h")) if hours else Unknown(Reason.NOT_RECORDED)
    return _lower(once, _held(ingredient, said.most_at_once, product))


def _hours_worn(said: Instruction, product: Product) -> float | None:
    """A patch is worn until the next one, but no longer than it lasts."""
    lasts = product.quantity.value if product.quantity and product.quantity.unit == "h" else None
    between = 24 / said.times.value if isinstance(said.times, Known) else None
    return min((hours for hours in (lasts, between) if hours), default=None)


def _daily(ingredient: Ingredient, once: Amount | Unknown, said: Instruction, product: Product) -> Amount | Unknown:
    most: Amount | Unknown = Unknown(Reason.NOT_RECORDED)
    if said.most:
        most = _held(ingredient, plausible(Amount(said.most[0].value / said.most[1], said.most[0].unit)), product)
    if isinstance(once, Unknown):
        return _lower(once, most)
    if isinstance(said.times, Unknown):
        return _lower(said.times, most)
    return _lower(Amount(once.value * said.times.value, once.unit), most)


def _lower(amount: Amount | Unknown, cap: Amount | Unknown) -> Amount | Unknown:
    """The amount, or the stated maximum where that is less or all that is known."""
    if isinstance(cap, Unknown):
        return amount
    if isinstance(amount, Unknown):
        return cap
    return cap if cap.unit == amount.unit and cap.value < amount.value else amount


def _as_fact(amount: Amount | Unknown, per: str, source: Source) -> Fact[float]:
    if isinstance(amount, Unknown):
        return amount
    return Known(amount.value, amount.unit + per, (source,), source.as_of)


def _periods_follow(dosages: Sequence[Dosage]) -> bool:
    """No instruction has a sequence number, all have a period, and no period overlaps another."""
    if any(dosage.sequence is not None for dosage in dosages):
        return False
    periods = [bounds_of(dosage.timing) for dosage in dosages]
    spans = sorted((period.start[:10], period.end[:10]) for period in periods if period and period.start and period.end)
    return len(spans) == len(dosages) and all(earlier[1] <= later[0] for earlier, later in pairwise(spans))


def _concurrent(doses: Sequence[Dose]) -> Dose:
    return doses[0] if len(doses) == 1 else _joined(doses, amounts=total, durations=highest)


def _successive(doses: Sequence[Dose]) -> Dose:
    return doses[0] if len(doses) == 1 else _joined(doses, amounts=highest, durations=total)


def _joined(doses: Sequence[Dose], amounts: Join, durations: Join) -> Dose:
    rxcuis = list(doses[0].daily)
    return Dose(
        daily={rxcui: amounts(dose.daily[rxcui] for dose in doses) for rxcui in rxcuis},
        single={rxcui: highest(dose.single[rxcui] for dose in doses) for rxcui in rxcuis},
        times_per_day=amounts(dose.times_per_day for dose in doses),
        duration_days=durations(dose.duration_days for dose in doses),
        as_needed=_all_as_needed([dose.as_needed for dose in doses]),
        text="; ".join(dose.text for dose in doses if dose.text),
    )


def _all_as_needed(facts: Sequence[Fact[bool]]) -> Fact[bool]:
    """As needed only if every instruction is; one scheduled instruction makes the drug a scheduled one."""
    if any(isinstance(fact, Known) and not fact.value for fact in facts):
        return Known(False)
    return next((fact for fact in facts if isinstance(fact, Unknown)), facts[0])
