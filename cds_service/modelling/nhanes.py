"""NHANES 2003-2006, age 40 to 84, with linked mortality to 2015 (NCHS public use), as chart facts.

Unweighted. The outcome is death from any cause within five years of the examination; everybody was followed longer.
"""

import csv
import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.errors import BadData
from cds_service.modelling.rows import Row

MISSING = Unknown(Reason.NOT_RECORDED)
MONTHS = 60.0

QUESTIONS = {"diabetes": "Diabetes", "heart_failure": "CHF", "coronary_disease": "CHD", "cancer": "Cancer",
             "stroke": "Stroke"}  # fmt: skip
ANSWERS = {"Yes": Known(True), "No": Known(False), "Borderline": Known(False)}
SEXES = {"Male": Known("male"), "Female": Known("female")}
SMOKING = {"Never": Known("never"), "Former": Known("former"), "Current": Known("current")}


def read_nhanes(path: Path) -> tuple[Row, ...]:
    """One row per person. Raises `BadData` for another file."""
    with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
        reader = csv.DictReader(file)
        lacking = {"SEQN", "permth_exm", "mortstat", "cycle"} - set(reader.fieldnames or ())
        if lacking:
            raise BadData(f"{path.name}: line 1: expected the columns of the linked file, {sorted(lacking)} not found")
        return tuple(map(read_person, reader))


def read_person(record: Mapping[str, str]) -> Row:
    return Row(
        patient=record["SEQN"],
        facts=facts_of(record),
        outcome=record["mortstat"] == "1" and float(record["permth_exm"]) <= MONTHS,
        order=f"{record['cycle']} {record['SEQN']}",
        groups={"sex": record["Gender"], "race": record["Race"], "cycle": record["cycle"]},
    )


def facts_of(record: Mapping[str, str]) -> dict[str, Fact[Any]]:
    return {
        "age": number_of(record["RIDAGEYR"], "a"),
        "sex": SEXES.get(record["Gender"], MISSING),
        "bmi": number_of(record["BMI"], "kg/m2"),
        "sbp": number_of(record["sbp"], "mm[Hg]"),
        "smoking_status": SMOKING.get(record["SmokeCigs"], MISSING),
        **{name: ANSWERS.get(record[column], MISSING) for name, column in QUESTIONS.items()},
    }


def number_of(text: str, unit: str) -> Fact[float]:
    return Known(float(text), unit) if text else MISSING
