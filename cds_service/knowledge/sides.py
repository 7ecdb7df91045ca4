"""Reads the drugs of a rule: this, or a and b."""

from collections.abc import Mapping
from typing import Any

from cds_service.knowledge.page import Page, join, name_list, suggest
from cds_service.knowledge.read_shape import listed, read_shape
from cds_service.knowledge.rules import Side
from cds_service.knowledge.shapes import SIDE
from cds_service.knowledge.vocabulary import SIDES, Vocabulary
from cds_service.terminology.products import Route
from cds_service.terminology.routes import ROUTE_OF_FORM

ANY_ROUTE = "any"
ANY_DRUG = "any"


def read_sides(page: Page, when: Mapping[str, Any], scope: str, vocabulary: Vocabulary) -> tuple[Side, ...]:
    """The sides that the scope asks for; missing and superfluous ones are noted."""
    needed = SIDES.get(scope, ())
    for name in ("this", "a", "b"):
        if name in when and name not in needed:
            wanted = name_list(needed, "and") if needed else "no drug"
            page.note(join("when", name), f"a rule of scope {scope!r} has {wanted}, found {name!r}")
        if name in needed and name not in when:
            page.note("when", f"a rule of scope {scope!r} needs the drug {name!r}")
    sides = [read_side(page, name, when[name], vocabulary) for name in needed if name in when]
    if len(needed) > 1 and any(side and side.any_drug for side in sides):
        page.note("when", "only a rule of scope 'order' may be about any drug; name the drugs of a pair")
    return tuple(side for side in sides if side)


def read_side(page: Page, name: str, value: Mapping[str, Any], vocabulary: Vocabulary) -> Side | None:
    where = join("when", name)
    kept = read_shape(page, where, value, SIDE)
    ingredients = find_ingredients(page, where, kept, "ingredient_in", vocabulary)
    barred = find_ingredients(page, where, kept, "not_ingredient_in", vocabulary)
    if ingredients and not ingredients - barred:
        page.note(where, "'not_ingredient_in' takes away every ingredient of 'ingredient_in'")
    return Side(
        name=name,
        ingredients=ingredients - barred,
        routes=read_routes(page, where, kept.get("route", ANY_ROUTE)),
        forms=find_forms(page, where, kept, "form_in", vocabulary),
        not_forms=find_forms(page, where, kept, "not_form_in", vocabulary),
        not_with=find_ingredients(page, where, kept, "not_with", vocabulary),
        any_drug=kept.get("ingredient_in") == ANY_DRUG,
        written=write_side(kept),
    )


def find_ingredients(
    page: Page, where: str, kept: Mapping[str, Any], key: str, vocabulary: Vocabulary
) -> frozenset[str]:
    if key not in kept or kept[key] == ANY_DRUG:
        return frozenset()
    found = vocabulary.value_set(page, join(where, key), kept[key], ("ingredient",))
    return found.ingredients if found else frozenset()


def read_routes(page: Page, where: str, value: str | list[str]) -> frozenset[Route]:
    """Empty for any route."""
    if listed(value) == [ANY_ROUTE]:
        return frozenset()
    known = [route.value for route in Route if route is not Route.UNKNOWN]
    for word in listed(value):
        if word not in known:
            page.note(
                join(where, "route"), f"{word!r} is not one of {name_list((*known, ANY_ROUTE))}{suggest(word, known)}"
            )
    return frozenset(Route(word) for word in listed(value) if word in known)


def find_forms(page: Page, where: str, kept: Mapping[str, Any], key: str, vocabulary: Vocabulary) -> frozenset[str]:
    """Dose form names; the id of a dose-form value set stands for its names."""
    sets = {id: each for id, each in vocabulary.value_sets.items() if each.kind == "dose-form"}
    forms: set[str] = set()
    for name in listed(kept.get(key, [])):
        if name in sets:
            forms |= sets[name].forms
        elif name in ROUTE_OF_FORM:
            forms.add(name)
        else:
            near = suggest(name, (*sets, *ROUTE_OF_FORM))
            page.note(join(where, key), f"RxNorm has no dose form, and there is no value set, called {name!r}{near}")
    return frozenset(forms)


def write_side(kept: Mapping[str, Any]) -> str:
    """The side in words, for `cds explain`: `nsaid, systemic`."""
    drugs = kept.get("ingredient_in", [""])
    parts = ["any drug" if drugs == ANY_DRUG else name_list(listed(drugs))]
    if "not_ingredient_in" in kept:
        parts.append(f"but not {name_list(listed(kept['not_ingredient_in']))}")
    if "not_with" in kept:
        parts.append(f"in no product with {name_list(listed(kept['not_with']))}")
    if (routes := listed(kept.get("route", ANY_ROUTE))) != [ANY_ROUTE]:
        parts.append(name_list(routes))
    if "form_in" in kept:
        parts.append(f"as {name_list(listed(kept['form_in']))}")
    if "not_form_in" in kept:
        parts.append(f"not as {name_list(listed(kept['not_form_in']))}")
    return ", ".join(parts)
