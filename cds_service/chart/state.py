"""The facts that are neither measured nor computed by an equation: what state the patient is in."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from cds_service.chart.childbearing import can_become_pregnant
from cds_service.chart.derived import aki_stage
from cds_service.chart.dialysis import on_dialysis
from cds_service.chart.drugs import Problem, ProcedureDone
from cds_service.chart.facts import Fact, Items
from cds_service.chart.lactation import lactating
from cds_service.chart.measuring import Setting
from cds_service.chart.people import comfort_care, inpatient
from cds_service.chart.pregnancy import gestational_weeks, pregnancy_status
from cds_service.chart.readings import Readings
from cds_service.chart.reference_range import times_upper_limit
from cds_service.chart.smoking import smoking_status
from cds_service.fhir.received import Received


class Evidence(msgspec.Struct, frozen=True):
    """Everything such a fact may be read from."""

    received: Received
    readings: Readings
    conditions: Items[Problem]
    procedures: Items[ProcedureDone]
    age: Fact[float]
    sex: Fact[str]
    setting: Setting


Describe = Callable[[Evidence], Fact[Any]]

STATE: Mapping[str, Describe] = {
    "pregnancy_status": lambda seen: pregnancy_status(seen.readings, seen.conditions, seen.sex, seen.setting),
    "gestational_weeks": lambda seen: gestational_weeks(seen.readings, seen.setting),
    "lactating": lambda seen: lactating(seen.readings, seen.conditions, seen.sex, seen.setting),
    "childbearing_potential": lambda seen: can_become_pregnant(seen.age, seen.sex, seen.conditions, seen.procedures),
    "smoking_status": lambda seen: smoking_status(seen.readings, seen.setting),
    "comfort_care": lambda seen: comfort_care(seen.conditions),
    "inpatient": lambda seen: inpatient(seen.received),
    "dialysis": lambda seen: on_dialysis(seen.conditions, seen.procedures, seen.setting),
    "alt_times_uln": lambda seen: times_upper_limit("alt", seen.readings, seen.setting),
    "ast_times_uln": lambda seen: times_upper_limit("ast", seen.readings, seen.setting),
    "bilirubin_times_uln": lambda seen: times_upper_limit("bilirubin", seen.readings, seen.setting),
    "aki_stage": lambda seen: aki_stage(seen.readings, seen.setting),
}
