"""One hook call as it came in, checked for shape (CH-030..036) but not yet for FHIR content."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import TypeVar

import msgspec

from cds_service.errors import BadRequest
from cds_service.hooks.authorization import Authorization, read_authorization
from cds_service.hooks.contexts import CONTEXTS, Context
from cds_service.hooks.members import Name, by_name, read_once, refuse_doubles

__all__ = ["Authorization", "Context", "HookRequest", "parse_request"]

T = TypeVar("T")

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
DATE = re.compile(r"\d{4}-\d\d-\d\d")
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
END_OF_DAY = time(23, 59, 59, tzinfo=UTC)
EXTENSION = "org.cds-service"
NULL = msgspec.Raw(b"null")


@dataclass(frozen=True, slots=True)
class HookRequest:
    """A parsed request. `prefetch` values are raw JSON as received (the bytes `null` included).

    `as_of`, `trace`, `role` and `department` come from `extension["org.cds-service"]`; whether the first two are
    honoured is for the edge to say. `role` and `department` are those of the person who works in the EHR.
    A bare `asOf` date means the last second of that day, UTC.
    `notes` are tolerated oddities, for the trace ("hookInstance is not a UUID").
    """

    hook: str
    hook_instance: str
    context: Context
    prefetch: Mapping[str, msgspec.Raw] = field(default_factory=dict)
    fhir_server: str | None = None
    authorization: Authorization | None = None
    token_unusable: bool = False
    as_of: datetime | None = None
    trace: bool = False
    role: str | None = None
    department: str | None = None
    notes: tuple[str, ...] = ()


class Envelope(msgspec.Struct, frozen=True, rename="camel"):
    """The members of a request. What the raw ones hold is read apart, so that an error can name it."""

    hook: str
    hook_instance: str
    context: msgspec.Raw
    fhir_server: str | None = None
    fhir_authorization: msgspec.Raw = NULL
    prefetch: dict[Name, msgspec.Raw] | None = None
    extension: msgspec.Raw = NULL


class OwnExtension(msgspec.Struct, frozen=True, rename="camel"):
    """`extension["org.cds-service"]` of a request (DESIGN section 9)."""

    as_of: str | None = None
    trace: bool | None = None
    role: str | None = None
    department: str | None = None


def parse_request(body: bytes, hook: str) -> HookRequest:
    """Read the body of one call to a service of `hook`.

    Unknown members are ignored and optional members may be null. A member of the request, its context, its token, its
    prefetch or our extension that is given twice is refused; inside FHIR resources the last one counts. Raises
    `BadRequest` naming the JSON member that is missing or of another type; its text never repeats a value from the
    body.
    """
    return decode_body(body, lambda text: settle(read_once(text, "", Envelope), hook))


def decode_body(body: bytes, read: Callable[[bytes], T]) -> T:
    """What `read` makes of a JSON body. Raises `BadRequest` when it is no JSON, or what `read` raises."""
    body = body.removeprefix(BYTE_ORDER_MARK)
    try:
        body.decode()  # strings in members that are skipped unread are not checked by the JSON decoder
        return read(body)
    except UnicodeDecodeError:
        raise BadRequest("body", "bytes that are not UTF-8", "JSON in UTF-8") from None
    except RecursionError:
        raise BadRequest("body", "JSON nested too deeply", "a CDS Hooks request") from None
    except msgspec.DecodeError:
        raise BadRequest("body", "text that is not JSON", "a JSON object") from None


def settle(envelope: Envelope, hook: str) -> HookRequest:
    """The request an envelope holds, its members checked one by one."""
    if envelope.hook != hook:
        raise BadRequest("hook", "a hook that this service does not serve", repr(hook))
    if not envelope.hook_instance:
        raise BadRequest("hookInstance", "an empty string", "a UUID")
    context, context_notes = read_context(envelope.context, hook)
    authorization, token_notes = authorize(envelope, context.patient_id)
    own = read_extension(envelope.extension)
    odd_instance = () if UUID.fullmatch(envelope.hook_instance) else ("hookInstance is not a UUID",)
    return HookRequest(
        hook=hook,
        hook_instance=envelope.hook_instance,
        context=context,
        prefetch=by_name(envelope.prefetch or {}, "prefetch"),
        fhir_server=envelope.fhir_server or None,
        authorization=authorization,
        token_unusable=authorization is None and not is_null(envelope.fhir_authorization),
        as_of=None if own.as_of is None else read_as_of(own.as_of),
        trace=own.trace or False,
        role=own.role,
        department=own.department,
        notes=(*odd_instance, *context_notes, *token_notes),
    )


def authorize(envelope: Envelope, patient_id: str) -> tuple[Authorization | None, tuple[str, ...]]:
    """The token if one came that can be used, and why not if not. A token needs a server to send it to (CH-033)."""
    raw = envelope.fhir_authorization
    if is_null(raw):
        return None, ()
    if not envelope.fhir_server:
        raise BadRequest("fhirServer", "nothing", "the FHIR base URL that fhirAuthorization is for")
    refuse_doubles(raw, "fhirAuthorization")
    return read_authorization(raw, patient_id)


def read_context(raw: msgspec.Raw, hook: str) -> tuple[Context, tuple[str, ...]]:
    """The context of this hook, ids without the resource type some clients put before them (digest section 13)."""
    context = read_once(raw, "context", CONTEXTS[hook]).settle()
    patient_id = bare_id(context.patient_id, "Patient")
    encounter_id = context.encounter_id and bare_id(context.encounter_id, "Encounter")
    if not patient_id:
        raise BadRequest("context.patientId", "an empty string", "the FHIR id of the patient")
    notes = []
    if patient_id != context.patient_id:
        notes.append("context.patientId was a reference, not an id")
    if encounter_id != context.encounter_id:
        notes.append("context.encounterId was a reference, not an id")
    return replace(context, patient_id=patient_id, encounter_id=encounter_id or None), tuple(notes)


def bare_id(text: str, resource_type: str) -> str:
    """`1` of `1`, `Patient/1` or `https://ehr.example.org/fhir/Patient/1`."""
    return text.rpartition(f"{resource_type}/")[2].strip()


def read_extension(raw: msgspec.Raw) -> OwnExtension:
    """Our own extension; those of others are ignored (CH-207)."""
    try:
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        return OwnExtension()
    own = members.get(EXTENSION)
    if own is None or is_null(own):
        return OwnExtension()
    return read_once(own, f"extension.{EXTENSION}", OwnExtension)


def is_null(raw: msgspec.Raw) -> bool:
    return bytes(raw) == b"null"


def read_as_of(text: str) -> datetime:
    """A FHIR date or dateTime with its offset, as UTC. A bare date is the last second of that day."""
    try:
        if DATE.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), END_OF_DAY)
        if DATE_TIME.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadRequest(f"extension.{EXTENSION}.asOf", "a string that is no date", "YYYY-MM-DD, or a dateTime with offset")
