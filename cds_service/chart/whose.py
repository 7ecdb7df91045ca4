"""Whose a resource is: another patient's is dropped, and the list it came in is no longer whole (CH-081)."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from cds_service.chart.facts import Items, Reason, Unrecognised
from cds_service.fhir.received import KeyResult, Received
from cds_service.fhir.references import belongs_to
from cds_service.fhir.resources import Resource

R = TypeVar("R", bound=Resource)
T = TypeVar("T")

NEVER_ASKED = KeyResult(reason=Reason.NOT_REQUESTED)


class Own(msgspec.Struct, frozen=True):
    """What one prefetch key brought of one type for this patient; `foreign` counts what was another's."""

    resources: tuple[Any, ...]
    unreadable: tuple[Unrecognised, ...]
    complete: bool
    reason: Reason | None
    urls: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def items(self, items: tuple[T, ...], unrecognised: tuple[Unrecognised, ...]) -> Items[T]:
        """The list these resources were read into, as whole as they are."""
        return Items(items, (*unrecognised, *self.unreadable), self.complete, self.reason)


def own_resources(received: Received, key: str, kind: type[R]) -> Own:
    """The resources of `kind` under `key` that are this patient's or name nobody. A key never asked for is unread."""
    result = received.prefetch.get(key, NEVER_ASKED)
    mine: set[str | None] = {f"Patient/{received.patient_id}"}  # every way to name the patient, each judged once
    own, notes = [], []
    for resource in result.resources:
        if isinstance(resource, kind):
            subject = getattr(resource, "subject", None) or getattr(resource, "patient", None)
            target = subject.reference if subject else None
            if target in mine or belongs_to(target, received.patient_id, result.urls) is not False:
                mine.add(target)
                own.append(resource)
            else:
                notes.append(f"{label(resource)} is another patient's and was left out")
    return Own(
        resources=tuple(own),
        unreadable=tuple(Unrecognised(entry.label, entry.label) for entry in result.unreadable),
        complete=result.complete and not notes,
        reason=Reason.MALFORMED if result.complete and notes else result.reason,
        urls=result.urls,
        notes=tuple(notes),
    )


def label(resource: Resource) -> str:
    """A resource as notes and sources name it: `Condition/12`."""
    return f"{resource.resource_type}/{resource.id}" if resource.id else f"{resource.resource_type} without id"
