"""From source rows to concepts: what each RxNorm code is made of, and where it acts."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cds_service.terminology.products import Route, Strength
from cds_service.terminology.recovered import read_name, read_recovered
from cds_service.terminology.routes import common_route, route_of_pack, route_of_product
from cds_service.terminology.salts import link_forms
from cds_service.terminology.source import BRAND, COMPONENT, DRUG, DRUG_INGREDIENT, INGREDIENT, Row, read_rows
from cds_service.terminology.strengths import add_strengths, read_quantity, read_strength

Part = tuple[int, Strength | None]
_Held = int | Part | frozenset[int]
_PACKS = ("GPCK", "BPCK")
_TABLES = "rxnorm-tables"


@dataclass(frozen=True, slots=True)
class Concept:
    """One row of the index: an RxNorm concept that resolves to at least one ingredient (`parts`: rxcui, strength)."""

    rxcui: int
    tty: str
    name: str
    parts: tuple[Part, ...]
    current: bool
    source: str = _TABLES
    form: str = ""
    route: Route = Route.UNKNOWN
    brand: str = ""
    quantity: Strength | None = None


def gather_concepts(folder: Path, recovered: Path | None) -> tuple[tuple[Concept, ...], dict[int, int]]:
    """Every concept of a source folder that resolves to ingredients, and the ingredient of every precise ingredient.

    `recovered` names products the folder may lack; where it has them, the folder's row stands.
    """
    ingredients = list(read_rows(folder, INGREDIENT))
    drug_parts = list(read_rows(folder, DRUG_INGREDIENT))
    components = list(read_rows(folder, COMPONENT))
    forms_of = link_forms(ingredients, [*drug_parts, *components])
    names = {int(row["rxcui"]): row["name"] for row in ingredients}
    products = _products(folder, drug_parts, forms_of, names)
    by_ingredient = _Routes(products)
    substances = list(_substances(ingredients, forms_of, by_ingredient))
    concepts = [
        *products,
        *substances,
        *_components(components, forms_of, by_ingredient),
        *_brands(folder, products, names),
    ]
    if recovered:
        concepts += _recovered(recovered, substances, {concept.rxcui for concept in concepts}, by_ingredient)
    return tuple(sorted(concepts, key=lambda concept: concept.rxcui)), forms_of


def _products(
    folder: Path, drug_parts: list[Row], forms_of: dict[int, int], names: dict[int, str]
) -> tuple[Concept, ...]:
    rows_of: dict[str, list[Row]] = defaultdict(list)
    for row in drug_parts:
        if row["ingredient_rxcui"]:
            rows_of[row["drug_rxcui"]].append(row)
    products = []
    for row in read_rows(folder, DRUG):
        pack = row["tty"] in _PACKS
        if parts := _parts(rows_of[row["rxcui"]], forms_of, names, same_dose_unit=not pack):
            products.append(
                Concept(
                    rxcui=int(row["rxcui"]),
                    tty=row["tty"],
                    name=row["name"],
                    parts=parts,
                    current=row["status"] == "current",
                    source=row["source"],
                    form=row["dose_form"],
                    route=route_of_pack(row["name"])
                    if pack
                    else route_of_product(row["dose_form"], [code for code, _ in parts]),
                    brand=row["brand"],
                    quantity=read_quantity(row["quantity_factor"]),
                )
            )
    return tuple(products)


def _parts(
    rows: Iterable[Row], forms_of: dict[int, int], names: dict[int, str], *, same_dose_unit: bool
) -> tuple[Part, ...]:
    stated: dict[int, list[Strength | None]] = defaultdict(list)
    for row in rows:
        ingredient = int(row["ingredient_rxcui"])
        stated[forms_of.get(ingredient, ingredient)].append(read_strength(row["strength_value"], row["strength_unit"]))
    by_name = sorted(stated, key=lambda ingredient: (names[ingredient].casefold(), ingredient))
    return tuple(
        (ingredient, add_strengths(stated[ingredient], same_dose_unit=same_dose_unit)) for ingredient in by_name
    )


class _Routes:
    """Route classes of the products that hold an ingredient, an ingredient at one strength, or just one mixture."""

    def __init__(self, products: Iterable[Concept]) -> None:
        self._current: dict[_Held, set[Route]] = defaultdict(set)
        self._retired: dict[_Held, set[Route]] = defaultdict(set)
        for product in products:
            seen = self._current if product.current else self._retired
            codes = [code for code, _ in product.parts]
            held: list[_Held] = [frozenset(codes), *codes, *product.parts]
            for key in held:
                seen[key].add(product.route)

    def of(self, *keys: _Held) -> Route:
        """The route class products agree on, for the first key that has any; retired ones only for want of current."""
        for seen in (self._current, self._retired):
            for key in keys:
                if key in seen:
                    return common_route(seen[key])
        return Route.UNKNOWN


def _substances(rows: list[Row], forms_of: dict[int, int], routes: _Routes) -> Iterable[Concept]:
    """IN, PIN and MIN. A combination's ingredients are the names its own name lists, each of which must be known."""
    ingredient_of = {int(row["rxcui"]): int(row["rxcui"]) for row in rows if row["tty"] == "IN"} | forms_of
    by_name = {row["name"].casefold(): int(row["rxcui"]) for row in rows if row["tty"] != "MIN"}
    names = {code: name for name, code in by_name.items()}
    for row in rows:
        rxcui = int(row["rxcui"])
        named = row["name"].casefold().split(" / ") if row["tty"] == "MIN" else ()
        codes = [by_name.get(name, 0) for name in named] or [rxcui]
        members = {ingredient_of.get(code, 0) for code in codes}
        if 0 not in members:
            yield Concept(
                rxcui=rxcui,
                tty=row["tty"],
                name=row["name"],
                parts=tuple((code, None) for code in sorted(members, key=lambda code: names[code])),
                current=row["in_current_prescribe_2026_02"] == "Y",
                route=routes.of(frozenset(members)) if row["tty"] == "MIN" else routes.of(*members),
            )


