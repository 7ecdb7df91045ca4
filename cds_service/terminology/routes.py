"""Dose form to route class: where a dose form acts, not where it is put.

A form whose drug is meant to reach the circulation (swallowed, injected, under the tongue, through the skin) is
systemic. A rectal suppository or an implant counts as systemic, a rectal foam, cream or enema acts in place; the
ingredients for which the form's own answer is wrong are listed in `intended`.
"""

import re
from collections.abc import Collection, Iterable

from cds_service.terminology.intended import LOCAL_FROM, SYSTEMIC_FROM
from cds_service.terminology.products import Route

_FORMS: dict[Route, tuple[str, ...]] = {
    Route.SYSTEMIC: (
        "Oral Tablet", "Oral Capsule", "Oral Solution", "Oral Suspension", "Extended Release Oral Tablet",
        "Extended Release Oral Capsule", "Delayed Release Oral Tablet", "Delayed Release Oral Capsule",
        "Chewable Tablet", "Chewable Extended Release Oral Tablet", "Disintegrating Oral Tablet",
        "Effervescent Oral Tablet", "Extended Release Suspension", "Tablet for Oral Suspension",
        "Powder for Oral Solution", "Powder for Oral Suspension", "Granules for Oral Solution",
        "Granules for Oral Suspension", "Oral Granules", "Delayed Release Oral Granules",
        "Extended Release Oral Granules", "Delayed Release Granules for Oral Suspension",
        "Delayed Release Oral Suspension", "Extended Release Oral Suspension", "Oral Powder", "Oral Pellet",
        "Oral Film", "Oral Wafer", "Oral Strip", "Oral Spray", "Oral Lozenge", "Oral Drops", "Oral Flakes",
        "Chewable Bar", "Caplet", "Elixir", "Syrup",
        "Chewing Gum", "Buccal Film", "Buccal Tablet", "Sublingual Tablet", "Sublingual Film", "Sublingual Powder",
        "Injection", "Injectable Solution", "Injectable Suspension", "Injectable Foam", "Prefilled Syringe",
        "Auto-Injector", "Cartridge", "Pen Injector", "Jet Injector", "Intraperitoneal Solution",
        "Transdermal System", "Drug Implant", "Rectal Suppository",
    ),
    Route.TOPICAL: (
        "Topical Cream", "Topical Gel", "Topical Ointment", "Topical Solution", "Topical Lotion", "Topical Spray",
        "Topical Foam", "Topical Powder", "Topical Oil", "Topical Suspension", "Topical Liquefied Gas",
        "Medicated Pad", "Medicated Patch", "Medicated Shampoo", "Medicated Liquid Soap", "Medicated Bar Soap",
        "Medicated Tape", "Paste", "Powder Spray", "Transdermal Gel", "Topical Liniment",
    ),
    Route.OPHTHALMIC: (
        "Ophthalmic Solution", "Ophthalmic Suspension", "Ophthalmic Ointment", "Ophthalmic Gel", "Ophthalmic Spray",
        "Ophthalmic Irrigation Solution", "Ophthalmic Cream", "Ophthalmic Insert",
    ),
    Route.OTIC: ("Otic Solution", "Otic Suspension", "Otic Cream", "Otic Ointment"),
    Route.NASAL: (
        "Nasal Spray", "Metered Dose Nasal Spray", "Nasal Solution", "Nasal Gel", "Nasal Powder", "Nasal Ointment",
        "Nasal Inhalant", "Powder for Nasal Solution", "Nasal Cream", "Nasal Suspension",
    ),
    Route.INHALED: (
        "Dry Powder Inhaler", "Metered Dose Inhaler", "Inhalation Solution", "Inhalation Powder",
        "Inhalation Spray", "Inhalation Suspension", "Gas for Inhalation", "Inhalant Powder", "Inhalant Solution",
    ),
    Route.VAGINAL: (
        "Vaginal Cream", "Vaginal Gel", "Vaginal Insert", "Vaginal System", "Vaginal Ointment", "Vaginal Foam",
        "Vaginal Film", "Vaginal Spray", "Vaginal Suppository", "Douche",
    ),
    Route.RECTAL_LOCAL: (
        "Rectal Cream", "Rectal Ointment", "Rectal Gel", "Rectal Foam", "Rectal Spray", "Rectal Solution",
        "Rectal Suspension", "Rectal Powder", "Enema",
    ),
    Route.LOCAL: (
        "Mouthwash", "Toothpaste", "Oral Gel", "Oral Paste", "Oral Cream", "Oral Ointment", "Oral Foam",
        "Mucosal Spray", "Mucous Membrane Topical Solution", "Irrigation Solution", "Intratracheal Suspension",
        "Intrauterine System", "Intravesical Solution", "Intravesical Suspension",
        "Powder for Intravesical Solution", "Powder for Intravesical Suspension",
        "Powder for Pyelocalyceal Solution", "Urethral Suppository", "Urethral Gel",
    ),
}  # fmt: skip

ROUTE_OF_FORM: dict[str, Route] = {form: route for route, forms in _FORMS.items() for form in forms}

_PACK_FORMS = re.compile(
    "(" + "|".join(re.escape(form) for form in sorted(ROUTE_OF_FORM, key=len, reverse=True)) + r")(?: \[[^\]]*\])?\s*\)"
)


def route_of_form(dose_form: str | None) -> Route:
    """Route class of one RxNorm dose form; UNKNOWN for a form this table does not list."""
    return ROUTE_OF_FORM.get(dose_form or "", Route.UNKNOWN)


def route_of_product(dose_form: str, ingredients: Collection[int]) -> Route:
    """Route class of a product: its form's, unless its ingredients are labelled to act elsewhere (`intended`)."""
    route = route_of_form(dose_form)
    if not SYSTEMIC_FROM.get(route, {}).keys().isdisjoint(ingredients):
        return Route.SYSTEMIC
    if dose_form in LOCAL_FROM and LOCAL_FROM[dose_form][1].keys() >= set(ingredients):
        return LOCAL_FROM[dose_form][0]
    return route


def route_of_pack(name: str) -> Route:
    """Route class of a pack, read from the dose forms of its components in the pack's RxNorm name.

    A pack with any systemic component is systemic: rules about the whole body must see it.
    """
    routes = {ROUTE_OF_FORM[form] for form in _PACK_FORMS.findall(name)}
    return Route.SYSTEMIC if Route.SYSTEMIC in routes else common_route(routes)


def common_route(routes: Iterable[Route]) -> Route:
    """The one class all `routes` share; UNKNOWN when they differ or there is none."""
    distinct = set(routes)
    return distinct.pop() if len(distinct) == 1 else Route.UNKNOWN
