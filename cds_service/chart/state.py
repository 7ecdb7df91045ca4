"""The facts that are neither measured nor computed by an equation: what state the patient is in."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from cds_service.chart.acute import INFARCTION, SEPSIS, is_acute
from cds_service.chart.charlson import charlson_points
from cds_service.chart.child_pugh import (
    ASCITES_ICD_10_CM,
    ASCITES_SNOMED,
    ENCEPHALOPATHY_ICD_10_CM,
    ENCEPHALOPATHY_SNOMED,
    graded,
)
from cds_service.chart.childbearing import can_become_pregnant
from cds_service.chart.derived import aki_stage
from cds_service.chart.dialysis import on_dialysis
from cds_service.chart.drugs import Problem, ProcedureDone
from cds_service.chart.encounters import (
    HALF_YEAR,
    admission_priority,
    admission_source,
    discharge_disposition,
    length_of_stay,
    visits_before,
)
from cds_service.chart.facts import Fact, Items
from cds_service.chart.lactation import lactating
from cds_service.chart.measuring import Setting
from cds_service.chart.people import comfort_care, inpatient
from cds_service.chart.pregnancy import gestational_weeks, pregnancy_status
from cds_service.chart.readings import Readings
from cds_service.chart.reference_range import times_upper_limit
from cds_service.chart.smoking import smoking_status
from cds_service.chart.stay_diagnoses import stay_diagnosis_count, stay_group, stay_principal_group
from cds_service.chart.stay_hba1c import stay_hba1c
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
    "dialysis": lambda seen: on_dialysis(seen.conditions, seen.procedures, seen.setting),
    "alt_times_uln": lambda seen: times_upper_limit("alt", seen.readings, seen.setting),
    "ast_times_uln": lambda seen: times_upper_limit("ast", seen.readings, seen.setting),
    "bilirubin_times_uln": lambda seen: times_upper_limit("bilirubin", seen.readings, seen.setting),
    "aki_stage": lambda seen: aki_stage(seen.readings, seen.setting),
    "acute_infarction": lambda seen: is_acute(seen.conditions, INFARCTION, seen.setting.now),
    "sepsis": lambda seen: is_acute(seen.conditions, SEPSIS, seen.setting.now),
    "charlson_points": lambda seen: charlson_points(seen.conditions),
    "ascites": lambda seen: graded(seen.conditions, ASCITES_SNOMED, ASCITES_ICD_10_CM, "ascites"),
    "encephalopathy": lambda seen: graded(
        seen.conditions, ENCEPHALOPATHY_SNOMED, ENCEPHALOPATHY_ICD_10_CM, "hepatic encephalopathy"
    ),
}

# Facts of the encounter of this call. Without it none of them is known, all for the same reason.
STAY: Mapping[str, Describe] = {
    "inpatient": lambda seen: inpatient(seen.received),
    "emergency_visits_half_year": lambda seen: visits_before("emergency", seen.received, seen.setting, HALF_YEAR),
    "length_of_stay": lambda seen: length_of_stay(seen.received, seen.setting),
    "admission_source": lambda seen: admission_source(seen.received),
    "admission_priority": lambda seen: admission_priority(seen.received),
    "discharge_disposition": lambda seen: discharge_disposition(seen.received),
    "inpatient_stays_year": lambda seen: visits_before("inpatient", seen.received, seen.setting),
    "emergency_visits_year": lambda seen: visits_before("emergency", seen.received, seen.setting),
    "outpatient_visits_year": lambda seen: visits_before("outpatient", seen.received, seen.setting),
    "stay_diagnosis_count": lambda seen: stay_diagnosis_count(seen.received),
    "stay_principal_group": lambda seen: stay_principal_group(seen.received),
    "stay_heart_failure": lambda seen: stay_group("stay_heart_failure", seen.received),
    "stay_kidney_disease": lambda seen: stay_group("stay_kidney_disease", seen.received),
    "stay_lung_disease": lambda seen: stay_group("stay_lung_disease", seen.received),
    "stay_cancer": lambda seen: stay_group("stay_cancer", seen.received),
    "stay_liver_disease": lambda seen: stay_group("stay_liver_disease", seen.received),
    "stay_vascular_disease": lambda seen: stay_group("stay_vascular_disease", seen.received),
    "stay_hba1c": lambda seen: stay_hba1c(seen.received, seen.readings, seen.setting),
}
