"""Precise ingredients (salts, esters, hydrates) and the ingredient each is a form of.

RxNorm links a precise ingredient to its ingredient; the source tables hold that link only where a current product
uses it. For the rest (`lisinopril anhydrous`, under which the class tables list lisinopril) the link is read from the
name, with no list of salts of our own: the words that follow the ingredient must each be known from linked pairs, and
an ingredient whose name the linked pairs contradict (`sodium` in `sodium hyaluronate`) is never taken. An acid belongs
to the ingredient named as its anion (`alendronic acid`, `alendronate`: chemical nomenclature, -ic acid to -ate).
"""

import re
from collections.abc import Iterable

from cds_service.terminology.source import Row

_ACID = re.compile(r"ic acid(?= |$)")


def link_forms(ingredients: list[Row], parts: Iterable[Row]) -> dict[int, int]:
    """The ingredient (IN) rxcui of every precise ingredient (PIN) that can be placed."""
    linked = {
        int(row["rxcui"]): int(row["base_ingredient_rxcui"]) for row in ingredients if row["base_ingredient_rxcui"]
    }
    for row in parts:
        if row["precise_ingredient_rxcui"] and row["ingredient_rxcui"]:
            linked[int(row["precise_ingredient_rxcui"])] = int(row["ingredient_rxcui"])
    return linked | _link_by_name(ingredients, linked)


def _link_by_name(ingredients: list[Row], linked: dict[int, int]) -> dict[int, int]:
    by_name = {row["name"].casefold(): int(row["rxcui"]) for row in ingredients if row["tty"] == "IN"}
    split = {
        int(row["rxcui"]): parted
        for row in ingredients
        if row["tty"] == "PIN" and (parted := _part_name(row["name"].casefold(), by_name))
    }
    contradicted = {base for form, (base, _) in split.items() if linked.get(form, base) != base}
    known_words = {word for form, (base, rest) in split.items() if linked.get(form) == base for word in rest}
    acids = {
        int(row["rxcui"]): anion
        for row in ingredients
        if row["tty"] == "PIN" and (anion := by_name.get(_ACID.sub("ate", row["name"].casefold())))
    }
    named = {
        form: base for form, (base, rest) in split.items() if base not in contradicted and known_words.issuperset(rest)
    }
    return {form: base for form, base in {**acids, **named}.items() if form not in linked}


def _part_name(name: str, by_name: dict[str, int]) -> tuple[int, tuple[str, ...]] | None:
    """The longest ingredient name that `name` starts with, and the words after it."""
    words = name.split(" ")
    for end in range(len(words) - 1, 0, -1):
        if base := by_name.get(" ".join(words[:end])):
            return base, tuple(words[end:])
    return None
