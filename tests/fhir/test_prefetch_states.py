"""What each form of a prefetch value means. Unknown is not absent: the states here keep the two apart."""

from typing import Any

import pytest

from cds_service.errors import NothingToWorkWith
from cds_service.fhir.read import describe, describe_keys, read_request
from cds_service.fhir.received import KeyResult, Reason
from cds_service.fhir.resources import MedicationRequest, Observation, Patient
from cds_service.hooks.discovery import TEMPLATES, prefetch_templates
from cds_service.hooks.request import parse_request
from tests.support.requests import a_patient, body, bundle, medication_request, observation, outcome

KEYS = prefetch_templates(["labs", *TEMPLATES], {"labs": ["http://loinc.org|2160-0"]})
WARFARIN = medication_request("m1", "855332", "warfarin")
IBUPROFEN = medication_request("m2", "197806", "ibuprofen")
CREATININE = observation("o1", "2160-0", 1.1, "mg/dL", "2021-02-01")
MEDICATION = {"resourceType": "Medication", "id": "x", "code": {"text": "warfarin 5 mg"}}
NEXT = [{"relation": "next", "url": "https://ehr.example.org/fhir/MedicationRequest?page=2"}]


def result_of(key: str, value: Any) -> KeyResult:
    request = parse_request(body(a_patient().key(key, value).patient_view()), "patient-view")
    return read_request(request, KEYS).prefetch[key]


def included(resource: Any, mode: str = "include") -> dict[str, Any]:
    return {"resource": resource, "search": {"mode": mode}}


@pytest.mark.requirement("CH-072")
def test_a_key_that_was_not_sent_is_not_known() -> None:
    request = parse_request(body(a_patient().without("medications").patient_view()), "patient-view")
    received = read_request(request, KEYS)
    assert received.prefetch["medications"] == KeyResult(complete=False, reason=Reason.NOT_SENT)
    assert describe_keys(received)["medications"] == "not sent"


@pytest.mark.requirement("CH-073", "CH-082")
@pytest.mark.parametrize("value", [None, bundle(), {"resourceType": "Bundle", "type": "searchset"}])
def test_null_and_an_empty_bundle_both_mean_that_none_is_recorded(value: Any) -> None:
    result = result_of("medications", value)
    assert (result.resources, result.complete, result.reason) == ((), True, None)
    assert describe(result) == "read, none recorded"


@pytest.mark.requirement("CH-073")
def test_null_for_a_read_means_that_it_does_not_exist() -> None:
    assert result_of("encounter", None).complete is True


def test_a_bundle_of_what_was_searched_for_is_read_whole() -> None:
    result = result_of("medications", bundle(WARFARIN, IBUPROFEN, total=2))
    assert [resource.id for resource in result.resources] == ["m1", "m2"]
    assert all(type(resource) is MedicationRequest for resource in result.resources)
    assert describe(result) == "read, 2 items"


@pytest.mark.requirement("CH-080")
@pytest.mark.parametrize(
    "members", [{"type": "collection"}, {"type": None}, {"type": "odd"}, {"total": "1"}, {"link": {}}]
)
def test_a_bundle_of_any_type_or_none_is_read(members: dict[str, Any]) -> None:
    assert describe(result_of("medications", {**bundle(WARFARIN), **members})) == "read, 1 item"


def test_a_bundle_without_resource_type_is_read() -> None:
    assert describe(result_of("medications", {"entry": [{"resource": WARFARIN}]})) == "read, 1 item"


def test_a_single_entry_that_is_no_array_is_read() -> None:
    assert (
        describe(result_of("medications", {"resourceType": "Bundle", "entry": {"resource": WARFARIN}}))
        == "read, 1 item"
    )


@pytest.mark.requirement("CH-078", "CH-079")
def test_a_next_page_means_that_more_exist() -> None:
    result = result_of("medications", bundle(WARFARIN, link=NEXT))
    assert (len(result.resources), result.complete, result.reason) == (1, False, Reason.TRUNCATED)
    assert describe(result) == "1 item, more exist (truncated)"


def test_a_total_above_what_came_means_that_more_exist() -> None:
    assert result_of("medications", bundle(WARFARIN, total=2)).reason is Reason.TRUNCATED
    assert describe(result_of("medications", bundle(total=3))) == "more exist (truncated)"


