"""Diabetes-130 as chart facts (Strack et al., BioMed Res Int 2014:781670; UCI 296, CC BY 4.0).

The string "None" in A1Cresult means that nothing was measured; only "?" is missing. Encounters that ended in death or
hospice are left out. Codes are those of the file IDs_mapping.csv that comes with the data.
"""

import csv
import gzip
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cds_service.chart.drugs import Coded
from cds_service.chart.facts import Fact, Known, Reason, Source, Unknown
from cds_service.chart.stay_diagnoses import CONSIDERED, GROUPS, in_group, principal_group
from cds_service.chart.systems import ICD9CM
from cds_service.errors import BadData
from cds_service.modelling.rows import Row

MISSING = Unknown(Reason.NOT_RECORDED)
DIED_OR_HOSPICE = frozenset({"11", "13", "14", "19", "20", "21"})


def _words(text: str) -> Mapping[str, Known[str]]:
    """`word=1,2,3` pairs as facts by code."""
    pairs = (pair.partition("=") for pair in text.split())
    return MappingProxyType({code: Known(word) for word, _, codes in pairs for code in codes.split(",")})


DISPOSITIONS = _words(
    "home=1 home-health=6,8 skilled-nursing=3,15 rehabilitation=22 hospital=2,9,27,29 long-term-care=4,23,24 "
    "psychiatric=28 other-facility=5,10,30 against-advice=7 other=12,16,17"
)
SOURCES = _words("emergency=7 referral=1,2,3 transfer=4,10,18,22,25 facility=5,6,26 other=8,11,12,13,14,19,23,24")
PRIORITIES = _words("emergency=1,7 urgent=2 elective=3")
HBA1C = _words("not-tested=None normal=Norm above-7=>7 above-8=>8")
SEXES = _words("female=Female male=Male")

METFORMIN = ("metformin", "glyburide-metformin", "glipizide-metformin", "metformin-rosiglitazone",
             "metformin-pioglitazone")  # fmt: skip
SULFONYLUREAS = (
    *("chlorpropamide", "glimepiride", "acetohexamide", "glipizide", "glyburide", "tolbutamide", "tolazamide"),
    *("glyburide-metformin", "glipizide-metformin", "glimepiride-pioglitazone"),
)
DIAGNOSES = ("diag_1", "diag_2", "diag_3")[:CONSIDERED]


def read_diabetes130(path: Path) -> tuple[Row, ...]:
    """Every encounter whose patient left alive and not into hospice. Raises `BadData` for another file."""
    with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
        reader = csv.DictReader(file)
        lacking = {"encounter_id", "patient_nbr", "readmitted", "A1Cresult"} - set(reader.fieldnames or ())
        if lacking:
            raise BadData(
                f"{path.name}: line 1: expected the columns of diabetic_data.csv, {sorted(lacking)} not found"
            )
        kept = (record for record in reader if record["discharge_disposition_id"] not in DIED_OR_HOSPICE)
        return tuple(map(read_record, kept))


def read_record(record: Mapping[str, str]) -> Row:
    """One encounter."""
    return Row(
        patient=record["patient_nbr"],
        facts=dict(facts_of(record)),
        outcome=record["readmitted"] == "<30",
        order=record["encounter_id"].zfill(12),
        groups={
            "sex": record["gender"],
            "age": age_group(record["age"]),
            "race": unless_missing(record["race"]),
            "payer": unless_missing(record["payer_code"]),
            "stays before": stays_group(record["number_inpatient"]),
        },
    )


def facts_of(record: Mapping[str, str]) -> Iterator[tuple[str, Fact[Any]]]:
    """The facts of one encounter by the names of `Predictor.fact`."""
    yield "age", age_of(record["age"])
    yield "sex", SEXES.get(record["gender"], MISSING)
    yield "length_of_stay", number_of(record["time_in_hospital"], "d")
    yield "inpatient_stays_year", number_of(record["number_inpatient"], "{count}")
    yield "emergency_visits_year", number_of(record["number_emergency"], "{count}")
    yield "outpatient_visits_year", number_of(record["number_outpatient"], "{count}")
    yield "drug_count", number_of(record["num_medications"], "{count}")
    yield "stay_diagnosis_count", number_of(record["number_diagnoses"], "{count}")
    yield "discharge_disposition", DISPOSITIONS.get(record["discharge_disposition_id"], MISSING)
    yield "admission_source", SOURCES.get(record["admission_source_id"], MISSING)
    yield "admission_priority", PRIORITIES.get(record["admission_type_id"], MISSING)
    yield "stay_hba1c", HBA1C.get(record["A1Cresult"], MISSING)
    yield "insulin", given(record["insulin"] != "No")
    yield "metformin", given(any(record[drug] != "No" for drug in METFORMIN))
    yield "sulfonylurea", given(any(record[drug] != "No" for drug in SULFONYLUREAS))
    yield "stay_principal_group", main_group(record["diag_1"])
    diagnoses = tuple(record[column] for column in DIAGNOSES if record[column] != "?")
    for name in GROUPS:
        yield name, group_of(name, diagnoses)


@cache
def age_of(decade: str) -> Known[float]:
    """The middle of "[70-80)": the model's levels are the decades themselves."""
    return Known(float(decade.strip("[)").partition("-")[0]) + 5, "a")


@cache
def number_of(text: str, unit: str) -> Known[float]:
    return Known(float(text), unit)


@cache
def given(taken: bool) -> Known[bool]:
    return Known(taken)


@cache
def main_group(code: str) -> Fact[str]:
    return MISSING if code == "?" else principal_group((coded(code),), Source("diag_1"))


@cache
def group_of(name: str, diagnoses: tuple[str, ...]) -> Fact[bool]:
    """Unknown for an encounter without any diagnosis."""
    if not diagnoses:
        return MISSING
    return in_group(name, tuple((coded(code),) for code in diagnoses), tuple(Source(code) for code in diagnoses))


def coded(code: str) -> Coded:
    """An ICD-9-CM code with the leading zeros that the file has lost ("38" is 038)."""
    category, point, rest = code.partition(".")
    return Coded(ICD9CM, f"{category.zfill(3)}{point}{rest}")


def unless_missing(text: str) -> str:
    return "missing" if text == "?" else text


def age_group(decade: str) -> str:
    start = int(decade.strip("[)").partition("-")[0])
    return "under 50" if start < 50 else "50 to 69" if start < 70 else "70 and over"


def stays_group(count: str) -> str:
    number = int(count)
    return "none" if number == 0 else "1 or 2" if number < 3 else "3 or more"
