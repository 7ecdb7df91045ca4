"""One hook call as it came in, checked for shape (CH-030..036) but not yet for FHIR content."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec


@dataclass(frozen=True, slots=True)
class Authorization:
    """`fhirAuthorization`, complete enough to use (CH-085). `expires_in` defaults short when the client forgot it."""

    access_token: str
    scope: str
    expires_in: int = 60
    subject: str = ""
    patient: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """The context of any hook; hooks without drafts leave `draft_orders` None. `patient_id` has no `Patient/`."""

    patient_id: str
    user_id: str | None = None
    encounter_id: str | None = None
    selections: tuple[str, ...] = ()
    draft_orders: msgspec.Raw | None = None


@dataclass(frozen=True, slots=True)
class HookRequest:
    """A parsed request. `prefetch` values are raw JSON as received (the bytes `null` included).

    `as_of` and `trace` come from `extension["org.cds-service"]`; whether they are honoured is for the edge to say.
    `notes` are tolerated oddities, for the trace ("hookInstance is not a UUID").
    """

    hook: str
    hook_instance: str
    context: Context
    prefetch: Mapping[str, msgspec.Raw] = field(default_factory=dict)
    fhir_server: str | None = None
    authorization: Authorization | None = None
    as_of: datetime | None = None
    trace: bool = False
    notes: tuple[str, ...] = ()
