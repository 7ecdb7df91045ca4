"""Where a dose is given, as its instruction says; it settles what the dose form leaves open."""

from collections.abc import Sequence
from types import MappingProxyType

from cds_service.fhir.resources import CodeableConcept, Dosage
from cds_service.terminology.products import Product, Route

# SNOMED CT route of administration concepts, checked against published FHIR examples and route value sets. The rectal
# route is left out: it may act in place or on the whole body.
_SNOMED = MappingProxyType(
    {
        "26643006": Route.SYSTEMIC,  # oral
        "260548002": Route.SYSTEMIC,  # oral
        "394899003": Route.SYSTEMIC,  # oral administration of treatment
        "47625008": Route.SYSTEMIC,  # intravenous
        "255560000": Route.SYSTEMIC,  # intravenous
        "34206005": Route.SYSTEMIC,  # subcutaneous
        "263887005": Route.SYSTEMIC,  # subcutaneous
        "78421000": Route.SYSTEMIC,  # intramuscular
        "255559005": Route.SYSTEMIC,  # intramuscular
        "37839007": Route.SYSTEMIC,  # sublingual
        "45890007": Route.SYSTEMIC,  # transdermal
        "6064005": Route.TOPICAL,
        "359540000": Route.TOPICAL,
        "54485002": Route.OPHTHALMIC,
        "10547007": Route.OTIC,
        "46713006": Route.NASAL,
        "447694001": Route.INHALED,  # respiratory tract
        "16857009": Route.VAGINAL,
    }
)
_WORDING: dict[Route, str] = {
    Route.SYSTEMIC: (
        "oral|by mouth|orally|po|intravenous|iv|subcutaneous|sc|subq|subcut|intramuscular|im|sublingual|sl|transdermal|"
        "oral route|intravenous route|subcutaneous route|intramuscular route|sublingual route|transdermal route"
    ),
    Route.TOPICAL: "topical|topically|topical route|cutaneous",
    Route.OPHTHALMIC: "ophthalmic|ophthalmic route|ocular|both eyes|left eye|right eye",
    Route.OTIC: "otic|otic route|both ears|left ear|right ear",
    Route.NASAL: "nasal|nasal route|intranasal",
    Route.INHALED: "inhalation|inhaled|inhalation route|respiratory tract route",
    Route.VAGINAL: "vaginal|vaginal route",
}
_WORDS = MappingProxyType({word: route for route, words in _WORDING.items() for word in words.split("|")})

_SWALLOWED = ("Oral", "Chewable", "Sublingual", "Buccal")


def route_of(product: Product, dosages: Sequence[Dosage]) -> Route:
    """The product's route class, with the instruction's route where the form alone does not decide.

    An UNKNOWN class takes the stated route. A systemic form other than an oral one (an injectable solution) takes a
    stated local route; an oral tablet said to be topical stays systemic, and a local form is never made systemic.
    """
    stated = {route for dosage in dosages if (route := stated_route(dosage.route))}
    if len(stated) != 1:
        return product.route
    route = stated.pop()
    if product.route is Route.UNKNOWN:
        return route
    form = product.dose_form or ""
    elsewhere = product.route is Route.SYSTEMIC and not any(word in form for word in _SWALLOWED)
    return route if elsewhere else product.route


def stated_route(concept: CodeableConcept | None) -> Route | None:
    """The route class of a `Dosage.route`, by its SNOMED CT code or plain wording; None if it is neither."""
    if concept is None:
        return None
    for coding in concept.coding:
        route = _SNOMED.get((coding.code or "").strip()) or _WORDS.get((coding.display or coding.code or "").lower())
        if route:
            return route
    return _WORDS.get((concept.text or "").strip().lower())
