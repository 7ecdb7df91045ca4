"""Holds every order that a rule may create against FHIR R4, once, when the knowledge is checked.

Only `cds check` imports this: the server trusts the checked release and never loads fhirclient.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from fhirclient.models.fhirabstractbase import FHIRValidationError
from fhirclient.models.medicationrequest import MedicationRequest
from fhirclient.models.servicerequest import ServiceRequest

from cds_service.errors import KnowledgeProblem
from cds_service.fhir.build import new_medication_order, new_service_order
from cds_service.knowledge.orderables import ORDERABLES
from cds_service.knowledge.suggestions import Orderable

KINDS = {"MedicationRequest": MedicationRequest, "ServiceRequest": ServiceRequest}


def check_orders(orderables: Iterable[Orderable]) -> Iterator[KnowledgeProblem]:
    """Every orderable whose order is not valid R4."""
    for orderable in orderables:
        order = msgspec.json.decode(order_of(orderable))
        for problem in problems(order):
            yield KnowledgeProblem(ORDERABLES, orderable.id, f"its order is not valid FHIR R4: {problem}")


def order_of(orderable: Orderable) -> bytes:
    """The order that a suggestion creates from an orderable, for a patient called `example`."""
    if orderable.kind == "drug":
        return new_medication_order(orderable.rxcui, orderable.product, orderable.sig, "example", None)
    return new_service_order(orderable.title, "example", None, orderable.loinc, orderable.product)


def problems(resource: dict[str, Any]) -> list[str]:
    """What is wrong with a MedicationRequest or ServiceRequest; empty when it is valid."""
    try:
        KINDS[resource["resourceType"]](resource, strict=True)
    except FHIRValidationError as error:
        return [str(each) for each in error.errors]
    return []
