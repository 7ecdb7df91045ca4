"""Every value of the patient that the release asks for, Known or Unknown."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

import msgspec

from cds_service.chart.absent import KeyFacts
from cds_service.chart.catalogue import CATALOGUE, FactType, Kind, with_inputs
from cds_service.chart.derived import DERIVATIONS, Derive
from cds_service.chart.drugs import Problem, ProcedureDone
from cds_service.chart.facts import Fact, Items, Known, Unknown
from cds_service.chart.genes import NO_GENES, Genes
from cds_service.chart.genomics import ABOUT, genomic_values
from cds_service.chart.measuring import ADULT_YEARS, Setting, measure
from cds_service.chart.people import describe_person, encounter_of, is_inpatient
from cds_service.chart.readings import read_observations
from cds_service.chart.state import STATE, STAY, Describe, Evidence
from cds_service.fhir.received import Received

UNREAD: Items[Any] = Items()


def patient_values(
    received: Received,
    wanted: frozenset[str],
    conditions: Items[Problem],
    now: datetime,
    zone: tzinfo,
    procedures: Items[ProcedureDone] = UNREAD,
    genes: Genes = NO_GENES,
) -> tuple[dict[str, Fact[Any]], tuple[str, ...]]:
    """The patient facts `wanted`, with everything they are computed from, and notes on what was ignored.

    Lists, facts of drugs and what follows from the drugs are left out. `conditions` and `procedures` serve what is
    read from them, such as pregnancy, comfort care and dialysis; `genes` are CPIC's tables.
    """
    plan = plan_for(wanted)
    readings = read_observations(received, plan.codes, now, zone)
    person = describe_person(received, now, zone)
    setting = Setting(now, zone, is_inpatient(received), is_child(person["age"]))
    values: dict[str, Fact[Any]] = {name: fact for name, fact in person.items() if name in plan.needed}
    for facts in plan.measured:
        values.update(readings.all_absent(facts))
    for code in readings.by_code:
        values.update((fact.name, measure(fact, readings, setting)) for fact in plan.measured_by.get(code, ()))
    evidence = Evidence(received, readings, conditions, procedures, person["age"], person["sex"], setting)
    for name, describe in plan.described:
        values[name] = describe(evidence)
    encounter = encounter_of(received) if plan.of_stay else None
    for name, describe in plan.of_stay:
        values[name] = encounter if isinstance(encounter, Unknown) else describe(evidence)
    if plan.genomic.facts:
        values.update(genomic_values(received, plan.genomic, genes, now, zone))
    for name, derive in plan.derived:
        values[name] = derive(values)
    return values, readings.notes


class Plan(msgspec.Struct, frozen=True):
    """What one set of wanted facts needs: everything they are computed from, by name, and the codes to look for.

    `measured` are the facts read as numbers, by prefetch key, `measured_by` the same facts by code.
    """

    needed: frozenset[str]
    codes: frozenset[str]
    measured: tuple[KeyFacts, ...]
    measured_by: Mapping[str, tuple[FactType, ...]]
    genomic: KeyFacts
    described: tuple[tuple[str, Describe], ...]
    of_stay: tuple[tuple[str, Describe], ...]
    derived: tuple[tuple[str, Derive], ...]


@lru_cache(maxsize=64)
def plan_for(wanted: frozenset[str]) -> Plan:
    """The plan is the same for every call of a release."""
    facts = [CATALOGUE[name] for name in sorted(with_inputs(wanted))]
    values = [fact for fact in facts if fact.of == "patient" and fact.kind is not Kind.LIST]
    needed = frozenset(fact.name for fact in values)
    codes = frozenset(code for fact in values for code in fact.loinc)
    measured = [fact for fact in values if fact.loinc and fact.kind is Kind.QUANTITY]
    return Plan(
        needed=needed,
        codes=codes,
        measured=tuple(
            KeyFacts.of(key, (fact for fact in measured if fact.key == key))
            for key in sorted({fact.key for fact in measured})
        ),
        measured_by={code: tuple(fact for fact in measured if code in fact.loinc) for code in codes},
        genomic=KeyFacts.of("genomics", (CATALOGUE[name] for name in ABOUT if name in needed)),
        described=tuple((name, describe) for name, describe in STATE.items() if name in needed),
        of_stay=tuple((name, describe) for name, describe in STAY.items() if name in needed),
        derived=tuple((name, derive) for name, derive in DERIVATIONS.items() if name in needed),
    )


def is_child(age: Fact[float]) -> bool:
    """Whether the patient is certainly under 18."""
    return isinstance(age, Known) and not age.at_least and age.value < ADULT_YEARS
