"""Problems and procedures: coded or unrecognised, active or over."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cds_service.chart.drugs import Coded, Problem
from cds_service.chart.facts import Items, Reason
from tests.support.gathered import chart_of
from tests.support.requests import PatientCase, a_patient, coded

SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
LOCAL = "https://ehr.example/problems"
PATIENT = a_patient("P1")


def described(code: dict[str, Any] | None) -> PatientCase:
    return PATIENT.adding("conditions", {"resourceType": "Condition", "id": "condition1", "code": code})


def the_problem(case: PatientCase, **more: Any) -> Problem:
    (problem,) = chart_of(case, **more).conditions.items
    return problem


@pytest.mark.parametrize(
    ("system", "canonical"),
    [
        (SNOMED, SNOMED),
        (ICD10CM, ICD10CM),
        ("http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10"),
        ("http://hl7.org/fhir/sid/icd-9-cm", "http://hl7.org/fhir/sid/icd-9-cm"),
        ("urn:oid:2.16.840.1.113883.6.90", ICD10CM),
        ("urn:oid:2.16.840.1.113883.6.96", SNOMED),
    ],
)
def test_a_problem_coded_in_a_known_system_is_recognised_under_its_canonical_uri(system: str, canonical: str) -> None:
    problem = the_problem(PATIENT.with_condition("X1", "a problem", system))
    assert problem.codes == (Coded(canonical, "X1", "a problem"),)
    assert (problem.name, problem.active) == ("a problem", True)


@pytest.mark.parametrize("code", [{"text": "bad heart"}, coded(LOCAL, "H1", "bad heart")])
def test_a_problem_in_words_or_local_codes_is_unrecognised(code: dict[str, Any]) -> None:
    conditions = chart_of(described(code)).conditions
    assert conditions.items == ()
    assert [item.text for item in conditions.unrecognised] == ["bad heart"]
    assert conditions.complete


def test_a_problem_without_a_code_is_still_there() -> None:
    (item,) = chart_of(described(None)).conditions.unrecognised
    assert item.text == "a problem without a name"


def test_the_code_map_of_the_site_makes_a_local_code_known() -> None:
    case = PATIENT.with_condition("H1", "bad heart", LOCAL)
    problem = the_problem(case, code_map={(LOCAL, "H1"): (ICD10CM, "I50.9")})
    assert problem.codes == (Coded(ICD10CM, "I50.9"),)
    unrelated = chart_of(case, code_map={(LOCAL, "H2"): (ICD10CM, "I50.9")})
    assert unrelated.conditions.items == ()


@pytest.mark.parametrize("member", ["verificationStatus", "clinicalStatus"])
@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_refuted_problems_and_mistakes_are_dropped(member: str, status: str) -> None:
    case = PATIENT.with_condition("49436004", **{member: {"coding": [{"code": status}]}})
    assert chart_of(case).conditions == Items((), complete=True, reason=None)


@pytest.mark.parametrize(
    ("members", "active"),
    [
        ({"clinicalStatus": {"coding": [{"code": "active"}]}}, True),
        ({"clinicalStatus": {"coding": [{"code": "recurrence"}]}}, True),
        ({"clinicalStatus": {"coding": [{"code": "resolved"}]}}, False),
        ({"clinicalStatus": {"coding": [{"code": "remission"}]}}, False),
        ({"clinicalStatus": "inactive"}, False),
        ({"clinicalStatus": None}, True),
        ({"clinicalStatus": None, "abatementDateTime": "2020-01-01"}, False),
        ({"clinicalStatus": None, "abatementDateTime": "2030-01-01"}, True),
        ({"clinicalStatus": None, "abatementBoolean": True}, False),
        ({"clinicalStatus": "active", "abatementDateTime": "2020-01-01"}, True),
    ],
)
def test_a_problem_is_active_by_its_status_or_else_until_it_abated(members: dict[str, Any], active: bool) -> None:
    assert the_problem(PATIENT.with_condition("49436004", **members)).active is active


def test_the_onset_is_kept_and_stands_in_for_the_date_of_the_record() -> None:
    dated = PATIENT.with_condition("49436004", onsetDateTime="2020-05-01T00:00:00Z", recordedDate="2021-01-01")
    assert the_problem(dated).onset == datetime(2020, 5, 1, tzinfo=UTC)
    assert the_problem(PATIENT.with_condition("49436004", recordedDate="2021-01-01T00:00:00Z")).onset == datetime(
        2021, 1, 1, tzinfo=UTC
    )


@pytest.mark.parametrize("member", ["onsetDateTime", "recordedDate"])
def test_a_problem_of_the_future_is_ignored_and_noted(member: str) -> None:
    chart = chart_of(PATIENT.with_condition("49436004", **{member: "2027-01-01"}))
    assert chart.conditions == Items((), complete=True, reason=None)
    assert "Condition/condition1 is dated after now" in chart.notes


@pytest.mark.requirement("CH-081")
def test_another_patients_problem_is_dropped_and_the_list_is_not_whole() -> None:
    chart = chart_of(PATIENT.with_condition("49436004", subject={"reference": "Patient/P2"}))
    assert chart.conditions == Items((), complete=False, reason=Reason.MALFORMED)


def test_unsent_conditions_are_not_no_conditions() -> None:
    assert chart_of(PATIENT.without("conditions")).conditions == Items((), reason=Reason.NOT_SENT)


def procedure(**members: Any) -> PatientCase:
    resource = {
        "resourceType": "Procedure",
        "id": "1",
        "status": "completed",
        "code": coded(SNOMED, "232717009", "CABG"),
    }
    return PATIENT.adding("procedures", {**resource, **members})


@pytest.mark.parametrize("status", ["completed", "in-progress", None])
def test_a_procedure_done_or_under_way_counts(status: str | None) -> None:
    (done,) = chart_of(procedure(status=status, performedDateTime="2020-01-01T00:00:00Z")).procedures.items
    assert (done.name, done.when) == ("CABG", datetime(2020, 1, 1, tzinfo=UTC))
    assert done.codes == (Coded(SNOMED, "232717009", "CABG"),)


@pytest.mark.parametrize("status", ["not-done", "preparation", "stopped", "entered-in-error"])
def test_a_procedure_that_was_not_done_does_not_count(status: str) -> None:
    assert chart_of(procedure(status=status)).procedures == Items((), complete=True, reason=None)


def test_a_procedure_in_words_is_unrecognised_and_one_of_the_future_is_noted() -> None:
    worded = chart_of(procedure(code={"text": "heart operation"}))
    assert [item.text for item in worded.procedures.unrecognised] == ["heart operation"]
    assert [item.text for item in chart_of(procedure(code=None)).procedures.unrecognised] == [
        "a procedure without a name"
    ]
    future = chart_of(procedure(performedPeriod={"start": "2027-01-01"}))
    assert future.procedures.items == ()
    assert "Procedure/1 is dated after now" in future.notes
