"""What a hook request must hold, what is tolerated, and what the errors say."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import BadRequest
from cds_service.fhir.read import read_request
from cds_service.hooks.contexts import CONTEXTS
from cds_service.hooks.request import HookRequest, parse_request
from tests.support.requests import a_patient, body

CASE = a_patient("P1").ordering("197806")
REQUESTS = {
    "patient-view": CASE.patient_view(),
    "order-select": CASE.order_select(),
    "order-sign": CASE.order_sign(),
    "encounter-discharge": CASE.encounter_discharge(),
}
TOKEN = {"access_token": "t", "token_type": "Bearer", "expires_in": 60, "scope": "user/*.read", "subject": "cds"}
REQUIRED_CONTEXT = [
    ("patient-view", "userId"),
    ("patient-view", "patientId"),
    ("order-select", "userId"),
    ("order-select", "patientId"),
    ("order-select", "selections"),
    ("order-select", "draftOrders"),
    ("order-sign", "userId"),
    ("order-sign", "patientId"),
    ("order-sign", "draftOrders"),
    ("encounter-discharge", "userId"),
    ("encounter-discharge", "patientId"),
    ("encounter-discharge", "encounterId"),
]


def parse(request: Any, hook: str = "order-sign") -> HookRequest:
    return parse_request(body(request), hook)


def refused(request: Any, hook: str = "order-sign") -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        parse(request, hook)
    return caught.value


def changed(context: dict[str, Any], hook: str = "order-sign") -> dict[str, Any]:
    return {**REQUESTS[hook], "context": {**REQUESTS[hook]["context"], **context}}


@pytest.mark.parametrize("hook", CONTEXTS)
def test_every_hook_reads_its_own_request(hook: str) -> None:
    request = parse(REQUESTS[hook], hook)
    assert (request.hook, request.context.patient_id, request.notes) == (hook, "P1", ())
    assert request.context.user_id == "Practitioner/example"


@pytest.mark.requirement("CH-035")
@pytest.mark.parametrize(("hook", "name"), REQUIRED_CONTEXT)
def test_a_missing_context_member_is_named(hook: str, name: str) -> None:
    context = {key: value for key, value in REQUESTS[hook]["context"].items() if key != name}
    problem = refused({**REQUESTS[hook], "context": context}, hook)
    assert (problem.element, problem.found) == (f"context.{name}", "nothing")


@pytest.mark.requirement("CH-031", "CH-032", "CH-035")
@pytest.mark.parametrize("name", ["hook", "hookInstance", "context"])
def test_a_missing_member_of_the_request_is_named(name: str) -> None:
    problem = refused({key: value for key, value in REQUESTS["order-sign"].items() if key != name})
    assert (problem.element, problem.found) == (name, "nothing")


@pytest.mark.parametrize(
    ("member", "value", "found"),
    [
        ("hook", 7, "a number"),
        ("hookInstance", ["a"], "an array"),
        ("hookInstance", "", "an empty string"),
        ("context", "P1", "a string"),
        ("context", None, "null"),
        ("fhirServer", True, "true"),
        ("prefetch", [], "an array"),
    ],
)
def test_a_member_of_another_type_is_named(member: str, value: Any, found: str) -> None:
    problem = refused({**REQUESTS["order-sign"], member: value})
    assert (problem.element, problem.found) == (member, found)


@pytest.mark.parametrize(
    ("context", "element", "found"),
    [
        ({"patientId": 12}, "context.patientId", "a number"),
        ({"patientId": ""}, "context.patientId", "an empty string"),
        ({"patientId": "Patient/"}, "context.patientId", "an empty string"),
        ({"userId": None}, "context.userId", "null"),
        ({"encounterId": {}}, "context.encounterId", "an object"),
    ],
)
def test_a_context_member_of_another_type_is_named(context: Any, element: str, found: str) -> None:
    problem = refused(changed(context))
    assert (problem.element, problem.found) == (element, found)


def test_selections_that_are_not_strings_are_named() -> None:
    problem = refused(changed({"selections": [{"reference": "x"}]}, "order-select"), "order-select")
    assert (problem.element, problem.expected) == ("context.selections", "an array of strings")


@pytest.mark.requirement("CH-031")
def test_the_hook_of_another_service_is_refused() -> None:
    problem = refused(REQUESTS["patient-view"])
    assert (problem.element, problem.expected) == ("hook", "'order-sign'")


@pytest.mark.requirement("CH-032")
def test_a_hook_instance_that_is_no_uuid_is_accepted_and_noted() -> None:
    request = parse({**REQUESTS["order-sign"], "hookInstance": "event-7"})
    assert request.hook_instance == "event-7"
    assert request.notes == ("hookInstance is not a UUID",)


@pytest.mark.requirement("CH-008", "CH-034", "CH-036", "CH-207")
def test_unknown_members_and_null_for_optional_ones_are_ignored() -> None:
    odd = {"fhirServer": None, "fhirAuthorization": None, "prefetch": None, "extension": None, "user": "Practitioner/1"}
    request = parse({**changed({"encounterId": None, "more": [1]}), **odd})
    assert (request.prefetch, request.fhir_server, request.authorization, request.notes) == ({}, None, None, ())
    assert parse({**REQUESTS["order-sign"], "extension": {"com.example": ["x"]}}).trace is False
    assert parse({**REQUESTS["order-sign"], "extension": ["x"]}).as_of is None


@pytest.mark.parametrize("patient_id", ["Patient/P1", "https://ehr.example.org/fhir/Patient/P1"])
def test_a_patient_id_given_as_a_reference_is_stripped_and_noted(patient_id: str) -> None:
    request = parse(changed({"patientId": patient_id}))
    assert request.context.patient_id == "P1"
    assert request.notes == ("context.patientId was a reference, not an id",)


def test_an_encounter_id_given_as_a_reference_is_stripped_and_noted() -> None:
    request = parse(changed({"encounterId": "Encounter/E1"}))
    assert request.context.encounter_id == "E1"
    assert request.notes == ("context.encounterId was a reference, not an id",)
    assert parse(changed({"encounterId": ""})).context.encounter_id is None


def test_ids_longer_than_64_characters_are_read() -> None:
    long = "x" * 200
    assert parse(changed({"patientId": long})).context.patient_id == long


def test_a_practitioner_role_may_be_the_user() -> None:
    assert parse(changed({"userId": "PractitionerRole/A2340113"})).context.user_id == "PractitionerRole/A2340113"


def test_a_byte_order_mark_before_the_body_is_skipped() -> None:
    assert parse_request(b"\xef\xbb\xbf" + body(REQUESTS["order-sign"]), "order-sign").hook == "order-sign"


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (b"", "text that is not JSON"),
        (b"hook=order-sign", "text that is not JSON"),
        (b'{"hook": "order-sign",}', "text that is not JSON"),
        (b'{"hook": NaN}', "text that is not JSON"),
        (rb'{"hook": "\ud800\u0041"}', "text that is not JSON"),
        (b'{"hook": "\xff"}', "bytes that are not UTF-8"),
        (b'{"other": "\xff"}', "bytes that are not UTF-8"),
        (b'{"context": ' + b"[" * 100_000, "JSON nested too deeply"),
        (b'[{"hook": "order-sign"}]', "an array"),
        (b"null", "null"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(sent: bytes, found: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_request(sent, "order-sign")
    assert (caught.value.element, caught.value.found) == ("body", found)


def test_the_prefetch_is_kept_as_it_came() -> None:
    prefetch_sent = b'{"a": null, "b":{"x": 1.10} }'
    sent = body({**REQUESTS["patient-view"], "prefetch": "HERE"}).replace(b'"HERE"', prefetch_sent)
    prefetch = parse_request(sent, "patient-view").prefetch
    assert {key: bytes(value) for key, value in prefetch.items()} == {"a": b"null", "b": b'{"x": 1.10}'}


def test_a_bare_as_of_date_is_the_end_of_that_day() -> None:
    request = parse(CASE.as_of("2021-02-19").traced().order_sign())
    assert request.as_of == datetime(2021, 2, 19, 23, 59, 59, tzinfo=UTC)
    assert request.trace is True


def test_an_as_of_moment_is_read_with_its_offset() -> None:
    request = parse(CASE.as_of("2021-02-19T01:00:00+02:00").order_sign())
    assert request.as_of == datetime(2021, 2, 18, 23, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["yesterday", "2021-02-30", "2021", "2021-02-19T10:00:00", "0001-01-01T00:00:00+14:00"]
)
def test_an_as_of_that_is_no_date_is_named(text: str) -> None:
    assert refused(CASE.as_of(text).order_sign()).element == "extension.org.cds-service.asOf"


@pytest.mark.parametrize(
    ("own", "element"),
    [
        ({"asOf": 20210219}, "extension.org.cds-service.asOf"),
        ({"trace": "yes"}, "extension.org.cds-service.trace"),
        ({"role": ["nurse"]}, "extension.org.cds-service.role"),
        ("trace", "extension.org.cds-service"),
    ],
)
def test_our_own_extension_is_checked(own: Any, element: str) -> None:
    assert refused({**REQUESTS["order-sign"], "extension": {"org.cds-service": own}}).element == element


def test_our_own_extension_may_be_null() -> None:
    assert parse({**REQUESTS["order-sign"], "extension": {"org.cds-service": None}}).trace is False
    assert parse({**REQUESTS["order-sign"], "extension": {"org.cds-service": {"trace": None}}}).trace is False


def test_role_and_department_are_read_from_our_extension() -> None:
    own = {"role": "pharmacist", "department": "ICU"}
    request = parse({**REQUESTS["order-sign"], "extension": {"org.cds-service": own}})
    assert (request.role, request.department) == ("pharmacist", "ICU")
    assert parse(REQUESTS["order-sign"]).department is None


SECRET = "Zaphod-Beeblebrox"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.just(SECRET),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["asOf", "trace", "a"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(hook=st.sampled_from(sorted(CONTEXTS)), data=st.data())
def test_any_json_in_any_member_is_read_or_refused_without_repeating_it(hook: str, data: st.DataObject) -> None:
    request = json.loads(json.dumps(REQUESTS[hook]))
    holder = data.draw(st.sampled_from([request, request["context"]]))
    member = data.draw(st.sampled_from(sorted({*holder, "fhirServer", "fhirAuthorization", "extension"})))
    holder[member] = data.draw(JSON)
    with contextlib.suppress(BadRequest):
        parse(request, hook)
        return
    assert SECRET not in str(refused(request, hook))


@pytest.mark.parametrize(
    ("once", "twice", "element"),
    [
        (b'{"hook":', b'{"hook": 1, "hook":', "body"),
        (b'{"hook":', b'{"fhirServer": "https://a.example", "fhirServer": "https://b.example", "hook":', "body"),
        (b'{"hook":', b'{"unread": 1, "unread": 2, "hook":', "body"),
        (rb'{"hook":', rb'{"h\u006fok": "order-sign", "hook":', "body"),
        (b'"patientId":', b'"patientId": "P2", "patientId":', "context"),
        (b'"prefetch": {', b'"prefetch": {"patient": null, "patient": null, ', "prefetch"),
        (b'"scope":', b'"scope": "user/*.read", "scope":', "fhirAuthorization"),
        (b'"trace":', b'"trace": false, "trace":', "extension.org.cds-service"),
    ],
)
def test_a_member_given_twice_is_refused(once: bytes, twice: bytes, element: str) -> None:
    request = CASE.traced().order_sign(fhirServer="https://ehr.example", fhirAuthorization=TOKEN)
    sent = body(request)
    assert sent.count(once) == 1
    parse_request(sent, "order-sign")
    with pytest.raises(BadRequest) as caught:
        parse_request(sent.replace(once, twice), "order-sign")
    assert (caught.value.element, caught.value.found) == (element, "a member given twice")


def test_inside_a_resource_the_last_of_two_equal_members_counts() -> None:
    sent = body(REQUESTS["order-sign"]).replace(b'"status": "draft"', b'"status": "active", "status": "draft"')
    assert read_request(parse_request(sent, "order-sign"), {}).drafts[0].resource.status == "draft"


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(sent: bytes) -> None:
    with pytest.raises(BadRequest):
        parse_request(sent, "order-sign")