def test_included_resources_do_not_count_towards_the_total() -> None:
    value = {**bundle(WARFARIN, total=2)}
    value["entry"] = [*value["entry"], included(MEDICATION)]
    assert result_of("medications", value).reason is Reason.TRUNCATED
    value["entry"] = [*value["entry"], included(IBUPROFEN, "match")]
    assert result_of("medications", value).complete is True
    value["entry"] = [included(WARFARIN, "match"), included(IBUPROFEN)]
    assert result_of("medications", value).reason is Reason.TRUNCATED
    value["entry"].append(included(MEDICATION))
    assert result_of("medications", value).reason is Reason.TRUNCATED


def test_an_included_medication_is_kept_for_the_reference_that_needs_it() -> None:
    value = bundle(WARFARIN)
    value["entry"].append(included(MEDICATION))
    result = result_of("medications", value)
    assert [resource.resource_type for resource in result.resources] == ["MedicationRequest", "Medication"]
    assert result.complete is True


def test_included_resources_of_types_nobody_reads_are_skipped() -> None:
    value = bundle(WARFARIN)
    value["entry"].append(included({"resourceType": "Practitioner", "id": "p", "name": 7}))
    assert describe(result_of("medications", value)) == "read, 1 item"


def test_a_bundle_holding_only_something_else_does_not_mean_none_recorded() -> None:
    other = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "MedicationDispense", "id": "d"}}]}
    assert result_of("medications", other).reason is Reason.MALFORMED
    matched = bundle({"resourceType": "MedicationDispense", "id": "d"})
    assert describe(result_of("medications", matched)) == "1 item unreadable"


@pytest.mark.requirement("CH-074", "CH-075")
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("security", Reason.REFUSED),
        ("forbidden", Reason.REFUSED),
        ("login", Reason.REFUSED),
        ("expired", Reason.REFUSED),
        ("throttled", Reason.REFUSED),
        ("timeout", Reason.TIMED_OUT),
        ("incomplete", Reason.TRUNCATED),
        ("exception", Reason.MALFORMED),
        ("not-found", Reason.MALFORMED),
    ],
)
def test_an_outcome_instead_of_data_is_never_no_data(code: str, reason: Reason) -> None:
    assert result_of("allergies", outcome(code)) == KeyResult(reason=reason)
    assert result_of("allergies", bundle(outcome(code, "fatal"))).reason is reason
    assert result_of("patient", outcome(code)) == KeyResult(reason=reason)


@pytest.mark.requirement("CH-075")
def test_an_outcome_entry_keeps_what_was_read_but_the_list_is_not_whole() -> None:
    value = bundle(WARFARIN)
    value["entry"].append(included(outcome("forbidden"), "outcome"))
    result = result_of("medications", value)
    assert (len(result.resources), result.reason) == (1, Reason.REFUSED)
    assert describe(result) == "1 item, refused"


def test_an_outcome_that_only_informs_changes_nothing() -> None:
    value = bundle()
    value["entry"].append(included(outcome("informational", "information"), "outcome"))
    assert describe(result_of("medications", value)) == "read, none recorded"


def test_a_warning_that_data_was_held_back_means_that_the_list_is_not_whole() -> None:
    assert result_of("medications", bundle(WARFARIN, outcome("suppressed", "information"))).reason is Reason.REFUSED
    assert result_of("medications", bundle(WARFARIN, outcome("incomplete", "warning"))).reason is Reason.TRUNCATED


@pytest.mark.parametrize("value", [outcome("informational", "information"), {"resourceType": "OperationOutcome"}])
def test_an_outcome_alone_is_no_answer_whatever_it_says(value: Any) -> None:
    assert result_of("medications", value).reason is Reason.MALFORMED


@pytest.mark.requirement("CH-080")
@pytest.mark.parametrize(
    "value", ["<html>502 Bad Gateway</html>", 7, True, [WARFARIN], {"resourceType": 5}, {"resource": None}]
)
def test_a_value_that_is_no_resource_is_malformed(value: Any) -> None:
    for key in ("medications", "patient"):
        result = result_of(key, value)
        assert (result.complete, result.reason, result.resources) == (False, Reason.MALFORMED, ())


def test_the_wrapper_of_early_clients_is_taken_off() -> None:
    wrapped = {"response": {"status": "200 OK"}, "resource": bundle(WARFARIN)}
    assert describe(result_of("medications", wrapped)) == "read, 1 item"
    patient = {"response": {"status": "200 OK"}, "resource": {"resourceType": "Patient", "id": "P1"}}
    assert describe(result_of("patient", patient)) == "read, 1 item"


def test_a_search_answered_with_one_resource_may_have_had_more() -> None:
    result = result_of("medications", WARFARIN)
    assert (len(result.resources), result.reason) == (1, Reason.MALFORMED)
    assert describe(result) == "1 item, malformed"


