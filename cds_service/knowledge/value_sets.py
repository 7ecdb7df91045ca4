"""Reads value sets, and finds the one that a rule names."""

from collections.abc import Mapping
from typing import Any

from cds_service.knowledge.page import Page, name_list, suggest
from cds_service.knowledge.read_shape import listed, read_shape
from cds_service.knowledge.rules import ValueSet
from cds_service.knowledge.shapes import CODE, VALUE_SET
from cds_service.terminology.products import Terminology
from cds_service.terminology.routes import ROUTE_OF_FORM

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SYSTEMS: Mapping[str, str] = {
    "rxnorm": RXNORM,
    "snomed": "http://snomed.info/sct",
    "icd-10-cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "icd-9-cm": "http://hl7.org/fhir/sid/icd-9-cm",
    "icd-10-pcs": "http://www.cms.gov/Medicare/Coding/ICD10",
    "cpt": "http://www.ama-assn.org/go/cpt",
    "hcpcs": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "loinc": "http://loinc.org",
    "cvx": "http://hl7.org/fhir/sid/cvx",
    "unii": "http://fdasis.nlm.nih.gov",
    "ndf-rt": "http://hl7.org/fhir/ndfrt",
}
BEGINS_ALIKE = 4  # letters
PREFIXED = frozenset({SYSTEMS["icd-10-cm"], SYSTEMS["icd-9-cm"], SYSTEMS["icd-10-pcs"]})


def read_value_set(page: Page, document: Mapping[str, Any], stem: str, terminology: Terminology) -> ValueSet | None:
    """The value set of one file, with what is wrong noted on the page; None if not even its id and kind are there.

    A set with a mistake in one entry is still known to the rules that name it: one mistake is reported once.
    """
    kept = read_shape(page, "", document, VALUE_SET)
    if "id" in kept and kept["id"] != stem:
        page.note("id", f"found {kept['id']!r}, but the file is called {stem}.toml; make them equal")
    members = [
        read_member(page, f"codes[{number}]", entry, kept.get("kind", ""), terminology)
        for number, entry in enumerate(kept.get("codes", ()), 1)
    ]
    expected = "forms" if kept.get("kind") == "dose-form" else "codes"
    if not kept.get(expected):
        page.note(expected, f"a value set of kind {kept.get('kind')!r} lists at least one of its {expected}")
    for name in kept.get("forms", ()):
        if name not in ROUTE_OF_FORM:
            page.note("forms", f"RxNorm has no dose form called {name!r}{suggest(name, ROUTE_OF_FORM)}")
    if "id" not in kept or "kind" not in kept:
        return None
    pairs = [(system, code) for system, code, prefix in members if code]
    return ValueSet(
        id=kept["id"],
        title=kept.get("title", ""),
        kind=kept["kind"],
        ingredients=frozenset(code for system, code in pairs if system == RXNORM),
        codes=frozenset((system, code) for system, code in pairs if system != RXNORM),
        prefixes=tuple((system, prefix) for system, code, prefix in members if prefix),
        forms=frozenset(kept.get("forms", ())),
        systems=frozenset(system for system, _, _ in members),
        source=kept.get("source", ""),
    )


def read_member(
    page: Page, where: str, entry: Mapping[str, Any], kind: str, terminology: Terminology
) -> tuple[str, str, str]:
    """System URI, code and prefix of one entry; code or prefix is empty."""
    kept = read_shape(page, where, entry, CODE)
    system, code, prefix = kept.get("system", ""), kept.get("code", ""), kept.get("prefix", "")
    uri = SYSTEMS.get(system, system)
    if system and ":" not in uri:
        page.note(where, f"no code system is called {system!r}{suggest(system, SYSTEMS)}")
    if bool(code) == bool(prefix):
        page.note(where, "an entry has either a code or a prefix")
    if prefix and uri not in PREFIXED:
        page.note(where, f"prefixes work for ICD codes only; {system} codes carry no meaning in their digits")
    if uri == RXNORM and code:
        check_ingredient(page, where, code, kept.get("display", ""), terminology)
    if kind == "ingredient" and system and uri != RXNORM:
        page.note(where, f"a value set of kind ingredient lists rxnorm codes only, found {system!r}")
    if kind in ("condition", "procedure") and uri == RXNORM:
        page.note(where, f"a value set of kind {kind} lists no drugs")
    return uri, code, prefix


