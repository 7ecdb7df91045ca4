"""The seven patients of the console: complete, synthetic, and with orders to try that exist."""

import json

import pytest

from cds_service.app import Application
from smart_app.console.demo_patients import FOLDER, load_patients
from tests.support.make_patients import read_source, trim
from tests.support.shared import needs_shared

PATIENTS = load_patients()


def test_there_are_seven_patients_each_with_a_file_and_orders_to_try() -> None:
    assert len(PATIENTS) == 7
    assert {path.stem for path in FOLDER.glob("*.json")} == set(PATIENTS)
    assert all(patient.trials for patient in PATIENTS.values())


def test_the_licence_of_every_file_stands_beside_it() -> None:
    licences = (FOLDER / "README.md").read_text("utf-8")
    assert all(f"`{path.name}`" in licences for path in FOLDER.glob("*.json"))


@pytest.mark.parametrize("id", PATIENTS)
def test_orders_to_try_are_products_of_that_name(id: str, application: Application) -> None:
    for trial in PATIENTS[id].trials:
        product = application.release.terminology.by_rxcui(trial.rxcui)
        assert product is not None
        assert product.name.lower() == trial.name.lower()


@pytest.mark.parametrize("id", PATIENTS)
def test_names_carry_no_numbers_and_charts_hold_nothing_of_the_day_after(id: str) -> None:
    patient = PATIENTS[id]
    assert not any(letter.isdigit() for letter in patient.name)
    assert patient.encounter_id
    assert patient.opened.endswith(patient.as_of[:4])


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize("id", PATIENTS)
def test_the_files_are_the_trimmed_originals(id: str) -> None:
    kept = json.loads((FOLDER / f"{id}.json").read_text("utf-8"))["entry"]
    assert kept == trim(read_source(id), PATIENTS[id].as_of)


def test_one_patient_leaves_hospital_on_the_day_of_the_chart_and_is_alive() -> None:
    assert [id for id, patient in PATIENTS.items() if patient.leaves_hospital] == ["going-home"]
    assert all("deceasedDateTime" not in patient.resource for patient in PATIENTS.values())
