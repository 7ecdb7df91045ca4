"""The facts about a stay in hospital: how it began and ends, what came before it, what it was for."""

from cds_service.chart.fact_type import HOUSE, FactType, Kind

ADMISSION_SOURCES = ("emergency", "referral", "transfer", "facility", "other")
ADMISSION_PRIORITIES = ("emergency", "urgent", "elective")
DISPOSITIONS = (
    *("home", "home-health", "skilled-nursing", "rehabilitation", "long-term-care", "psychiatric", "hospital"),
    *("other-facility", "against-advice", "other", "hospice", "died"),
)
PRINCIPAL_GROUPS = (
    *("circulatory", "respiratory", "digestive", "diabetes", "injury", "musculoskeletal", "genitourinary"),
    *("neoplasm", "other"),
)
HBA1C_LEVELS = ("not-tested", "normal", "above-7", "above-8")

GROUPS_SOURCE = (
    "ICD-9-CM and ICD-10-CM categories, groups after Quan et al., Med Care 2005;43:1130, at three characters"
)


def _of_stay(name: str, label: str, words: tuple[str, ...], source: str) -> FactType:
    return FactType(name, label, Kind.CODE, words=words, key="encounter", source=source)


def _before(name: str, label: str) -> FactType:
    return FactType(
        name,
        label,
        Kind.QUANTITY,
        unit="{count}",
        key="encounters",
        inputs=("length_of_stay",),
        source="Encounter.class of encounters begun in the 365 days before the day of admission",
    )


def _diagnosed(name: str, label: str) -> FactType:
    return FactType(
        name,
        label,
        Kind.BOOLEAN,
        key="encounter",
        inputs=("conditions",),
        source=f"first three diagnoses of the stay; {GROUPS_SOURCE}",
    )


STAYS = (
    FactType(
        "length_of_stay",
        "days in hospital",
        Kind.QUANTITY,
        unit="d",
        plausible=(0, 366),
        key="encounter",
        source="Encounter.period, nights from admission to discharge or now",
    ),
    _of_stay("admission_source", "admitted from", ADMISSION_SOURCES, "Encounter.hospitalization.admitSource"),
    _of_stay("admission_priority", "kind of admission", ADMISSION_PRIORITIES, "Encounter.priority, v3-ActPriority"),
    _of_stay("discharge_disposition", "discharged to", DISPOSITIONS, "Encounter.hospitalization.dischargeDisposition"),
    _before("inpatient_stays_year", "hospital stays in the year before"),
    _before("emergency_visits_year", "emergency visits in the year before"),
    FactType(
        "emergency_visits_half_year",
        "emergency visits in the half year before",
        Kind.QUANTITY,
        unit="{count}",
        key="encounters",
        inputs=("length_of_stay",),
        source="Encounter.class of encounters begun in the 182 days before the day of admission",
    ),
    _before("outpatient_visits_year", "outpatient visits in the year before"),
    FactType(
        "stay_diagnosis_count",
        "diagnoses of this stay",
        Kind.QUANTITY,
        unit="{count}",
        key="encounter",
        inputs=("conditions",),
        source="Encounter.diagnosis, or Condition.encounter where there is none",
    ),
    FactType(
        "stay_principal_group",
        "main diagnosis",
        Kind.CODE,
        words=PRINCIPAL_GROUPS,
        key="encounter",
        inputs=("conditions",),
        source="first diagnosis of the stay; groups of Strack et al., BioMed Res Int 2014:781670, by ICD chapter",
    ),
    _diagnosed("stay_heart_failure", "heart failure in this stay"),
    _diagnosed("stay_kidney_disease", "chronic kidney disease in this stay"),
    _diagnosed("stay_lung_disease", "chronic lung disease in this stay"),
    _diagnosed("stay_cancer", "cancer in this stay"),
    _diagnosed("stay_liver_disease", "liver disease in this stay"),
    _diagnosed("stay_vascular_disease", "peripheral vascular disease in this stay"),
    FactType(
        "stay_hba1c",
        "HbA1c in this stay",
        Kind.CODE,
        loinc=("4548-4",),
        shelf_life_days=366,
        words=HBA1C_LEVELS,
        key="labs",
        inputs=("length_of_stay",),
        source="newest HbA1c since admission, LOINC 4548-4; " + HOUSE,
    ),
    FactType(
        "drug_count",
        "drugs at discharge",
        Kind.QUANTITY,
        unit="{count}",
        inputs=("medications",),
        source="active medications, each set of ingredients once",
    ),
)
