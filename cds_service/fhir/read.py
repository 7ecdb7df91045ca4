"""From a hook request to what it brought: every prefetch key with its state, and the drafts."""

from collections.abc import Iterable, Mapping

import msgspec

from cds_service.errors import BadRequest
from cds_service.fhir.bundles import read_by_entry, read_resource, read_uniform
from cds_service.fhir.drafts import read_drafts
from cds_service.fhir.kinds import READ
from cds_service.fhir.lenient import OBJECT, UNREADABLE_JSON, type_of
from cds_service.fhir.received import Draft, KeyResult, Reason, Received, Unreadable
from cds_service.fhir.resources import MedicationRequest, MedicationStatement, Resource
from cds_service.hooks.request import HookRequest

MOST_DRUG_DRAFTS = 100
NONE_RECORDED = KeyResult(complete=True, reason=None)
MALFORMED = KeyResult(reason=Reason.MALFORMED)


def read_request(request: HookRequest, templates: Mapping[str, str]) -> Received:
    """Everything the request brought for the keys of `templates` (key → prefetch template); other keys are ignored.

    Raises `BadRequest` when the drafts are no bundle anyone can read, too many, or one is for another patient, and
    `NothingToWorkWith` when the caller speaks FHIR DSTU2.
    """
    context = request.context
    try:
        prefetch = {key: read_key(request.prefetch.get(key), template) for key, template in templates.items()}
        urls = {url: target for result in prefetch.values() for url, target in result.urls.items()}
        read = read_drafts(context, urls)
    except RecursionError:
        raise BadRequest("body", "JSON nested too deeply", "FHIR resources") from None
    refuse_many(read.drafts)
    return Received(
        patient_id=context.patient_id,
        encounter_id=context.encounter_id,
        drafts=tuple(read.drafts),
        unreadable_drafts=tuple(read.unreadable),
        prefetch=prefetch,
        supporting=tuple(read.supporting),
        draft_urls=read.urls,
        notes=(*request.notes, *read.notes),
    )


def refuse_many(drafts: Iterable[Draft]) -> None:
    """Every pair of drugs is looked at, so the time of an answer grows with the square of the drafts."""
    drugs = sum(isinstance(draft.resource, MedicationRequest | MedicationStatement) for draft in drafts)
    if drugs > MOST_DRUG_DRAFTS:
        raise BadRequest("context.draftOrders", f"{drugs} drug orders", f"at most {MOST_DRUG_DRAFTS} in one call")


def read_key(raw: msgspec.Raw | None, template: str) -> KeyResult:
    """One prefetch value and its state: not sent, none recorded (CH-073), read, or why not (CH-070..083)."""
    if raw is None:
        return KeyResult()
    path, question_mark, _ = template.partition("?")
    resource_type = "" if path.startswith("{{") else path.partition("/")[0]
    if bytes(memoryview(raw)[:5]) == b"null":
        return NONE_RECORDED
    read = read_uniform(raw, resource_type) if question_mark else read_instance(raw, resource_type)
    return read_odd(raw, resource_type, is_search=bool(question_mark)) if read is None else read


def read_instance(raw: msgspec.Raw, resource_type: str) -> KeyResult | None:
    """The resource that was read by id, if it is of this type and as it should be; else None."""
    kind = READ.get(resource_type)
    if kind is None:
        return None
    try:
        resource = msgspec.json.decode(raw, type=kind)
    except UNREADABLE_JSON:
        return None
    return KeyResult((resource,), complete=True, reason=None) if resource.resource_type == resource_type else None


def read_odd(raw: msgspec.Raw, resource_type: str, is_search: bool) -> KeyResult:
    """A value that is not simply a Bundle of what was searched for, or the resource that was read."""
    try:
        members = OBJECT.decode(raw)
        if "resource" in members and "resourceType" not in members:  # {response, resource} of CDS Hooks before 1.0
            raw = members["resource"]
            members = OBJECT.decode(raw)
    except UNREADABLE_JSON:
        return MALFORMED
    sent = type_of(members)
    if sent == "Bundle" or (not sent and "entry" in members):
        return read_by_entry(members, resource_type)
    return read_single(raw, resource_type, is_search)


def read_single(raw: msgspec.Raw, resource_type: str, is_search: bool) -> KeyResult:
    """One resource: the whole answer to a read, but for a search nobody can say whether there were more."""
    read = read_resource(raw, "the value", resource_type)
    if isinstance(read, Resource):
        return KeyResult((read,), complete=not is_search, reason=Reason.MALFORMED if is_search else None)
    if isinstance(read, Reason):
        return KeyResult(reason=read)
    return KeyResult(unreadable=(read,), reason=Reason.MALFORMED) if isinstance(read, Unreadable) else MALFORMED


def describe_keys(received: Received) -> dict[str, str]:
    """How well each prefetch key could be read, in words: "read, 4 items", "read, none recorded", "not sent"."""
    return {key: describe(result) for key, result in received.prefetch.items()}


def describe(result: KeyResult) -> str:
    items, unreadable = len(result.resources), len(result.unreadable)
    if result.complete:
        return f"read, {count(items)}" if items else "read, none recorded"
    parts = [count(items)] if items else []
    if unreadable:
        parts.append(f"{count(unreadable)} unreadable")
    if result.reason is Reason.TRUNCATED:
        parts.append("more exist (truncated)")
    elif result.reason is not None and not (unreadable and result.reason is Reason.MALFORMED):
        parts.append(result.reason.value)
    return ", ".join(parts)


def count(number: int) -> str:
    return "1 item" if number == 1 else f"{number} items"
