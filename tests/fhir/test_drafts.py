"""Draft orders: none is lost, each keeps its bytes, and none belongs to another patient."""

import json
from typing import Any

import pytest

from cds_service.errors import BadRequest, NothingToWorkWith
from cds_service.fhir.read import read_request
from cds_service.fhir.received import Received, Unreadable
from cds_service.fhir.resources import MedicationRequest, OtherResource, ServiceRequest
from cds_service.hooks.request import parse_request
from tests.support.requests import Json, a_patient, body, medication_request

CASE = a_patient("P1")
DRAFT = medication_request("order1", "197806", "ibuprofen", status="draft")


def received(request: Json) -> Received:
    return read_request(parse_request(body(request), request["hook"]), {"patient": "Patient/{{context.patientId}}"})


def with_drafts(value: Any, hook: str = "order-sign") -> Received:
    request = CASE.order_sign() if hook == "order-sign" else CASE.order_select("MedicationRequest/order1")
    return received({**request, "context": {**request["context"], "draftOrders": value}})


def refused(value: Any) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        with_drafts(value)
    return caught.value


def a_bundle(*resources: Any) -> Json:
    return {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]}


def test_a_draft_keeps_the_bytes_it_came_in() -> None:
    original = b'{"resourceType":  "MedicationRequest","id":"a", "doseNote": 1.10}'
    sent = body(CASE.drafting("HERE").order_sign()).replace(b'"HERE"', original)
    (draft,) = read_request(parse_request(sent, "order-sign"), {}).drafts
    assert draft.original == original
    assert draft.reference == "MedicationRequest/a"


def test_drafts_of_every_type_are_kept() -> None:
    nutrition = {"resourceType": "NutritionOrder", "id": "n", "status": "draft", "patient": {"reference": "Patient/P1"}}
    scan = {"resourceType": "ServiceRequest", "id": "s", "subject": {"reference": "Patient/P1"}}
    read = with_drafts(a_bundle(DRAFT, nutrition, scan))
    assert [type(draft.resource) for draft in read.drafts] == [MedicationRequest, OtherResource, ServiceRequest]
    assert [draft.reference for draft in read.drafts] == [
        "MedicationRequest/order1",
        "NutritionOrder/n",
        "ServiceRequest/s",
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"type": "collection", "entry": [{"resource": DRAFT}]},
        {"resourceType": "Bundle", "entry": {"resource": DRAFT}},
        {"resourceType": "Bundle", "entry": [DRAFT]},
        [DRAFT],
        [{"resource": DRAFT}],
        {"resource": DRAFT},
        DRAFT,
    ],
)
def test_drafts_that_are_not_quite_a_bundle_are_read(value: Any) -> None:
    assert [draft.reference for draft in with_drafts(value).drafts] == ["MedicationRequest/order1"]


@pytest.mark.parametrize("value", [{"resourceType": "Bundle"}, {"resourceType": "Bundle", "entry": []}, []])
def test_an_empty_draft_bundle_is_no_error(value: Any) -> None:
    read = with_drafts(value)
    assert (read.drafts, read.unreadable_drafts) == ((), ())


@pytest.mark.requirement("CH-035")
@pytest.mark.parametrize(("value", "found"), [(None, "null"), ("x", "a string"), (5, "a number"), (True, "true")])
def test_drafts_that_nobody_can_read_are_refused(value: Any, found: str) -> None:
    problem = refused(value)
    assert (problem.element, problem.found, problem.expected) == ("context.draftOrders", found, "a Bundle")


def test_an_object_that_is_no_bundle_is_refused() -> None:
    assert refused({}).found == "an object that is no Bundle"


