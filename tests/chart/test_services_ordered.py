"""Drafts that order no drug: tests, images, vaccinations."""

from typing import Any

import msgspec
import pytest

from cds_service.chart.orders import read_procedures_ordered
from cds_service.chart.recognise import CodeMap
from cds_service.fhir.received import Draft, Received, Unreadable
from cds_service.fhir.resources import Immunization, MedicationRequest, ServiceRequest
from cds_service.knowledge.rules import Operator
from cds_service.reasoning.lines import read_line
from cds_service.reasoning.logic import Truth
from tests.support.charts import a_chart, a_line, code_set

CPT = "http://www.ama-assn.org/go/cpt"
CVX = "http://hl7.org/fhir/sid/cvx"
LOCAL = "urn:hospital:radiology"
CONTRAST_CT = code_set("contrast", (CPT, "71260"), kind="procedure")


def a_request(*codings: tuple[str, str], text: str | None = None, **more: Any) -> ServiceRequest:
    code = {"coding": [{"system": system, "code": code} for system, code in codings], "text": text}
    plain = {"resourceType": "ServiceRequest", "id": "ct", "status": "draft", "code": code, **more}
    return msgspec.convert(plain, ServiceRequest)


def ordered(*resources: Any, code_map: CodeMap | None = None, unreadable: tuple[Unreadable, ...] = ()) -> Any:
    drafts = tuple(
        Draft(f"{each.resource_type}/{at}", each, b"", selected=True) for at, each in enumerate(resources, 1)
    )
    return read_procedures_ordered(Received("p1", drafts=drafts, unreadable_drafts=unreadable), code_map or {})


def test_an_ordered_image_is_on_the_list_by_its_codes() -> None:
    items = ordered(a_request((CPT, "71260"), text="CT chest with contrast"))
    assert items.complete
    assert [(item.name, item.reference) for item in items.items] == [("CT chest with contrast", "ServiceRequest/1")]
    assert [(code.system, code.code) for code in items.items[0].codes] == [(CPT, "71260")]


def test_a_vaccination_about_to_be_given_is_one_by_its_vaccine() -> None:
    shot = msgspec.convert(
        {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": {"coding": [{"system": "urn:oid:2.16.840.1.113883.12.292", "code": "03"}]},
        },
        Immunization,
    )
    assert [(code.system, code.code) for code in ordered(shot).items[0].codes] == [(CVX, "03")]


def test_a_local_code_counts_by_the_code_map_of_the_site() -> None:
    items = ordered(a_request((LOCAL, "CT-1")), code_map={(LOCAL, "CT-1"): (CPT, "71260")})
    assert [(code.system, code.code) for code in items.items[0].codes] == [(CPT, "71260")]


def test_a_vaccination_not_done_is_none() -> None:
    shot = msgspec.convert({"resourceType": "Immunization", "status": "not-done"}, Immunization)
    assert ordered(shot) == ordered()


@pytest.mark.parametrize("status", ["revoked", "completed", "entered-in-error", "cancelled"])
def test_what_is_withdrawn_is_not_ordered(status: str) -> None:
    assert ordered(a_request((CPT, "71260"), status=status)) == ordered()


def test_what_is_coded_nowhere_or_cannot_be_read_is_unrecognised_and_named() -> None:
    lost = Unreadable("ServiceRequest", "draft 2", "not FHIR")
    items = ordered(a_request((LOCAL, "CT-1"), text="CT"), a_request(), unreadable=(lost,))
    assert not items.items
    assert [item.text for item in items.unrecognised] == ["draft 2", "CT", "an order without a name"]


def test_drug_orders_stand_on_another_list() -> None:
    order = msgspec.convert({"resourceType": "MedicationRequest", "status": "draft"}, MedicationRequest)
    assert ordered(order, unreadable=(Unreadable("MedicationRequest", "draft 2", "not FHIR"),)) == ordered()


@pytest.mark.parametrize(
    ("codings", "expected"),
    [([(CPT, "71260")], Truth.TRUE), ([(CPT, "71250")], Truth.FALSE), ([(LOCAL, "CT-1")], Truth.UNKNOWN)],
)
def test_a_rule_asks_what_is_ordered(codings: list[tuple[str, str]], expected: Truth) -> None:
    chart = msgspec.structs.replace(a_chart(), procedures_ordered=ordered(a_request(*codings)))
    verdict = read_line(a_line("procedures_ordered", Operator.ANY_IN, CONTRAST_CT), chart, {})
    assert verdict.truth is expected


def test_a_chart_without_drafts_orders_nothing() -> None:
    assert read_line(a_line("procedures_ordered", "any_in", CONTRAST_CT), a_chart(), {}).truth is Truth.FALSE
