"""Every value of the patient that the release asks for, Known or Unknown."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

import msgspec

from cds_service.chart.catalogue import CATALOGUE, FactType, Kind, with_inputs
from cds_service.chart.derived import DERIVATIONS, Derive, aki_stage
from cds_service.chart.drugs import Problem
from cds_service.chart.facts import Fact, Items, Known, Reason, Source, Unknown
from cds_service.chart.measuring import ADULT_YEARS, Setting, measure, newest_reading
from cds_service.chart.people import comfort_care, describe_person, inpatient, is_inpatient
from cds_service.chart.pregnancy import answer_in, is_pregnant, pregnancy_status
from cds_service.chart.readings import Readings, read_observations
from cds_service.fhir.received import Received

# US Core value set Smoking Status (3.1.1). "Smoker, current status unknown" and "unknown if ever smoked" answer
# nothing.
SMOKING_ANSWERS: Mapping[str, str] = {
    "449868002": "current",
    "428041000124106": "current",
    "428071000124103": "current",
    "428061000124105": "current",
    "8517006": "former",
    "266919005": "never",
}


def patient_values(
    received: Received, wanted: frozenset[str], conditions: Items[Problem], now: datetime, zone: tzinfo
) -> tuple[dict[str, Fact[Any]], tuple[str, ...]]:
    """The patient facts `wanted`, with everything they are computed from, and notes on what was ignored.

    Lists and facts of drugs are no values and are left out. `conditions` serve pregnancy and comfort care.
    """
    plan = plan_for(wanted)
    readings = read_observations(received, plan.codes, now, zone)
    person = describe_person(received, now, zone)
    setting = Setting(now, zone, is_inpatient(received), is_child(person["age"]))
    values: dict[str, Fact[Any]] = {name: fact for name, fact in person.items() if name in plan.needed}
    for fact in plan.measured:
        values[fact.name] = measure(fact, readings, setting)
    values.update(describe_state(plan.needed, readings, conditions, person["sex"], setting, received))
    for name, derive in plan.derived:
        values[name] = derive(values)
    return values, readings.notes


class Plan(msgspec.Struct, frozen=True):
    """What one set of wanted facts needs: everything they are computed from, by name, and the codes to look for."""

    needed: frozenset[str]
    codes: frozenset[str]
    measured: tuple[FactType, ...]
    derived: tuple[tuple[str, Derive], ...]


@lru_cache(maxsize=64)
def plan_for(wanted: frozenset[str]) -> Plan:
    """The plan is the same for every call of a release."""
    facts = [CATALOGUE[name] for name in sorted(with_inputs(wanted))]
    values = [fact for fact in facts if fact.of == "patient" and fact.kind is not Kind.LIST]
    needed = frozenset(fact.name for fact in values)
    return Plan(
        needed=needed,
        codes=frozenset(code for fact in values for code in fact.loinc),
        measured=tuple(fact for fact in values if fact.loinc and fact.kind is Kind.QUANTITY),
        derived=tuple((name, derive) for name, derive in DERIVATIONS.items() if name in needed),
    )


def is_child(age: Fact[float]) -> bool:
    """Whether the patient is certainly under 18."""
    return isinstance(age, Known) and not age.at_least and age.value < ADULT_YEARS


def describe_state(
    needed: frozenset[str],
    readings: Readings,
    conditions: Items[Problem],
    sex: Fact[str],
    setting: Setting,
    received: Received,
) -> dict[str, Fact[Any]]:
    """The needed facts that are neither measured nor computed by an equation."""
    state: dict[str, Fact[Any]] = {}
    if "pregnancy_status" in needed:
        status = pregnancy_status(readings, conditions, sex, setting)
        state |= {"pregnancy_status": status, "pregnant": is_pregnant(status)}
    if "smoking_status" in needed:
        state["smoking_status"] = smoking_status(readings, setting)
    if "comfort_care" in needed:
        state["comfort_care"] = comfort_care(conditions)
    if "inpatient" in needed:
        state["inpatient"] = inpatient(received)
    if "aki_stage" in needed:
        state["aki_stage"] = aki_stage(readings, setting)
    return state


def smoking_status(readings: Readings, setting: Setting) -> Fact[str]:
    """ "current", "former" or "never", by the newest answer."""
    fact = CATALOGUE["smoking_status"]
    newest = newest_reading(fact, readings, setting)
    if isinstance(newest, Unknown):
        return newest
    said = f"{fact.label} of {setting.on(newest.when)}"
    limit = setting.shelf_life(fact)
    if limit is not None and setting.now - newest.when > limit:
        return Unknown(Reason.TOO_OLD, said, newest.when)
    word = answer_in(newest.holder.value_codeable_concept, SMOKING_ANSWERS)
    if word is None:
        return Unknown(Reason.UNRECOGNISED, said, newest.when)
    return Known(word, sources=(Source(newest.reference, newest.when),), as_of=newest.when)
