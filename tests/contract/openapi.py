"""The OpenAPI 3.1 document of the service, made from its message types, services and error table."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from cds_service.hooks.authorization import WireAuthorization
from cds_service.hooks.contexts import CONTEXTS
from cds_service.hooks.discovery import CODED_TEMPLATES, Service, WireService
from cds_service.hooks.feedback import WireEvent
from cds_service.hooks.request import OwnExtension
from cds_service.hooks.response import HookResponse

Json = dict[str, Any]

PAGE = Path(__file__).parents[2] / "docs" / "openapi.json"
REFERENCE = "#/components/schemas/{name}"
OUTGOING = (HookResponse, WireService)
INCOMING = (*CONTEXTS.values(), WireAuthorization, WireEvent, OwnExtension)
WRITTEN_REASON: Json = {
    "type": ["object", "null"],
    "description": "An override is kept without what cannot be read of this; `leftOut` in the answer names that.",
    "properties": {
        "reason": {
            "type": ["object", "null"],
            "properties": {"code": {"type": "string"}, "system": {"type": "string"}, "display": {"type": "string"}},
        },
        "userComment": {"type": ["string", "null"]},
    },
}
# What a type cannot say of its members.
REFINED: dict[str, dict[str, Json]] = {
    "Card": {"summary": {"maxLength": 139}, "indicator": {"enum": ["info", "warning", "critical"]}},
    "Action": {"type": {"enum": ["create", "update", "delete"]}, "resource": {"type": "object"}},
    "Suggestion": {"actions": {"minItems": 1}},
    "Link": {"type": {"enum": ["absolute", "smart"]}},
    "WireEvent": {
        "outcome": {"enum": ["accepted", "overridden"]},
        "outcomeTimestamp": {"format": "date-time"},
        "overrideReason": WRITTEN_REASON,
    },
    "OrderSelect": {"draftOrders": {"type": "object", "description": "A FHIR Bundle of unsigned orders."}},
    "OrderSign": {"draftOrders": {"type": "object", "description": "A FHIR Bundle of unsigned orders."}},
}
OUTCOME: Json = {
    "type": "object",
    "description": "A FHIR OperationOutcome with one issue; `expression` names the member of the request.",
    "properties": {
        "resourceType": {"const": "OperationOutcome"},
        "issue": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "severity": {"const": "error"},
                    "code": {"type": "string"},
                    "diagnostics": {"type": "string"},
                    "expression": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["severity", "code", "diagnostics"],
            },
        },
    },
    "required": ["resourceType", "issue"],
}
FEEDBACK_ANSWER: Json = {
    "type": "object",
    "properties": {
        "received": {"type": "integer"},
        "stored": {"type": "integer"},
        "refused": {"type": "array", "items": {"type": "string"}},
        "leftOut": {"type": "array", "items": {"type": "string"}},
        "unknownCards": {"type": "integer"},
    },
    "required": ["received", "stored"],
}
ERRORS = {
    "400": "A member is missing or of another type, or the body is no JSON.",
    "401": "The signed token is missing or not trusted. The body is the same whatever the reason.",
    "403": "This client is not set up for this service.",
    "404": "No service, rule or model has this id.",
    "412": "No prefetch key was usable, no FHIR server could be read and nothing can be said of the orders alone.",
    "413": "The body, or what it unpacks to, is larger than the limit.",
    "415": "Not JSON, or packed in another way than gzip.",
    "429": "The client called more often than agreed; see Retry-After.",
    "500": "The service failed; nothing was checked.",
    "503": "The decision could not be recorded, and this site gives none without a record.",
}
OF_EVERY_CALL = ("401", "403", "429", "500")
OF_A_BODY = ("400", "404", "413", "415")


def describe_interface(services: Iterable[Service], version: str) -> Json:
    """The document for these services; `version` is the version of the code."""
    paths: dict[str, Json] = {
        "/cds-services": {"get": operation("Discovery", answer(discovery_schema()), OF_EVERY_CALL)},
    }
    for service in services:
        url = f"/cds-services/{service.id}"
        answered = answer({"$ref": REFERENCE.format(name="HookResponse")})
        errors = (*OF_EVERY_CALL, *OF_A_BODY)
        paths[url] = {"post": operation(service.title, answered, (*errors, "412", "503"), hook_request(service))}
        paths[f"{url}/feedback"] = {
            "post": operation(f"Feedback: {service.title}", answer(FEEDBACK_ANSWER), errors, feedback_request())
        }
    for url in ("/health", "/ready", "/.well-known/jwks.json"):
        described = operation(url.rpartition("/")[2], answer({"type": "object"}), ("500",))
        paths[url] = {"get": {**described, "security": []}}
    behind = operation("Source attributes of a rule or model", answer({"type": "object"}), ("404", "500"))
    named = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths["/knowledge/{id}"] = {"get": {**behind, "parameters": [named], "security": []}}
    meters = {"description": "Answered.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    scraped = operation("Metrics, for programs on this machine or with the scrape token", meters, ("403", "500"))
    paths["/metrics"] = {"get": {**scraped, "security": [{"scrapeToken": []}, {}]}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "cds-service", "version": version, "description": "CDS Hooks 2.0.1."},
        "paths": paths,
        "security": [{"clientToken": []}],
        "components": {
            "schemas": schemas(),
            "securitySchemes": {"clientToken": token_scheme(), "scrapeToken": scrape_scheme()},
        },
    }


def token_scheme() -> Json:
    return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "See docs/integration.md."}


def scrape_scheme() -> Json:
    return {"type": "http", "scheme": "bearer", "description": "The `scrape_token` of the settings."}


def operation(summary: str, answered: Json, errors: Iterable[str], body: Json | None = None) -> Json:
    responses = {"200": answered, **{status: problem(status) for status in sorted(errors)}}
    described: Json = {"summary": summary, "responses": responses}
    if body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return described


def answer(schema: Json) -> Json:
    return {"description": "Answered.", "content": {"application/json": {"schema": schema}}}


def problem(status: str) -> Json:
    schema = {"$ref": REFERENCE.format(name="OperationOutcome")}
    return {"description": ERRORS[status], "content": {"application/json": {"schema": schema}}}


def discovery_schema() -> Json:
    listed = {"type": "array", "items": {"$ref": REFERENCE.format(name="WireService")}}
    return {"type": "object", "properties": {"services": listed}, "required": ["services"]}


def without_codes(key: str, template: str) -> str:
    """A prefetch template; code lists follow from the rules, so their place is named and not their content."""
    if key not in CODED_TEMPLATES:
        return template
    before, after = CODED_TEMPLATES[key]
    return f"{before}…{after}"


def hook_request(service: Service) -> Json:
    """A call of this service. Members nobody knows are ignored, and optional members may be null."""
    keys = {key: {"description": without_codes(key, template)} for key, template in service.prefetch.items()}
    own = {"$ref": REFERENCE.format(name="OwnExtension")}
    authorization = {"$ref": REFERENCE.format(name="WireAuthorization")}
    return {
        "type": "object",
        "properties": {
            "hook": {"const": service.hook},
            "hookInstance": {"type": "string", "format": "uuid"},
            "fhirServer": {"type": ["string", "null"]},
            "fhirAuthorization": {"anyOf": [authorization, {"type": "null"}]},
            "context": {"$ref": REFERENCE.format(name=CONTEXTS[service.hook].__name__)},
            "prefetch": {"type": ["object", "null"], "properties": keys},
            "extension": {"type": ["object", "null"], "properties": {"org.cds-service": own}},
        },
        "required": ["hook", "hookInstance", "context"],
    }


def feedback_request() -> Json:
    events = {"type": "array", "items": {"$ref": REFERENCE.format(name="WireEvent")}}
    return {"type": "object", "properties": {"feedback": events}, "required": ["feedback"]}


def schemas() -> Json:
    """The schemas of every message type by name."""
    outgoing = components(OUTGOING)
    for schema in outgoing.values():
        schema["properties"] = {name: without_null(member) for name, member in schema["properties"].items()}
    found = {**components(INCOMING), **outgoing, "OperationOutcome": OUTCOME}
    for name, members in REFINED.items():
        for member, refinement in members.items():
            found[name]["properties"][member] |= refinement
    return dict(sorted(found.items()))


def components(types: Iterable[type]) -> Json:
    return dict(msgspec.json.schema_components(types, ref_template=REFERENCE)[1])


def without_null(member: Json) -> Json:
    """The schema of a member that is left out where it has no value."""
    kinds = [kind for kind in member.get("anyOf", [member]) if kind != {"type": "null"}]
    return {name: value for name, value in kinds[0].items() if name != "default"}
