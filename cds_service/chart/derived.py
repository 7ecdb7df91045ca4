"""Facts computed from other facts. What an input lacks, the result lacks, and it says which input it was."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from cds_service.chart import equations
from cds_service.chart.catalogue import CATALOGUE
from cds_service.chart.facts import Fact, Known, Reason, Source, Unknown
from cds_service.chart.measuring import Setting, newest_reading, series_of
from cds_service.chart.pregnancy import is_pregnant
from cds_service.chart.readings import Readings

Values = Mapping[str, Fact[Any]]
Derive = Callable[[Values], Fact[Any]]

AKI_WINDOW = timedelta(days=7)
SECOND_FROM_WEEK, THIRD_FROM_WEEK = 14, 28
A_DAY = timedelta(days=1)
AT_ODDS = 2.0
NOT_REQUESTED = Unknown(Reason.NOT_REQUESTED)


class Inputs(msgspec.Struct, frozen=True):
    """The known inputs of one derived fact, by name, and where they came from."""

    values: Mapping[str, Any]
    facts: tuple[Known[Any], ...]

    @property
    def female(self) -> bool:
        return bool(self.values["sex"] == "female")


def take(values: Values, *names: str) -> Inputs | Unknown:
    """The inputs called `names`, or the first that is missing, as the reason of the result."""
    taken: dict[str, Known[Any]] = {}
    for name in names:
        fact = values.get(name, NOT_REQUESTED)
        if isinstance(fact, Unknown):
            detail = fact.detail or f"{CATALOGUE[name].label} {fact.reason.value}"
            return Unknown(fact.reason, detail, fact.as_of)
        if fact.at_least:
            bound = f"{CATALOGUE[name].label} only known to be at least {CATALOGUE[name].say(fact.value)}"
            return Unknown(Reason.UNRECOGNISED, bound, fact.as_of)
        taken[name] = fact
    return Inputs({name: fact.value for name, fact in taken.items()}, tuple(taken.values()))


def finish(name: str, value: float | None, inputs: Inputs, formula: str, refusal: str) -> Fact[float]:
    """The result with its formula, its inputs' sources and the oldest of their dates; `refusal` says why there is none.

    A result outside the catalogue's plausible range is not one.
    """
    fact = CATALOGUE[name]
    dates = [known.as_of for known in inputs.facts if known.as_of is not None]
    oldest = min(dates, default=None)
    if value is None:
        return Unknown(Reason.IMPLAUSIBLE, refusal, oldest)
    if fact.plausible and not fact.plausible[0] <= value <= fact.plausible[1]:
        return Unknown(Reason.IMPLAUSIBLE, f"{fact.label} of {fact.say(value)}", oldest)
    sources = tuple(dict.fromkeys(source for known in inputs.facts for source in known.sources))
    return Known(value, fact.unit, sources, oldest, formula=formula)


def bmi(values: Values) -> Fact[float]:
    inputs = take(values, "weight", "height")
    if isinstance(inputs, Unknown):
        return inputs
    index = equations.body_mass_index(inputs.values["weight"], inputs.values["height"])
    return finish("bmi", index, inputs, "weight / height²", "")


def ideal_weight(values: Values) -> Fact[float]:
    inputs = take(values, "height", "sex", "age")
    if isinstance(inputs, Unknown):
        return inputs
    ideal = equations.ideal_weight(inputs.values["height"], inputs.female) if is_adult(inputs) else None
    return finish("ideal_weight", ideal, inputs, "Devine", NO_IDEAL)


def dosing_weight(values: Values) -> Fact[float]:
    inputs = take(values, "weight", "height", "sex", "age")
    if isinstance(inputs, Unknown):
        return inputs
    weight, height = inputs.values["weight"], inputs.values["height"]
    found = equations.dosing_weight(weight, height, inputs.female) if is_adult(inputs) else None
    kilograms, which = found or (None, "")
    return finish("dosing_weight", kilograms, inputs, f"{which} weight (Devine)", NO_IDEAL)


def egfr_ckdepi2021(values: Values) -> Fact[float]:
    inputs = take(values, "creatinine", "age", "sex")
    if isinstance(inputs, Unknown):
        return inputs
    egfr = equations.ckd_epi_2021(inputs.values["creatinine"], inputs.values["age"], inputs.female)
    return why_not_estimated(values) or finish(
        "egfr_ckdepi2021", egfr, inputs, "CKD-EPI 2021", "CKD-EPI 2021 is for adults"
    )


def egfr_disputed(values: Values) -> Fact[bool]:
    """Whether the laboratory's own eGFR, of the same day, is at least twice the one computed from creatinine.

    Then one of the two results is wrong, and nobody can say which. Without a reported one nothing is at odds.
    """
    inputs = take(values, "egfr_ckdepi2021")
    if isinstance(inputs, Unknown):
        return inputs
    (computed,) = inputs.facts
    reported = values.get("egfr")
    if not isinstance(reported, Known) or reported.as_of is None or computed.as_of is None:
        return Known(False, sources=computed.sources, as_of=computed.as_of)
    together = abs(reported.as_of - computed.as_of) <= A_DAY
    at_odds = together and bool(reported.value >= AT_ODDS * computed.value)
    return Known(at_odds, sources=(*reported.sources, *computed.sources), as_of=reported.as_of)


def crcl(values: Values) -> Fact[float]:
    return clearance("crcl", values, "weight", "actual weight")


def crcl_adjusted(values: Values) -> Fact[float]:
    weight = values.get("dosing_weight")
    which = weight.formula if isinstance(weight, Known) else ""
    return clearance("crcl_adjusted", values, "dosing_weight", which)


def clearance(name: str, values: Values, weight: str, which: str) -> Fact[float]:
    """Cockcroft-Gault with the weight fact called `weight`."""
    inputs = take(values, "creatinine", "age", "sex", weight)
    if isinstance(inputs, Unknown):
        return inputs
    creatinine, age = inputs.values["creatinine"], inputs.values["age"]
    cleared = equations.cockcroft_gault(creatinine, age, inputs.values[weight], inputs.female)
    formula = f"Cockcroft-Gault, {which} {inputs.values[weight]:.3g} kg"
    return why_not_estimated(values) or finish(name, cleared, inputs, formula, "Cockcroft-Gault is for adults")


def aki_stage(readings: Readings, setting: Setting) -> Fact[float]:
    """KDIGO stage by creatinine; 0 means that the series of the last week was read and shows no injury.

    A value of that week is held against those of the week before it, so two weeks are read.
    A list that was not read whole can prove an injury, as a lower bound, but not its absence.
    """
    creatinine = CATALOGUE["creatinine"]
    newest = newest_reading(creatinine, readings, setting)
    if isinstance(newest, Unknown):
        return newest
    if setting.now - newest.when > AKI_WINDOW:
        return Unknown(Reason.TOO_OLD, f"creatinine of {setting.on(newest.when)}", newest.when)
    series = series_of(creatinine, readings, setting, span=2 * AKI_WINDOW)
    if not series or series[0][0] != newest:
        return Unknown(Reason.MALFORMED, "the newest creatinine is not a plain number", newest.when)
    stage = equations.aki_stage([(reading.when, value) for reading, value in series])
    state = readings.keys[creatinine.key]
    if stage is None or (stage == 0 and not state.complete):
        reason = Reason.NOT_RECORDED if state.complete else state.reason
        return Unknown(reason, "no second creatinine within 7 days" if stage is None else "earlier creatinine not read")
    used = [reading for reading, _ in series if newest.when - reading.when <= AKI_WINDOW]
    sources = tuple(Source(reading.reference, reading.when) for reading in used)
    unit = CATALOGUE["aki_stage"].unit
    whole = state.complete
    return Known(float(stage), unit, sources, newest.when, at_least=not whole, formula="KDIGO 2012, creatinine only")


def why_not_estimated(values: Values) -> Unknown | None:
    """Creatinine equations were not made for pregnancy, nor for a creatinine that is changing fast, and say nothing of
    a patient on dialysis.
    """
    dialysis = values.get("dialysis")
    if isinstance(dialysis, Known) and dialysis.value:
        return Unknown(Reason.NOT_VALID, "on dialysis", dialysis.as_of)
    pregnancy = values.get("pregnant")
    if isinstance(pregnancy, Known) and pregnancy.value:
        return Unknown(Reason.NOT_VALID, "creatinine equations are not valid in pregnancy", pregnancy.as_of)
    injury = values.get("aki_stage")
    if isinstance(injury, Known) and injury.value >= 1:
        return Unknown(Reason.NOT_VALID, "acute kidney injury, creatinine is changing", injury.as_of)
    return None


def pregnant(values: Values) -> Fact[bool]:
    return is_pregnant(values["pregnancy_status"])


def pregnancy_trimester(values: Values) -> Fact[str]:
    """ "first" up to 13 completed weeks, "second" up to 27, then "third" (American College of Obstetricians)."""
    status, weeks = values["pregnancy_status"], values["gestational_weeks"]
    if isinstance(status, Unknown):
        return status
    if status.value != "pregnant":
        return Unknown(Reason.NOT_RECORDED, "no pregnancy recorded", status.as_of)
    if isinstance(weeks, Unknown):
        return weeks
    word = "first" if weeks.value < SECOND_FROM_WEEK else "second" if weeks.value < THIRD_FROM_WEEK else "third"
    return Known(word, sources=weeks.sources, as_of=weeks.as_of, formula=weeks.formula)


def is_adult(inputs: Inputs) -> bool:
    return bool(inputs.values["age"] >= equations.ADULT_YEARS)


NO_IDEAL = "no ideal weight below 18 years or 152.4 cm (Devine)"

# In the order in which one needs the other.
DERIVATIONS: Mapping[str, Derive] = {
    "pregnant": pregnant,
    "pregnancy_trimester": pregnancy_trimester,
    "bmi": bmi,
    "ideal_weight": ideal_weight,
    "dosing_weight": dosing_weight,
    "egfr_ckdepi2021": egfr_ckdepi2021,
    "egfr_disputed": egfr_disputed,
    "crcl": crcl,
    "crcl_adjusted": crcl_adjusted,
}
