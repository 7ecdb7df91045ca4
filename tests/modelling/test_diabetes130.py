"""Diabetes-130 as chart facts, and its parsing trap."""

from pathlib import Path

import pytest

from cds_service.chart.facts import Known, Unknown
from cds_service.errors import BadData
from cds_service.knowledge.bundle import Bundle
from cds_service.modelling.diabetes130 import METFORMIN, SULFONYLUREAS, read_diabetes130
from cds_service.modelling.rows import tabulate
from cds_service.modelling.sources import read_rows
from cds_service.risk.predictors import read_predictors
from tests.support.shared import SHARED, needs_shared

DATA = SHARED / "data/models/diabetes130/diabetic_data.csv.gz"

RECORD = {
    "encounter_id": "149190",
    "patient_nbr": "55629189",
    "race": "?",
    "gender": "Female",
    "age": "[70-80)",
    "admission_type_id": "1",
    "discharge_disposition_id": "6",
    "admission_source_id": "7",
    "time_in_hospital": "3",
    "payer_code": "MC",
    "num_medications": "18",
    "number_outpatient": "0",
    "number_emergency": "1",
    "number_inpatient": "2",
    "diag_1": "38",
    "diag_2": "428",
    "diag_3": "?",
    "number_diagnoses": "9",
    "A1Cresult": "None",
    "insulin": "Up",
    **dict.fromkeys((*METFORMIN, *SULFONYLUREAS), "No"),
    "glyburide-metformin": "Steady",
    "readmitted": "<30",
}


def write(path: Path, *records: dict[str, str]) -> Path:
    lines = [",".join(RECORD), *(",".join(record.values()) for record in records)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_an_encounter_becomes_facts(tmp_path: Path) -> None:
    (row,) = read_diabetes130(write(tmp_path / "data.csv", RECORD))
    assert row.outcome
    assert row.facts["age"] == Known(75.0, "a")
    assert row.facts["discharge_disposition"] == Known("home-health")
    assert row.facts["admission_source"] == Known("emergency")
    assert row.facts["inpatient_stays_year"] == Known(2.0, "{count}")
    assert row.facts["metformin"] == row.facts["sulfonylurea"] == row.facts["insulin"] == Known(True)
    assert row.groups == {
        "sex": "Female", "age": "70 and over", "race": "missing", "payer": "MC", "stays before": "1 or 2",
    }  # fmt: skip


def test_the_word_none_means_not_measured_and_not_missing(tmp_path: Path) -> None:
    (row,) = read_diabetes130(write(tmp_path / "data.csv", RECORD))
    assert row.facts["stay_hba1c"] == Known("not-tested")


def test_diagnoses_without_leading_zeros_are_read_as_what_they_were(tmp_path: Path) -> None:
    """ "38" is 038, septicaemia: in none of Strack's groups; 428 among the others is heart failure."""
    (row,) = read_diabetes130(write(tmp_path / "data.csv", RECORD))
    main, failure = row.facts["stay_principal_group"], row.facts["stay_heart_failure"]
    assert isinstance(main, Known)
    assert main.value == "other"
    assert isinstance(failure, Known)
    assert failure.value is True


def test_what_the_file_does_not_say_is_unknown(tmp_path: Path) -> None:
    record = {**RECORD, "discharge_disposition_id": "18", "admission_type_id": "6", "gender": "Unknown/Invalid"}
    record |= {"diag_1": "?", "diag_2": "?", "diag_3": "?"}
    (row,) = read_diabetes130(write(tmp_path / "data.csv", record))
    for fact in ("discharge_disposition", "admission_priority", "sex", "stay_principal_group", "stay_cancer"):
        assert isinstance(row.facts[fact], Unknown), fact


def test_who_died_or_left_into_hospice_is_left_out(tmp_path: Path) -> None:
    records = [{**RECORD, "discharge_disposition_id": code} for code in ("11", "13", "14", "19", "20", "21")]
    assert read_diabetes130(write(tmp_path / "data.csv", *records)) == ()


def test_another_file_is_refused(tmp_path: Path, bundle: Bundle) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(BadData, match=r"other\.csv: line 1"):
        read_diabetes130(other)
    with pytest.raises(BadData, match="is none of"):
        read_rows("elsewhere", other, bundle)
    with pytest.raises(BadData, match="no rows"):
        read_rows("diabetes-130", write(tmp_path / "empty.csv"), bundle)


@needs_shared
@pytest.mark.shared
def test_the_published_counts_come_out(bundle: Bundle) -> None:
    """99,343 encounters of 69,990 patients with 11,314 events; every input bit by bit as serving reads it."""
    rows = read_diabetes130(DATA)
    assert len(rows) == 99343
    assert len({row.patient for row in rows}) == 69990
    assert sum(row.outcome for row in rows) == 11314
    table = tabulate(bundle, rows[::500])
    for place, row in enumerate(rows[::500]):
        values = read_predictors(bundle, row.facts).values
        assert {name: table.values[name][place] for name in values} == values
