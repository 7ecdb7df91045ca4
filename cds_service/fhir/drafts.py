"""The draft orders of a call: every one is read, named and kept as it came, or listed as unreadable."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from cds_service.errors import BadRequest
from cds_service.fhir.bundles import name_by_url
from cds_service.fhir.kinds import READ
from cds_service.fhir.lenient import OBJECT, UNREADABLE_JSON, decode_resource, items_of, member, type_of
from cds_service.fhir.received import Draft, Unreadable
from cds_service.fhir.references import belongs_to, relative
from cds_service.fhir.resources import CodeableConcept, OtherResource, Reference, Resource
from cds_service.fhir.versions import MOVES, refuse_dstu2
from cds_service.hooks.contexts import Context
from cds_service.hooks.members import kind_of

ELEMENT = "context.draftOrders"
LABEL_LENGTH = 80

SUPPORTING = frozenset(
    {
        *(
            "AllergyIntolerance",
            "Condition",
            "Coverage",
            "Device",
            "Encounter",
            "Location",
            "Medication",
            "Observation",
        ),
        *("Organization", "Patient", "Practitioner", "PractitionerRole", "Provenance", "RelatedPerson", "Specimen"),
    }
)
"""Types that come along with orders and are none themselves. Every other type is kept as a draft."""


@dataclass
class DraftsRead:
    """The draft bundle while it is being read."""

    drafts: list[Draft] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    supporting: list[Resource] = field(default_factory=list)
    urls: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    references: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Sent:
    """One entry as sent: where its resource is in the request, and counted from 1."""

    element: str
    position: int
    full_url: str
    resource: msgspec.Raw

    @property
    def label(self) -> str:
        return f"draft {self.position}"


def read_drafts(context: Context, urls: Mapping[str, str]) -> DraftsRead:
    """The drafts of a call; none for a hook without drafts. `urls` are the `urn:` full URLs of its prefetch.

    A Bundle of any or no type is read, and so are a bare array of resources and a single one. Raises `BadRequest`
    when it is none of these or a draft is for another patient, `NothingToWorkWith` for orders of FHIR DSTU2.
    """
    read = DraftsRead()
    if context.draft_orders is None:
        return read
    selections = {relative(selection, {}) for selection in context.selections}
    subjects = []
    for sent in entries_of(context.draft_orders):
        resource = read_entry(sent, read)
        if resource is not None:
            keep_draft(sent, resource, selections, read)
            subjects.append((sent.element, subject_of(resource)))
    known_urls = {**urls, **read.urls}
    for element, subject in subjects:
        if subject is not None and belongs_to(subject.reference, context.patient_id, known_urls) is False:
            raise BadRequest(f"{element}.subject", "another patient", "the patient of context.patientId")
    miss_selections(selections, read)
    return read


def miss_selections(selections: set[str], read: DraftsRead) -> None:
    """Name selected orders that did not arrive: what nobody could look at was not checked."""
    missed = selections - {f"{draft.resource.resource_type}/{draft.resource.id}" for draft in read.drafts}
    if missed:
        read.notes.append("context.selections names an order that is not among the drafts")
    for selection in sorted(missed):
        kind = selection.partition("/")[0]
        label = f"{selection[:LABEL_LENGTH]}, selected but not sent"
        read.unreadable.append(Unreadable(kind if kind in READ else "", label, "selected but not sent"))


def entries_of(raw: msgspec.Raw) -> list[Sent]:
    """The entries of whatever stands in `draftOrders`."""
    kind = kind_of(raw)
    if kind == "an array":
        return [send(f"{ELEMENT}[{index}]", index + 1, item) for index, item in enumerate(items_of(raw))]
    if kind != "an object":
        raise BadRequest(ELEMENT, kind, "a Bundle")
    members = OBJECT.decode(raw)
    resource_type = type_of(members)
    if resource_type == "Bundle" or (not resource_type and "entry" in members):
        entries = items_of(members.get("entry"))
        return [send(f"{ELEMENT}.entry[{index}]", index + 1, item) for index, item in enumerate(entries)]
    if resource_type or "resource" in members:
        return [send(ELEMENT, 1, raw)]
    raise BadRequest(ELEMENT, "an object that is no Bundle", "a Bundle")


def send(element: str, position: int, raw: msgspec.Raw) -> Sent:
    """One entry. Some clients leave out the entry and put the resource there."""
    members = members_of(raw)
    if "resource" not in members:
        return Sent(element, position, "", raw)
    return Sent(f"{element}.resource", position, member(members, "fullUrl", str) or "", members["resource"])


def members_of(raw: msgspec.Raw) -> dict[str, msgspec.Raw]:
    """The members of a JSON object; none for anything else."""
    try:
        return OBJECT.decode(raw)
    except UNREADABLE_JSON:
        return {}


def read_entry(sent: Sent, read: DraftsRead) -> Resource | None:
    """The order in one entry. What is no order goes to `supporting`, what cannot be read to `unreadable`."""
    members = members_of(sent.resource)
    resource_type = type_of(members)
    refuse_dstu2(resource_type, has_intent="intent" in members)
    if not resource_type or resource_type == "OperationOutcome":
        why = "an error in the place of an order" if resource_type else "not a FHIR resource"
        read.unreadable.append(Unreadable(resource_type, text_of(members) or sent.label, why))
        return None
    kind = READ.get(resource_type, OtherResource)
    resource = decode_resource(sent.resource, kind)
    resource = MOVES[kind](resource) if kind in MOVES else resource
    if resource_type not in SUPPORTING:
        return resource
    read.supporting.append(
        name_by_url(resource, sent.full_url, read.urls) if sent.full_url.startswith("urn:") else resource
    )
    return None


def keep_draft(sent: Sent, resource: Resource, selections: set[str], read: DraftsRead) -> None:
    """Add a draft under a reference that no other draft of the call has."""
    name = f"{resource.resource_type}/{resource.id}"
    reference = name
    if not resource.id or name in read.references:
        reference = f"{resource.resource_type}/draft-{sent.position}"
        while reference in read.references:
            reference += "-again"
    read.references.add(reference)
    if sent.full_url.startswith("urn:"):
        read.urls[sent.full_url] = reference
    read.drafts.append(Draft(reference, resource, bytes(sent.resource), selected=name in selections))


def subject_of(resource: Resource) -> Reference | None:
    """Whom an order is for: `subject`, or `patient` in the types that have that."""
    return getattr(resource, "subject", None) or getattr(resource, "patient", None)


def text_of(members: Mapping[str, msgspec.Raw]) -> str:
    """What the EHR calls the drug of an order that cannot be read; empty if it does not say."""
    concept = member(members, "medicationCodeableConcept", CodeableConcept) or CodeableConcept()
    texts = (concept.text, *(coding.display for coding in concept.coding))
    return next((text for text in texts if text), "")[:LABEL_LENGTH]
