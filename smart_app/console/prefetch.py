"""Answers prefetch templates from one patient's Bundle, as the FHIR server of an EHR would.

Status filters and code lists of a template are applied, results are sorted newest first and cut at `_count`, and
resources dated after the day of the call are not there yet.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

DATE_MEMBERS = ("authoredOn", "effectiveDateTime", "performedDateTime", "onsetDateTime", "recordedDate", "issued")
PERIODS = ("performedPeriod", "period")
Json = dict[str, Any]


def answer_templates(bundle: Json, templates: Mapping[str, str], as_of: str) -> Json:
    """What each key of `templates` holds on the day `as_of` (YYYY-MM-DD), tokens of the context not yet replaced.

    A key the Bundle cannot answer is left out, as an EHR does. Medications that requests refer to ride along.
    """
    answered = {}
    for key, template in templates.items():
        kind, _, query = template.partition("?")
        found = search(bundle, kind, query, as_of) if query else read_one(bundle, kind.partition("/")[0], as_of)
        if found is not None:
            answered[key] = found
    if "medications" in answered:
        answered["medications"]["entry"] += include_medications(bundle, answered["medications"]["entry"])
    return answered


def include_medications(bundle: Json, requests: list[Json]) -> list[Json]:
    """The Medications that these requests refer to."""
    referred = {entry["resource"].get("medicationReference", {}).get("reference") for entry in requests}
    return [
        {**named(entry), "search": {"mode": "include"}}
        for entry in entries(bundle, "Medication")
        if {entry.get("fullUrl"), f"Medication/{entry['resource']['id']}"} & referred
    ]


def read_one(bundle: Json, kind: str, as_of: str) -> Json | None:
    """The resource a template without a query asks for: the patient, or the encounter of the day."""
    found = [entry["resource"] for entry in entries(bundle, kind) if dated(entry["resource"]) <= as_of]
    return max(found, key=dated, default=None)


def search(bundle: Json, kind: str, query: str, as_of: str) -> Json:
    """The searchset for the resources of one type."""
    wanted = parse_qs(query)
    found = [entry for entry in entries(bundle, kind) if dated(entry["resource"]) <= as_of]
    if "status" in wanted:
        allowed = set(wanted["status"][0].split(","))
        found = [entry for entry in found if entry["resource"].get("status") in allowed]
    if "code" in wanted:
        codes = set(wanted["code"][0].split(","))
        found = [entry for entry in found if codes & codes_of(entry["resource"])]
    found.sort(key=lambda entry: moment(entry["resource"]), reverse=True)
    limit = int(wanted.get("_count", ["1000"])[0])
    links = [{"relation": "next", "url": "https://ehr.example/next"}] if len(found) > limit else []
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": links,
        "entry": [named(entry) for entry in found[:limit]],
    }


def entries(bundle: Json, kind: str) -> list[Json]:
    return [entry for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def named(entry: Json) -> Json:
    """An entry of a searchset: without the transaction members it was delivered with."""
    return {"resource": entry["resource"], "fullUrl": entry.get("fullUrl", "")}


def dated(resource: Json) -> str:
    """The day a resource was there, as YYYY-MM-DD; empty for one without a date."""
    return moment(resource)[:10]


def moment(resource: Json) -> str:
    """When a resource was there, as FHIR writes it."""
    for member in DATE_MEMBERS:
        if resource.get(member):
            return str(resource[member])
    return next((str(resource[member].get("start", "")) for member in PERIODS if resource.get(member)), "")


def codes_of(resource: Json) -> set[str]:
    """`system|code` of every coding."""
    concept = resource.get("code") or {}
    return {f"{coding.get('system')}|{coding.get('code')}" for coding in concept.get("coding", [])}
