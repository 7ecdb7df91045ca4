"""Published requests and resources, as they are: read or refused with a named error, and no resource is lost."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from cds_service.errors import BadRequest, NothingToWorkWith
from cds_service.fhir.kinds import READ
from cds_service.fhir.lenient import decode_resource
from cds_service.fhir.read import read_request
from cds_service.fhir.versions import MOVES
from cds_service.hooks.contexts import CONTEXTS
from cds_service.hooks.discovery import TEMPLATES
from cds_service.hooks.request import parse_request
from tests.support.requests import HOOK_INSTANCE, Json, body
from tests.support.shared import SHARED, needs_shared

pytestmark = [needs_shared, pytest.mark.shared]

HOOK_EXAMPLES = SHARED / "data" / "cds-hooks" / "examples"
RESOURCES = SHARED / "data" / "patients"


def as_requests() -> Iterator[tuple[str, Json]]:
    """Every example that is a request or a context, as a request of each hook it could be."""
    for path in sorted(HOOK_EXAMPLES.glob("*.json")):
        example = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(example, dict) or not isinstance(example.get("context"), dict):
            continue
        for hook in CONTEXTS:
            yield f"{path.stem} as {hook}", {"hookInstance": HOOK_INSTANCE, **example, "hook": hook}


REQUESTS = dict(as_requests()) if SHARED.is_dir() else {}


@pytest.mark.parametrize("name", REQUESTS)
def test_published_requests_are_read_or_refused_with_a_named_error(name: str) -> None:
    request = REQUESTS[name]
    try:
        received = read_request(parse_request(body(request), request["hook"]), TEMPLATES)
    except (BadRequest, NothingToWorkWith):
        return
    entries = request["context"].get("draftOrders", {}).get("entry", [])
    drafts = len(received.drafts) + len(received.unreadable_drafts) + len(received.supporting)
    assert drafts == (len(entries) if request["hook"].startswith("order") else 0)


@pytest.mark.parametrize(
    ("name", "drafts"),
    [
        ("order-select.context.R4 as order-select", 2),
        ("order-select.context.STU3 as order-select", 2),
        ("order-sign.context.R4 as order-sign", 2),
        ("order-sign.context.STU3 as order-sign", 2),
        ("order-sign.request.paginated-prefetch.v3 as order-sign", 1),
        ("order-select.request.radiology-appropriateness as order-select", 1),
    ],
)
def test_the_drafts_of_published_requests_are_found(name: str, drafts: int) -> None:
    request = REQUESTS[name]
    received = read_request(parse_request(body(request), request["hook"]), TEMPLATES)
    assert (len(received.drafts), received.unreadable_drafts) == (drafts, ())


@pytest.mark.parametrize("version", ["order-select.context.DSTU2", "order-sign.context.DSTU2"])
def test_a_published_request_in_dstu2_is_refused_by_its_version(version: str) -> None:
    hook = version.partition(".")[0]
    with pytest.raises(NothingToWorkWith, match="DSTU2"):
        read_request(parse_request(body(REQUESTS[f"{version} as {hook}"]), hook), TEMPLATES)


def resources_in(folder: str) -> Iterator[Json]:
    for path in sorted((RESOURCES / folder).rglob("*.json*")):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        yield from resources_of(json.loads(text.removeprefix(b"\xef\xbb\xbf")))


def resources_of(value: Any) -> Iterator[Json]:
    """A resource, or every resource of a Bundle."""
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        for entry in value.get("entry", []):
            yield from resources_of(entry.get("resource"))
    elif isinstance(value, dict) and "resourceType" in value:
        yield value


@pytest.mark.parametrize("folder", ["fhir_r4_examples", "us_core_examples", "smart_sample_patients"])
def test_every_published_resource_that_is_read_decodes(folder: str) -> None:
    read = 0
    for sent in resources_in(folder):
        kind = READ.get(sent["resourceType"])
        if kind is not None:
            resource = decode_resource(json.dumps(sent).encode(), kind)
            assert MOVES.get(kind, lambda each: each)(resource).id == sent.get("id")
            read += 1
    assert read > 0


@pytest.mark.parametrize("folder", ["fhir_r4_examples", "us_core_examples"])
def test_published_r4_resources_have_nothing_odd(folder: str) -> None:
    odd = {}
    for sent in resources_in(folder):
        kind = READ.get(sent["resourceType"])
        if kind is not None and (found := decode_resource(json.dumps(sent).encode(), kind).odd):
            odd[f"{sent['resourceType']}/{sent.get('id')}"] = found
    assert odd == {}
