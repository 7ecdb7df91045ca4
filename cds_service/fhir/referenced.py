"""Medications that requests and statements refer to but that did not come along."""

import re
from collections.abc import Iterator, Mapping

from cds_service.fhir.queries import Query
from cds_service.fhir.received import Received
from cds_service.fhir.references import relative
from cds_service.fhir.resources import Medication, MedicationRequest, MedicationStatement, Resource

MOST_AT_ONCE = 50
LOCAL = re.compile(r"Medication/([A-Za-z0-9.-]{1,64})")


def find_missing_medications(received: Received, base: str) -> tuple[str, ...]:
    """The ids of Medications on the server at `base` that drafts, requests and statements name and nobody sent.

    A drug with a code of its own needs none. References to other servers are left alone (CH-095).
    """
    here = {f"Medication/{each.id}" for each, _ in resources_of(received) if isinstance(each, Medication)}
    missing = dict.fromkeys(
        match[1]
        for order, urls in resources_of(received)
        if (target := target_of(order, urls, base)) not in here and (match := LOCAL.fullmatch(target))
    )
    return tuple(missing)


def resources_of(received: Received) -> Iterator[tuple[Resource, Mapping[str, str]]]:
    """Every resource of the call, with the `urn:` URLs around it."""
    for resource in (*received.supporting, *(draft.resource for draft in received.drafts)):
        yield resource, received.draft_urls
    for result in received.prefetch.values():
        for resource in result.resources:
            yield resource, result.urls


def target_of(order: Resource, urls: Mapping[str, str], base: str) -> str:
    """`Medication/id` if this drug is only told by reference to the server at `base`; else empty."""
    if not isinstance(order, MedicationRequest | MedicationStatement) or order.medication_reference is None:
        return ""
    concept = order.medication_codeable_concept
    reference = order.medication_reference.reference or ""
    if (concept and concept.coding) or ("://" in reference and not reference.startswith(f"{base}/")):
        return ""
    return relative(reference, urls)


def medication_query(ids: tuple[str, ...]) -> Query:
    """One search for all of them, as many as go into one URL."""
    some = ids[:MOST_AT_ONCE]
    return Query(f"Medication?_id={','.join(some)}&_count={len(some)}", "Medication")