def test_a_read_answered_with_a_bundle_of_one_is_read() -> None:
    result = result_of("patient", bundle({"resourceType": "Patient", "id": "P1"}))
    assert [type(resource) for resource in result.resources] == [Patient]
    assert result.complete is True


def test_a_read_answered_with_another_type_is_malformed() -> None:
    result = result_of("patient", WARFARIN)
    assert (result.resources, result.reason) == ((), Reason.MALFORMED)


@pytest.mark.parametrize(
    "entry",
    [
        {"fullUrl": "https://ehr.example.org/fhir/MedicationRequest/m3"},
        {"resource": None},
        {"resource": "<html>"},
        {"resource": {"id": "m3"}},
        {},
        None,
        "MedicationRequest/m3",
    ],
)
def test_an_entry_without_a_readable_resource_is_counted_as_unreadable(entry: Any) -> None:
    value = bundle(WARFARIN)
    value["entry"].append(entry)
    result = result_of("medications", value)
    assert (len(result.resources), len(result.unreadable), result.reason) == (1, 1, Reason.MALFORMED)
    assert describe(result) == "1 item, 1 item unreadable"


def test_one_odd_member_does_not_lose_the_item_nor_the_list() -> None:
    odd = {**IBUPROFEN, "status": ["active"], "category": {"text": "community"}}
    result = result_of("medications", bundle(WARFARIN, odd))
    assert result.complete is True
    read = result.resources[1]
    assert isinstance(read, MedicationRequest)
    assert (read.status, read.category[0].text) == ("active", "community")


def test_the_self_link_says_which_codes_were_asked_for() -> None:
    url = "https://ehr.example.org/fhir/Observation?patient=P1&code=http%3A%2F%2Floinc.org%7C2160-0,http://loinc.org|6298-4"
    result = result_of("labs", bundle(CREATININE, link=[{"relation": "self", "url": url}]))
    assert result.requested_codes == frozenset({"http://loinc.org|2160-0", "http://loinc.org|6298-4"})
    assert isinstance(result.resources[0], Observation)


@pytest.mark.parametrize("link", [[], [{"relation": "self"}], [{"relation": "self", "url": "Observation?patient=P1"}]])
def test_without_codes_in_a_self_link_nobody_says_what_was_asked(link: Any) -> None:
    assert result_of("labs", bundle(CREATININE, link=link)).requested_codes is None


def test_urn_full_urls_are_kept_for_the_references_that_use_them() -> None:
    value = bundle(WARFARIN)
    value["entry"][0]["fullUrl"] = "urn:uuid:0001"
    value["entry"].append({**included({**MEDICATION, "id": None}), "fullUrl": "urn:uuid:0002"})
    result = result_of("medications", value)
    assert result.urls == {"urn:uuid:0001": "MedicationRequest/m1", "urn:uuid:0002": "Medication/0002"}
    assert result.resources[1].id == "0002"
    alone = bundle(WARFARIN)
    alone["entry"][0]["fullUrl"] = "urn:uuid:0001"
    assert result_of("medications", alone).urls == {"urn:uuid:0001": "MedicationRequest/m1"}


@pytest.mark.requirement("CH-070", "CH-071")
def test_keys_nobody_asked_for_are_ignored() -> None:
    request = parse_request(body(a_patient().key("coverage", bundle()).patient_view()), "patient-view")
    assert set(read_request(request, KEYS).prefetch) == set(KEYS)


def test_a_key_whose_template_names_no_type_takes_any_resource() -> None:
    request = parse_request(body(a_patient().key("user", WARFARIN).patient_view()), "patient-view")
    assert describe_keys(read_request(request, {"user": "{{context.userId}}"})) == {"user": "read, 1 item"}
    request = parse_request(body(a_patient().key("user", bundle(WARFARIN)).patient_view()), "patient-view")
    assert describe_keys(read_request(request, {"user": "{{context.userId}}"})) == {"user": "read, 1 item"}


def test_a_search_for_a_type_nobody_reads_is_read_entry_by_entry() -> None:
    coverage = {"resourceType": "Coverage", "id": "c"}
    request = parse_request(body(a_patient().key("coverage", bundle(coverage)).patient_view()), "patient-view")
    received = read_request(request, {"coverage": "Coverage?patient={{context.patientId}}"})
    assert received.prefetch["coverage"].complete is True


@pytest.mark.requirement("CH-007")
def test_orders_of_dstu2_in_prefetch_show_that_the_caller_speaks_dstu2() -> None:
    with pytest.raises(NothingToWorkWith, match="DSTU2"):
        result_of("medications", bundle({"resourceType": "MedicationOrder", "id": "m"}))
