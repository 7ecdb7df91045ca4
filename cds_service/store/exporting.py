"""Decisions as lines for other systems: plain JSON, or FHIR R4 AuditEvents. Patients and users are keyed hashes."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from cds_service.store.entries import unpack_reached
from cds_service.store.reading import Envelope

CODES = "http://terminology.hl7.org/CodeSystem"
KEYED = "urn:cds-service:keyed-hash"
"""Our own identifier system: a hash under the site's index key, not an id that any EHR knows."""


def envelope_line(envelope: Envelope) -> str:
    """What stands in clear of a decision, but for its hashes in the chain."""
    row = envelope.row
    told = {
        "decision": row.decision_id,
        "at": moment(row.at),
        "tenant": row.tenant,
        "client": row.client,
        "service": row.service,
        "hook": row.hook,
        "role": row.role,
        "release": row.release_digest,
        "codeVersion": row.code_version,
        "arm": row.arm,
        "patient": row.patient_key,
        "user": row.user_key,
        "repeat": envelope.repeat,
        "cards": row.cards,
        "fired": [
            msgspec.to_builtins({name: getattr(each, name) for name in each.__struct_fields__ if name != "decision_id"})
            for each in envelope.findings
        ],
        "reached": unpack_reached(row.reached),
    }
    return msgspec.json.encode(told).decode()


def audit_event_line(envelope: Envelope) -> str:
    """The decision as an AuditEvent: the client asked, this service executed, the patient was looked at."""
    row = envelope.row
    user = [agent(keyed(row.user_key), row.role or "user", requestor=True)] if row.user_key else []
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": row.decision_id,
        "type": {"system": f"{CODES}/audit-event-type", "code": "rest", "display": "RESTful Operation"},
        "subtype": [{"system": "http://hl7.org/fhir/restful-interaction", "code": "operation"}],
        "action": "E",
        "recorded": moment(row.at),
        "outcome": "0",
        "agent": [*user, agent({"value": row.client}, row.tenant, requestor=not user)],
        "source": {"observer": {"display": "cds-service"}},
        "entity": [
            {
                "what": {"identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{row.decision_id}"}},
                "type": {"system": f"{CODES}/audit-entity-type", "code": "2", "display": "System Object"},
                "name": row.service,
                "detail": [
                    {"type": "hook", "valueString": row.hook},
                    {"type": "release", "valueString": row.release_digest},
                    {"type": "code version", "valueString": row.code_version},
                    {"type": "cards", "valueString": str(row.cards)},
                ],
            },
            {
                "what": {"identifier": keyed(row.patient_key)},
                "type": {"system": f"{CODES}/audit-entity-type", "code": "1", "display": "Person"},
                "role": {"system": f"{CODES}/object-role", "code": "1", "display": "Patient"},
            },
        ],
    }
    return msgspec.json.encode(event).decode()


def agent(identifier: dict[str, str], name: str, requestor: bool) -> dict[str, Any]:
    return {"who": {"identifier": identifier}, "name": name, "requestor": requestor}


def keyed(value: str) -> dict[str, str]:
    return {"system": KEYED, "value": value}


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
