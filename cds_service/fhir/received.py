"""What one hook call brought: drafts and prefetch keys, each with how well it could be read."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from cds_service.fhir.resources import Resource


class Reason(StrEnum):
    """Why something is not known. The value is the phrase a clinician reads."""

    NOT_SENT = "not sent"
    NOT_REQUESTED = "not requested"
    REFUSED = "refused"
    TIMED_OUT = "timed out"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    TOO_OLD = "too old"
    IMPLAUSIBLE = "implausible"
    UNRECOGNISED = "unrecognised"
    # The list that would hold it was read whole and it is not there: never measured, or never written down.
    NOT_RECORDED = "not recorded"
    # It could be computed, but the method does not hold for this patient.
    NOT_VALID = "not valid"


class Unreadable(msgspec.Struct, frozen=True):
    """A resource that arrived but could not be read. `label` is safe to show: type and id, or what text it carried."""

    resource_type: str
    label: str
    why: str


class KeyResult(msgspec.Struct, frozen=True):
    """What came for one prefetch key.

    `complete` is true only when the whole answer was read: then an empty `resources` means "asked, none recorded"
    (CH-073). Otherwise `reason` says why not. `requested_codes` holds the `system|code` list of the Bundle's self
    link when it carried one; a code absent from it was never asked for. `urls` maps the `urn:` full URLs of the Bundle
    to `Type/id`; other full URLs end in it anyway.
    """

    resources: tuple[Resource, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    complete: bool = False
    reason: Reason | None = Reason.NOT_SENT
    requested_codes: frozenset[str] | None = None
    urls: Mapping[str, str] = {}


class Draft(msgspec.Struct, frozen=True):
    """One unsigned order of the session. `original` is its JSON exactly as received; only `fhir.build` opens it.

    `reference` is `Type/id`, or `Type/draft-3` for the third entry when it has no id or one used before.
    `selected` is true for the orders that an order-select call points at, and only there.
    """

    reference: str
    resource: Resource
    original: bytes
    selected: bool


class Received(msgspec.Struct, frozen=True):
    """Everything one call brought, decoded. `prefetch` has an entry for every key the service asked for.

    `supporting` are resources of the draft bundle that are no orders (a Medication that a draft refers to) and
    `draft_urls` its `urn:` full URLs, as in `KeyResult.urls`. `notes` are tolerated oddities of
    request and drafts, for the trace.
    """

    patient_id: str
    encounter_id: str | None = None
    drafts: tuple[Draft, ...] = ()
    unreadable_drafts: tuple[Unreadable, ...] = ()
    prefetch: Mapping[str, KeyResult] = {}
    supporting: tuple[Resource, ...] = ()
    draft_urls: Mapping[str, str] = {}
    notes: tuple[str, ...] = ()
