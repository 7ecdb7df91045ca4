"""Whatever JSON stands in prefetch or drafts: an answer or a named error, and no draft is ever lost."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import BadRequest, NothingToWorkWith
from cds_service.fhir.kinds import READ
from cds_service.fhir.read import describe_keys, read_request
from cds_service.fhir.received import Received
from cds_service.hooks.discovery import TEMPLATES
from cds_service.hooks.request import parse_request
from tests.support.requests import a_patient, body

WORDS = [
    *("resourceType", "entry", "resource", "fullUrl", "search", "mode", "link", "relation", "url", "total", "response"),
    *(
        "id",
        "status",
        "subject",
        "reference",
        "code",
        "coding",
        "text",
        "issue",
        "severity",
        "dosageInstruction",
        "dose",
    ),
    *(
        "medication",
        "medicationCodeableConcept",
        "contained",
        "doseAndRate",
        "doseQuantity",
        "value",
        "taken",
        "intent",
    ),
]
TYPES = [*READ, "Bundle", "OperationOutcome", "NutritionOrder", "Practitioner", "MedicationOrder", "ProcedureRequest"]
TEXTS = st.sampled_from(
    [*TYPES, "include", "match", "next", "self", "Patient/P1", "Patient/P2", "urn:uuid:1", "1", "n", ""]
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS | st.text()
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)
RESOURCES = st.builds(
    lambda members, kind: {**members, "resourceType": kind},
    st.dictionaries(st.sampled_from(WORDS), JSON, max_size=5),
    st.sampled_from(TYPES),
)
ENTRIES = st.lists(
    JSON | RESOURCES | st.fixed_dictionaries({"resource": JSON | RESOURCES}, optional={"fullUrl": TEXTS})
)
BUNDLES = st.fixed_dictionaries(
    {"resourceType": st.just("Bundle"), "entry": ENTRIES}, optional={"total": JSON, "link": JSON}
)


def read(request: dict[str, Any]) -> Received | None:
    try:
        return read_request(parse_request(body(request), request["hook"]), TEMPLATES)
    except (BadRequest, NothingToWorkWith):
        return None


@given(st.sampled_from(sorted(TEMPLATES)), JSON | RESOURCES | BUNDLES)
def test_any_prefetch_value_has_a_state(key: str, value: Any) -> None:
    received = read(a_patient().key(key, value).patient_view())
    if received is None:
        assert "MedicationOrder" in json.dumps(value)
        return
    result = received.prefetch[key]
    assert describe_keys(received)[key]
    assert result.complete == (result.reason is None)
    assert not (result.complete and result.unreadable)


@given(BUNDLES)
def test_no_draft_is_ever_lost(value: Any) -> None:
    request = a_patient().order_sign()
    request["context"]["draftOrders"] = value
    received = read(request)
    if received is not None:
        kept = (*received.drafts, *received.unreadable_drafts, *received.supporting)
        types = [(entry.get("resource", entry) if isinstance(entry, dict) else {}) for entry in value["entry"]]
        assert len(kept) >= sum(
            not isinstance(each, dict) or each.get("resourceType") != "Practitioner" for each in types
        )
        assert len({draft.reference for draft in received.drafts}) == len(received.drafts)
        assert all(json.loads(draft.original)["resourceType"] for draft in received.drafts)


@given(JSON | RESOURCES)
def test_any_drafts_are_read_or_refused(value: Any) -> None:
    request = a_patient().order_select("MedicationRequest/1")
    request["context"]["draftOrders"] = value
    read(request)


@given(st.data())
def test_one_odd_member_never_loses_a_draft(data: st.DataObject) -> None:
    case = a_patient().ordering("197806", "ibuprofen", dose=1, per_day=3)
    (draft,) = case.drafts
    member = data.draw(
        st.sampled_from([*(set(draft) - {"resourceType", "subject"}), "category", "contained", "encounter"])
    )
    received = read(a_patient().drafting({**draft, member: data.draw(JSON)}).order_sign())
    assert received is not None
    assert len(received.drafts) == 1


def parses(sent: bytes, hook: str) -> bool:
    try:
        parse_request(sent, hook)
    except BadRequest:
        return False
    return True


@pytest.mark.parametrize(
    "holder",
    [
        '{"resourceType":"MedicationRequest","category":DEEP}',
        '{"resourceType":"Bundle","total":DEEP,"entry":[]}',
        '{"resourceType":"OperationOutcome","issue":DEEP}',
        "DEEP",
    ],
)
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"resource":', "}"), ('{"entry":', "}")])
@pytest.mark.parametrize("place", ["patient", "medications", "draft"])
def test_nesting_at_the_limit_of_the_parser_is_read_or_refused(
    holder: str, opening: str, closing: str, place: str
) -> None:
    case = a_patient().drafting("HERE") if place == "draft" else a_patient().key(place, "HERE")
    start = body(case.order_sign())

    def nested(depth: int) -> bytes:
        return start.replace(b'"HERE"', holder.replace("DEEP", opening * depth + "1" + closing * depth).encode())

    limit = next(depth for depth in range(2000, 0, -1) if parses(nested(depth), "order-sign"))
    for depth in range(limit - 40, limit + 1):
        request = parse_request(nested(depth), "order-sign")
        with contextlib.suppress(BadRequest):
            read_request(request, TEMPLATES)
