"""What the stated route adds to the dose form."""

from typing import Any

import msgspec
import pytest

from cds_service.chart.administration import route_of, stated_route
from cds_service.fhir.resources import CodeableConcept, Dosage
from cds_service.terminology.products import Ingredient, Product, Route


def concept(code: str = "", display: str = "", text: str = "") -> dict[str, Any]:
    return {"coding": [{"system": "http://snomed.info/sct", "code": code, "display": display}], "text": text}


def product(route: Route, form: str | None) -> Product:
    return Product("1", "SCD", "x", (Ingredient("1", "x"),), form, route)


def route(product: Product, *routes: dict[str, Any]) -> Route:
    return route_of(product, [msgspec.convert({"route": each}, Dosage) for each in routes])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (concept("26643006"), Route.SYSTEMIC),
        (concept("54485002"), Route.OPHTHALMIC),
        (concept("6064005"), Route.TOPICAL),
        (concept("447694001"), Route.INHALED),
        (concept(display="Oral Route"), Route.SYSTEMIC),
        (concept(code="PO"), Route.SYSTEMIC),
        (concept(text="Both eyes"), Route.OPHTHALMIC),
        (concept("37161004"), None),  # rectal: in place or systemic
        (concept(text="somewhere"), None),
    ],
)
def test_a_route_is_read_by_code_or_plain_wording(given: dict[str, Any], expected: Route | None) -> None:
    assert stated_route(msgspec.convert(given, CodeableConcept)) is expected


@pytest.mark.parametrize(
    ("known", "form", "stated", "expected"),
    [
        (Route.UNKNOWN, None, "26643006", Route.SYSTEMIC),
        (Route.UNKNOWN, None, "54485002", Route.OPHTHALMIC),
        (Route.SYSTEMIC, "Injectable Solution", "54485002", Route.OPHTHALMIC),
        (Route.SYSTEMIC, "Oral Tablet", "6064005", Route.SYSTEMIC),
        (Route.INHALED, "Metered Dose Inhaler", "26643006", Route.INHALED),
        (Route.TOPICAL, "Topical Gel", "37161004", Route.TOPICAL),
    ],
)
def test_the_stated_route_settles_only_what_the_form_leaves_open(
    known: Route, form: str | None, stated: str, expected: Route
) -> None:
    assert route(product(known, form), concept(stated)) is expected


def test_routes_that_differ_between_instructions_settle_nothing() -> None:
    assert route(product(Route.UNKNOWN, None), concept("26643006"), concept("6064005")) is Route.UNKNOWN
    assert route(product(Route.UNKNOWN, None)) is Route.UNKNOWN