@pytest.mark.parametrize(
    ("entry", "label"),
    [
        (None, "draft 2"),
        ("MedicationRequest/order2", "draft 2"),
        ({"fullUrl": "urn:uuid:1"}, "draft 2"),
        ({"resource": None}, "draft 2"),
        ({"resource": json.dumps(DRAFT)}, "draft 2"),
        ({"resource": {**DRAFT, "resourceType": 7}}, "ibuprofen"),
        ({"resource": {"medicationCodeableConcept": {"coding": [{"display": "aspirin"}]}}}, "aspirin"),
    ],
)
def test_a_draft_that_cannot_be_read_is_listed_and_the_others_are_read(entry: Any, label: str) -> None:
    read = with_drafts({"resourceType": "Bundle", "entry": [{"resource": DRAFT}, entry]})
    assert len(read.drafts) == 1
    assert read.unreadable_drafts == (Unreadable("", label, "not a FHIR resource"),)


def test_an_outcome_among_the_drafts_is_an_order_that_could_not_be_read() -> None:
    (unreadable,) = with_drafts(a_bundle({"resourceType": "OperationOutcome"})).unreadable_drafts
    assert unreadable.why == "an error in the place of an order"


def test_a_draft_without_any_drug_is_a_draft() -> None:
    (draft,) = with_drafts(a_bundle({"resourceType": "MedicationRequest", "id": "order1"})).drafts
    assert draft.reference == "MedicationRequest/order1"


def test_drafts_without_an_id_are_named_by_their_place() -> None:
    nameless = {key: value for key, value in DRAFT.items() if key != "id"}
    read = with_drafts(a_bundle(nameless, DRAFT, nameless))
    assert [draft.reference for draft in read.drafts] == [
        "MedicationRequest/draft-1",
        "MedicationRequest/order1",
        "MedicationRequest/draft-3",
    ]


def test_no_two_drafts_share_a_name() -> None:
    taken = {**DRAFT, "id": "draft-3"}
    read = with_drafts(a_bundle(DRAFT, taken, DRAFT))
    assert [draft.reference for draft in read.drafts] == [
        "MedicationRequest/order1",
        "MedicationRequest/draft-3",
        "MedicationRequest/draft-3-again",
    ]


def test_selections_mark_the_drafts_they_name() -> None:
    other = {**DRAFT, "id": "order2"}
    read = with_drafts(a_bundle(other, DRAFT), "order-select")
    assert [draft.selected for draft in read.drafts] == [False, True]
    assert read.notes == ()


def test_a_selection_that_points_nowhere_is_noted_and_named() -> None:
    read = with_drafts(a_bundle({**DRAFT, "id": "order2"}), "order-select")
    assert [draft.selected for draft in read.drafts] == [False]
    assert read.notes == ("context.selections names an order that is not among the drafts",)
    (missed,) = read.unreadable_drafts
    assert (missed.resource_type, missed.label) == (
        "MedicationRequest",
        "MedicationRequest/order1, selected but not sent",
    )


@pytest.mark.parametrize(
    "subject",
    ["Patient/P1", "Patient/P1/_history/3", "https://ehr.example.org/fhir/Patient/P1", "urn:uuid:P1", "#p", "P1"],
)
def test_drafts_of_this_patient_are_accepted_however_the_subject_is_written(subject: str) -> None:
    assert len(with_drafts(a_bundle({**DRAFT, "subject": {"reference": subject}})).drafts) == 1


@pytest.mark.parametrize("subject", [None, {}, {"display": "Someone"}, 7])
def test_drafts_that_name_no_subject_are_accepted(subject: Any) -> None:
    assert len(with_drafts(a_bundle({**DRAFT, "subject": subject})).drafts) == 1


@pytest.mark.requirement("CH-081")
@pytest.mark.parametrize("member", ["subject", "patient"])
def test_a_draft_for_another_patient_is_refused_without_naming_the_patient(member: str) -> None:
    foreign = {"resourceType": "DeviceRequest", "id": "d", member: {"reference": "Patient/P2"}}
    problem = refused(a_bundle(DRAFT, foreign))
    assert problem.element == "context.draftOrders.entry[1].resource.subject"
    assert "P2" not in str(problem)