def _components(rows: list[Row], forms_of: dict[int, int], routes: _Routes) -> Iterable[Concept]:
    for row in rows:
        if row["ingredient_rxcui"]:
            code = int(row["ingredient_rxcui"])
            part = (forms_of.get(code, code), read_strength(row["strength_value"], row["strength_unit"]))
            yield Concept(
                rxcui=int(row["scdc_rxcui"]),
                tty="SCDC",
                name=row["name"],
                parts=(part,),
                current=True,
                route=routes.of(part, part[0]),
            )


def _brands(folder: Path, products: Iterable[Concept], names: dict[int, str]) -> Iterable[Concept]:
    """Brand names whose products all hold the same ingredients; a name used for several mixtures says nothing."""
    known = {product.rxcui: product for product in products}
    sold: dict[tuple[int, str], list[Concept]] = defaultdict(list)
    for row in read_rows(folder, BRAND):
        if product := known.get(int(row["sbd_rxcui"])):
            sold[int(row["brand_rxcui"]), row["brand_name"]].append(product)
    for (rxcui, brand), branded in sold.items():
        current = [product for product in branded if product.current]
        mixtures = {tuple(code for code, _ in product.parts) for product in branded}
        if len(mixtures) == 1:
            codes = mixtures.pop()
            yield Concept(
                rxcui=rxcui,
                tty="BN",
                name=f"{' / '.join(names[code] for code in codes)} [{brand}]",
                parts=tuple((code, None) for code in codes),
                current=bool(current),
                route=common_route(product.route for product in current or branded),
                brand=brand,
            )


def _recovered(path: Path, substances: list[Concept], known: set[int], routes: _Routes) -> Iterable[Concept]:
    ingredients = {concept.name.casefold(): concept.parts[0][0] for concept in substances if concept.tty != "MIN"}
    for row in read_recovered(path):
        if int(row["rxcui"]) not in known:
            parts, form, brand = read_name(row, ingredients)
            codes = [code for code, _ in parts]
            yield Concept(
                rxcui=int(row["rxcui"]),
                tty=row["tty"],
                name=row["name"],
                parts=tuple(parts),
                current=False,
                source=row["source"],
                form=form,
                route=route_of_product(form, codes) if form else routes.of(frozenset(codes), *codes),
                brand=brand,
            )
