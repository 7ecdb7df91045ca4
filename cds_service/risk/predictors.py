"""The one way from chart facts to a model's inputs, for training rows, batches and hook calls alike."""

from collections.abc import Mapping
from typing import Any

from cds_service.chart.facts import Fact, Reason, Unknown
from cds_service.chart.unit_words import say_unit
from cds_service.knowledge.bundle import Bundle, IfMissing, Predictor
from cds_service.knowledge.terms import Value
from cds_service.reasoning.findings import Missing
from cds_service.risk.prediction import Predictors

NOT_ASKED = Unknown(Reason.NOT_REQUESTED)


def read_predictors(bundle: Bundle, facts: Mapping[str, Fact[Any]]) -> Predictors:
    """The inputs of `bundle`, from facts by the names of `Predictor.fact`. A fact that is not there is Unknown.

    A number outside its range, a word the model does not know, another unit, or an unknown value that the model needs,
    each gives a refusal. Never raises.
    """
    values: dict[str, Value | None] = {}
    used: dict[str, Fact[Any]] = {}
    missing: list[Missing] = []
    assumed: list[str] = []
    refusals: list[str] = []
    for predictor in bundle.predictors:
        fact = facts.get(predictor.fact, NOT_ASKED)
        used[predictor.name] = fact
        value = take(predictor, fact)
        if not isinstance(value, Unknown):
            values[predictor.name] = value
            if refusal := outside(predictor, value):
                refusals.append(refusal)
            continue
        missing.append(Missing("value", predictor.fact, value.reason, value.detail))
        values[predictor.name] = predictor.assumed
        if predictor.if_missing is IfMissing.REFUSE:
            refusals.append(f"{predictor.label}: {say_why(value)}")
        elif predictor.if_missing is IfMissing.ASSUME:
            assumed.append(f"{predictor.label}: {predictor.because}")
    return Predictors(values, used, tuple(missing), tuple(assumed), tuple(refusals))


def take(predictor: Predictor, fact: Fact[Any]) -> Value | Unknown:
    """The fact as the model takes it; a lower bound is no value."""
    if isinstance(fact, Unknown):
        return fact
    if fact.at_least:
        return Unknown(Reason.UNRECOGNISED, f"only known to be at least {fact.value:g}", fact.as_of)
    if predictor.unit is not None and fact.unit != predictor.unit:
        return Unknown(Reason.UNRECOGNISED, f"in {fact.unit}, the model takes {predictor.unit}", fact.as_of)
    return fact.value if isinstance(fact.value, str) else float(fact.value)


def outside(predictor: Predictor, value: Value) -> str:
    """Why the model was not made for this value; empty when it was."""
    if isinstance(value, str):
        return f"{predictor.label}: {value}" if predictor.words and value not in predictor.words else ""
    if predictor.within is None or predictor.within[0] <= value <= predictor.within[1]:
        return ""
    low, high = predictor.within
    return f"{predictor.label} {say(predictor, value)} is outside {low:g} to {say(predictor, high)}"


def say(predictor: Predictor, value: float) -> str:
    return f"{value:g}{say_unit(predictor.unit)}"


def say_why(unknown: Unknown) -> str:
    return unknown.detail or unknown.reason.value
