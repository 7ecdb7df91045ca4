"""Codes the source tables lack, recovered from the RxNorm names that open test data prints beside them.

A RxNorm name says what a product is made of: `<ingredient> <strength> / ... <dose form> [brand]`. It is read by that
grammar and nothing else; every ingredient must be an exact ingredient or precise ingredient name.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from cds_service.errors import BadKnowledge, KnowledgeProblem
from cds_service.terminology.products import Strength
from cds_service.terminology.routes import ROUTE_OF_FORM
from cds_service.terminology.source import Row
from cds_service.terminology.strengths import read_strength

_BRANDED = re.compile(r"(.+) \[([^\]]+)\]")
_COMPONENT = re.compile(r"(.+) ([0-9.]+) (\S+)")


def read_recovered(path: Path) -> Iterator[Row]:
    """Rows of a table of recovered names: rxcui, tty, name, source."""
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def read_name(row: Row, ingredients: Mapping[str, int]) -> tuple[list[tuple[int, Strength | None]], str, str]:
    """Parts, dose form and brand that a recovered row's name states; `ingredients` maps case-folded names to INs.

    Raises BadKnowledge naming the code when a part of the name is not an ingredient.
    """
    branded = _BRANDED.fullmatch(row["name"])
    name, brand = (branded[1], branded[2]) if branded else (row["name"], "")
    form = max((form for form in ROUTE_OF_FORM if name.endswith(f" {form}")), key=len, default="")
    parts = []
    for component in name.removesuffix(form).strip().split(" / "):
        stated = _COMPONENT.fullmatch(component)
        substance = stated[1] if stated else component
        ingredient = ingredients.get(substance.casefold())
        if ingredient is None:
            message = f"found {substance!r} in the name of {row['rxcui']}, expected the name of an ingredient"
            raise BadKnowledge((KnowledgeProblem(file="recovered.csv", where="name", message=message),))
        parts.append((ingredient, read_strength(stated[2], stated[3]) if stated else None))
    return parts, form, brand
