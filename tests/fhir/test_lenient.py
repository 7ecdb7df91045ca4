"""One odd member never loses a resource: what is repaired, what is dropped and named, what other versions call it."""

import json
from typing import Any

import pytest

from cds_service.fhir.encounter import Encounter
from cds_service.fhir.lenient import decode_resource
from cds_service.fhir.read import read_request
from cds_service.fhir.resources import (
    AllergyIntolerance,
    CodeableConcept,
    Coding,
    Condition,
    MedicationRequest,
    MedicationStatement,
    Observation,
    Patient,
    Resource,
)
from cds_service.hooks.request import parse_request
from tests.support.requests import a_patient, body, bundle, medication_request


def medication(**members: Any) -> MedicationRequest:
    return decode_resource(json.dumps(medication_request("m", "855332", **members)).encode(), MedicationRequest)


def read(resource: dict[str, Any], template: str) -> Any:
    request = parse_request(body(a_patient().key("key", bundle(resource)).patient_view()), "patient-view")
    (found,) = read_request(request, {"key": template}).prefetch["key"].resources
    return found


def test_a_resource_as_it_should_be_has_nothing_odd() -> None:
    read = medication(dose=1, per_day=2)
    assert read.odd == ()
    assert read.dosage_instruction[0].dose_and_rate[0].dose_quantity is not None
    assert read.dosage_instruction[0].dose_and_rate[0].dose_quantity.value == 1.0


def test_one_object_where_an_array_belongs_is_an_array_of_one() -> None:
    # order-select R4 example of the hook library: doseAndRate is an object
    read = medication(dosageInstruction={"doseAndRate": {"doseQuantity": {"value": 2, "unit": "mg"}}})
    quantity = read.dosage_instruction[0].dose_and_rate[0].dose_quantity
    assert quantity is not None
    assert (quantity.value, quantity.unit, read.odd) == (2.0, "mg", ())


def test_of_an_array_where_one_value_belongs_the_first_is_taken_and_the_rest_named() -> None:
    read = medication(subject=[{"reference": "Patient/1"}, {"reference": "Patient/2"}])
    assert read.subject is not None
    assert (read.subject.reference, read.odd) == ("Patient/1", ("subject",))
    assert medication(subject=[]).odd == ("subject",)
    assert medication(subject=[[["deep"]]]).subject is None


@pytest.mark.parametrize(
    ("value", "number"), [("2.5", 2.5), (" 3 ", 3.0), ("two", None), ("NaN", None), ("1e999", None), ({}, None)]
)
def test_numbers_written_as_text_are_numbers(value: Any, number: float | None) -> None:
    read = medication(dosageInstruction=[{"doseQuantity": {"value": value, "unit": "mg"}}])
    quantity = read.dosage_instruction[0].dose_quantity
    assert quantity is not None
    assert (quantity.value, quantity.unit) == (number, "mg")
    assert read.odd == (() if number is not None else ("dosageInstruction[0].doseQuantity.value",))


def test_a_number_too_large_for_any_dose_is_dropped_and_the_order_kept() -> None:
    raw = b'{"resourceType":"MedicationRequest","id":"m","dosageInstruction":[{"doseQuantity":{"value":1e400}}]}'
    read = decode_resource(raw, MedicationRequest)
    assert (read.id, read.odd) == ("m", ("dosageInstruction[0].doseQuantity.value",))


@pytest.mark.parametrize(("value", "sequence"), [(2.0, 2), ("2", 2), (2.5, None), (True, None)])
def test_whole_numbers_are_read_from_decimals_and_text(value: Any, sequence: int | None) -> None:
    assert medication(dosageInstruction=[{"sequence": value}]).dosage_instruction[0].sequence == sequence


@pytest.mark.parametrize(("value", "flag"), [("true", True), ("false", False), ("yes", None), (1, None)])
def test_booleans_are_read_from_text(value: Any, flag: bool | None) -> None:
    assert medication(doNotPerform=value).do_not_perform is flag


def test_codes_and_ids_written_as_numbers_are_read() -> None:
    sent = {"resourceType": "MedicationRequest", "id": 42, "medicationCodeableConcept": {"coding": [{"code": 855332}]}}
    read = decode_resource(json.dumps(sent).encode(), MedicationRequest)
    assert read.medication_codeable_concept is not None
    assert (read.id, read.medication_codeable_concept.coding[0].code) == ("42", "855332")


def test_members_that_cannot_be_used_are_named_and_the_others_kept() -> None:
    read = medication(status={"a": 1}, medicationCodeableConcept={"text": "warfarin", "coding": ["x", {"code": "y"}]})
    assert read.medication_codeable_concept == CodeableConcept(coding=(Coding(code="y"),), text="warfarin")
    assert set(read.odd) == {"status", "medicationCodeableConcept.coding[0]"}


def test_null_members_are_absent_members() -> None:
    read = medication(status=None, category=None, dosageInstruction=[None])
    assert (read.status, read.category, read.dosage_instruction, read.odd) == (None, (), (), ())


def test_a_reference_given_as_text_is_a_reference() -> None:
    assert medication(subject="Patient/1").subject == medication(subject={"reference": "Patient/1"}).subject


def test_a_member_with_the_name_of_our_note_is_ignored() -> None:
    assert medication(odd=["x"], category="community").odd == ()


def test_stu3_conditions_and_allergies_are_read() -> None:
    condition = read(
        {"resourceType": "Condition", "id": "c", "clinicalStatus": "active", "assertedDate": "2017-01-02"},
        "Condition?x",
    )
    assert isinstance(condition, Condition)
    assert condition.clinical_status is not None
    assert (condition.clinical_status.coding[0].code, condition.recorded_date) == ("active", "2017-01-02")
    allergy = read({"resourceType": "AllergyIntolerance", "id": "a", "assertedDate": "2016"}, "AllergyIntolerance?x")
    assert isinstance(allergy, AllergyIntolerance)
    assert allergy.recorded_date == "2016"
    kept = read({"resourceType": "Condition", "recordedDate": "2018", "assertedDate": "2017"}, "Condition?x")
    assert kept.recorded_date == "2018"


def test_a_drug_that_an_stu3_statement_says_is_not_taken_is_not_taken() -> None:
    statement = read({"resourceType": "MedicationStatement", "status": "active", "taken": "n"}, "MedicationStatement?x")
    assert isinstance(statement, MedicationStatement)
    assert statement.status == "not-taken"
    taken = read({"resourceType": "MedicationStatement", "status": "active", "taken": "y"}, "MedicationStatement?x")
    assert taken.status == "active"


def test_an_stu3_procedure_that_was_not_done_is_not_done() -> None:
    template = "Procedure?x"
    assert read({"resourceType": "Procedure", "status": "completed", "notDone": True}, template).status == "not-done"
    assert read({"resourceType": "Procedure", "status": "completed", "notDone": False}, template).status == "completed"


def test_the_medication_of_an_r5_request_is_read() -> None:
    r5 = {"resourceType": "MedicationRequest", "medication": {"concept": {"text": "warfarin"}}}
    found = read(r5, "MedicationRequest?x")
    assert found.medication_codeable_concept == CodeableConcept(text="warfarin")


@pytest.mark.parametrize("kind", [Patient, Observation, Encounter])
def test_what_is_no_object_cannot_be_a_resource(kind: type[Resource]) -> None:
    with pytest.raises(Exception, match="Expected `object`"):
        decode_resource(b'"text"', kind)