def check_ingredient(page: Page, where: str, code: str, display: str, terminology: Terminology) -> None:
    """An RxNorm code must be an ingredient, and the name beside it must be the ingredient's."""
    name = terminology.ingredient_name(code)
    if name is None:
        product = terminology.by_rxcui(code)
        found = f"{code} is {product.name!r}, not an ingredient" if product else f"RxNorm has no ingredient {code}"
        named = terminology.by_name(display)
        meant = f"; {display!r} is {named.rxcui}" if named and named.tty == "IN" else ""
        page.note(where, f"{found}{meant}")
    elif display and name.casefold() != display.casefold():
        page.note(where, f"{code} is {name!r} in RxNorm, but the display says {display!r}; which one is meant?")


def find_value_set(
    page: Page,
    where: str,
    names: str | list[str],
    kinds: tuple[str, ...],
    value_sets: Mapping[str, ValueSet],
    terminology: Terminology,
) -> ValueSet | None:
    """The value set called by one name, or the union of several. An ingredient's exact name is a set of one."""
    found = [find_one(page, where, name, kinds, value_sets, terminology) for name in listed(names)]
    if not found:
        page.note(where, "an empty list names no value set")
    known = [value_set for value_set in found if value_set]
    if not known or len(known) < len(found):
        return None
    return known[0] if len(known) == 1 else unite(known)


def find_one(
    page: Page,
    where: str,
    name: Any,
    kinds: tuple[str, ...],
    value_sets: Mapping[str, ValueSet],
    terminology: Terminology,
) -> ValueSet | None:
    value_set = value_sets.get(name) if isinstance(name, str) else None
    if value_set:
        if value_set.kind in kinds:
            return value_set
        page.note(where, f"{name!r} is a value set of kind {value_set.kind}; {name_list(kinds)} is needed here")
        return None
    product = terminology.by_name(name) if isinstance(name, str) and "ingredient" in kinds else None
    if product and product.tty == "IN":
        return ValueSet(
            product.name, product.name, "ingredient", frozenset({product.rxcui}), systems=frozenset({RXNORM})
        )
    fitting = [value_set.id for value_set in value_sets.values() if value_set.kind in kinds]
    if product:
        page.note(where, f"{name!r} is a product, not an ingredient; write {product.ingredients[0].name!r}")
    elif "ingredient" in kinds:
        near = suggest(str(name), (*fitting, *similar_ingredients(str(name), terminology)))
        page.note(where, f"no value set and no RxNorm ingredient is called {name!r}{near}")
    else:
        page.note(where, f"no value set of kind {name_list(kinds)} is called {name!r}{suggest(str(name), fitting)}")
    return None


def similar_ingredients(name: str, terminology: Terminology) -> set[str]:
    """Ingredients of products that begin alike, to propose one for a slip of the pen."""
    found = terminology.search(name[:BEGINS_ALIKE], limit=100)
    return {ingredient.name for product in found for ingredient in product.ingredients}


def unite(value_sets: list[ValueSet]) -> ValueSet:
    """One value set with the members of all; a system counts as listed if any of them lists it."""
    return ValueSet(
        id=" + ".join(value_set.id for value_set in value_sets),
        title=" or ".join(value_set.title for value_set in value_sets),
        kind=value_sets[0].kind,
        ingredients=frozenset().union(*(value_set.ingredients for value_set in value_sets)),
        codes=frozenset().union(*(value_set.codes for value_set in value_sets)),
        prefixes=tuple(prefix for value_set in value_sets for prefix in value_set.prefixes),
        forms=frozenset().union(*(value_set.forms for value_set in value_sets)),
        systems=frozenset().union(*(value_set.systems for value_set in value_sets)),
        source="; ".join(value_set.source for value_set in value_sets if value_set.source),
    )