def test_urn_subjects_are_looked_up_in_the_bundle_and_in_prefetch() -> None:
    entries: list[Json] = [
        {"resource": {**DRAFT, "subject": {"reference": "urn:uuid:aa"}}},
        {"fullUrl": "urn:uuid:aa", "resource": {"resourceType": "Patient", "id": "P1"}},
    ]
    read = with_drafts({"resourceType": "Bundle", "entry": entries})
    assert [resource.resource_type for resource in read.supporting] == ["Patient"]
    assert read.draft_urls == {"urn:uuid:aa": "Patient/P1"}
    entries[1]["resource"] = {"resourceType": "Patient", "id": "P2"}
    assert refused({"resourceType": "Bundle", "entry": entries}).found == "another patient"
    unexplained = with_drafts({"resourceType": "Bundle", "entry": entries[:1]})
    assert len(unexplained.drafts) == 1

    patient = {"fullUrl": "urn:uuid:aa", "resource": {"resourceType": "Patient", "id": "P2"}}
    case = CASE.key("patient", {"resourceType": "Bundle", "entry": [patient]}).drafting(entries[0]["resource"])
    with pytest.raises(BadRequest):
        received(case.order_sign())


def test_a_medication_beside_the_drafts_supports_them_and_is_no_order() -> None:
    entries = [
        {"fullUrl": "urn:uuid:1", "resource": DRAFT},
        {"fullUrl": "urn:uuid:2", "resource": {"resourceType": "Medication", "code": {"text": "x"}}},
        {"resource": {"resourceType": "Medication", "id": "m"}},
    ]
    read = with_drafts({"resourceType": "Bundle", "entry": entries})
    assert len(read.drafts) == 1
    assert [resource.id for resource in read.supporting] == ["2", "m"]
    assert read.draft_urls == {"urn:uuid:1": "MedicationRequest/order1", "urn:uuid:2": "Medication/2"}


@pytest.mark.requirement("CH-007")
@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "MedicationOrder", "id": "m"},
        {"resourceType": "DiagnosticOrder"},
        {"resourceType": "DeviceUseRequest"},
        {"resourceType": "ProcedureRequest", "orderer": {}},
    ],
)
def test_drafts_that_only_dstu2_has_show_that_the_caller_speaks_dstu2(resource: Json) -> None:
    with pytest.raises(NothingToWorkWith, match="DSTU2"):
        with_drafts(a_bundle(resource))


def test_a_procedure_request_of_stu3_is_a_draft() -> None:
    read = with_drafts(a_bundle({"resourceType": "ProcedureRequest", "id": "p", "intent": "order"}))
    assert [draft.reference for draft in read.drafts] == ["ProcedureRequest/p"]


def test_an_stu3_statement_among_the_drafts_is_read_with_r4_names() -> None:
    statement = {"resourceType": "MedicationStatement", "id": "s", "status": "active", "taken": "n"}
    (draft,) = with_drafts(a_bundle(statement)).drafts
    assert getattr(draft.resource, "status", None) == "not-taken"


def test_what_was_tolerated_in_the_request_is_noted_with_what_was_tolerated_in_the_drafts() -> None:
    read = received({**CASE.order_select("MedicationRequest/9"), "hookInstance": "event-7"})
    assert read.notes == (
        "hookInstance is not a UUID",
        "context.selections names an order that is not among the drafts",
    )


def test_hooks_without_drafts_have_none() -> None:
    assert received(CASE.patient_view()).drafts == ()


def test_more_drug_orders_than_can_be_checked_in_time_are_refused_by_number() -> None:
    many = [medication_request(f"m{number}", "197806", status="draft") for number in range(101)]
    labs = [{"resourceType": "ServiceRequest", "id": f"s{number}"} for number in range(50)]
    assert len(with_drafts(a_bundle(*many[:100], *labs)).drafts) == 150
    problem = refused(a_bundle(*many))
    assert (problem.element, problem.found) == ("context.draftOrders", "101 drug orders")
    assert problem.expected == "at most 100 in one call"
