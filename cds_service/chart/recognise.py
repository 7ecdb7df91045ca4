"""Which RxNorm product a chart means by a code, a referenced Medication or a name.

Codes decide; an exact normalised name is believed where no code can be placed; nothing fuzzy ever decides.
"""

from collections.abc import Iterable, Mapping

import msgspec

from cds_service.chart.amounts import Amount, read_amount
from cds_service.chart.drugs import RecognisedBy
from cds_service.chart.systems import NDC, RXNORM, canonical, coding_key, text_of, texts_of
from cds_service.fhir.references import relative
from cds_service.fhir.resources import (
    CodeableConcept,
    Medication,
    MedicationIngredient,
    MedicationRequest,
    MedicationStatement,
    Ratio,
    Reference,
    Resource,
)
from cds_service.terminology.products import Ingredient, Product, Strength, Terminology

CodeMap = Mapping[tuple[str, str], tuple[str, str]]
MedicationOrder = MedicationRequest | MedicationStatement

NAMELESS = "a drug without a name"

# Products say most, then components, then brands and ingredients: a chart that gives several codes means the closest.
_CLOSENESS = {"SCD": 0, "SBD": 0, "GPCK": 0, "BPCK": 0, "SCDC": 1}


class Vocabulary(msgspec.Struct, frozen=True):
    """The terminology with the site's map of local codes in front of it."""

    terminology: Terminology
    code_map: CodeMap = {}


class Placed(msgspec.Struct, frozen=True):
    """A recognised drug. `text` is what the chart calls it, `left_over` its ingredients that could not be placed."""

    product: Product
    by: RecognisedBy
    text: str
    left_over: tuple[str, ...] = ()


class Medications(msgspec.Struct, frozen=True):
    """The Medication resources of a call by `Type/id`, and what its `urn:` references stand for."""

    by_reference: Mapping[str, Medication] = {}
    urls: Mapping[str, str] = {}

    @classmethod
    def of(cls, resources: Iterable[Resource], urls: Mapping[str, str]) -> "Medications":
        medications = [resource for resource in resources if isinstance(resource, Medication)]
        return cls({f"Medication/{medication.id}": medication for medication in medications}, urls)

    def find(self, reference: Reference | None, contained: tuple[Medication, ...] = ()) -> Medication | None:
        """The Medication a reference means: contained (`#id`), in the bundle, or none that arrived."""
        target = (reference.reference or "") if reference else ""
        if target.startswith("#"):
            own = (medication for medication in contained if medication.id in (target, target[1:]))
            return next((medication for medication in own if medication.resource_type == "Medication"), None)
        return self.by_reference.get(relative(target, self.urls)) if target else None


def recognise(order: MedicationOrder, medications: Medications, vocabulary: Vocabulary) -> Placed | str:
    """The drug of a request or statement, or what the chart calls it when nobody can place it."""
    concept, reference = order.medication_codeable_concept, order.medication_reference
    placed = place_concept(concept, vocabulary) if concept else None
    if placed:
        return placed
    medication = medications.find(reference, order.contained)
    if medication:
        placed = place_medication(medication, medications, vocabulary)
    display = reference.display if reference else None
    if placed is None and display:
        placed = place_concept(CodeableConcept(text=display), vocabulary)
    return placed or text_of(concept) or (text_of(medication.code) if medication else "") or display or NAMELESS


def place_concept(concept: CodeableConcept, vocabulary: Vocabulary) -> Placed | None:
    """The product a concept means. Codes for different ingredients contradict each other: then none is believed."""
    for by, codings in (
        (RecognisedBy.LOCAL_CODE, mapped_codes(concept, vocabulary.code_map)),
        (RecognisedBy.CODE, [(canonical(coding.system), (coding.code or "").strip()) for coding in concept.coding]),
    ):
        found = [product_of(system, code, vocabulary.terminology) for system, code in codings]
        products = list(filter(None, found))
        if products:
            closest = min(products, key=_closeness) if len(products) > 1 else products[0]
            if any(_contradict(closest, other) for other in products if other is not closest):
                return None
            return Placed(closest, by, text_of(concept) or closest.name)
    for text in texts_of(concept):
        product = vocabulary.terminology.by_name(text)
        if product:
            return Placed(product, RecognisedBy.NAME, text_of(concept) or product.name)
    return None


def mapped_codes(concept: CodeableConcept, code_map: CodeMap) -> list[tuple[str, str]]:
    """What the site's code map gives for the codings of a concept."""
    keys = map(coding_key, concept.coding) if code_map else ()
    return [code_map[key] for key in keys if key in code_map]


def product_of(system: str, code: str, terminology: Terminology) -> Product | None:
    """A product by its RxNorm code or NDC."""
    if not code:
        return None
    if system == RXNORM:
        return terminology.by_rxcui(code)
    return terminology.by_ndc(code) if system == NDC else None


def place_medication(medication: Medication, medications: Medications, vocabulary: Vocabulary) -> Placed | None:
    """A Medication by its code, else by its ingredients: a compound with at least one ingredient that can be placed."""
    placed = place_concept(medication.code, vocabulary) if medication.code else None
    if placed or not medication.ingredient:
        return placed
    found: dict[str, Ingredient] = {}
    left_over: list[str] = []
    weakest = RecognisedBy.CODE
    for part in medication.ingredient:
        single = _place_ingredient(part, medications, vocabulary)
        if isinstance(single, str):
            left_over.append(single)
            continue
        weakest = single.by if single.by is not RecognisedBy.CODE else weakest
        strength = read_ratio(part.strength)
        for ingredient in single.product.ingredients:
            alone = len(single.product.ingredients) == 1
            stated = strength if strength and alone else ingredient.strength
            found[ingredient.rxcui] = Ingredient(ingredient.rxcui, ingredient.name, stated)
    if not found:
        return None
    name = text_of(medication.code) or " / ".join(ingredient.name for ingredient in found.values())
    product = Product(rxcui="", tty="", name=name, ingredients=tuple(found.values()))
    return Placed(product, weakest, name, tuple(left_over))


def read_ratio(ratio: Ratio | None) -> Strength | None:
    """The strength of a compound's ingredient, per mL or per unit; None when it is stated in other units."""
    if ratio is None:
        return None
    amount, per = read_amount(ratio.numerator), read_amount(ratio.denominator)
    if not isinstance(amount, Amount) or amount.unit not in ("mg", "[IU]", "meq") or not isinstance(per, Amount):
        return None
    if per.unit not in ("", "count", "mL"):
        return None
    return Strength(amount.value / per.value, f"{amount.unit}/mL" if per.unit == "mL" else amount.unit)


def _place_ingredient(part: MedicationIngredient, medications: Medications, vocabulary: Vocabulary) -> Placed | str:
    concept = part.item_codeable_concept
    if concept is None:
        medication = medications.find(part.item_reference)
        concept = medication.code if medication else None
    placed = place_concept(concept, vocabulary) if concept else None
    display = part.item_reference.display if part.item_reference else None
    return placed or text_of(concept) or display or NAMELESS


def _closeness(product: Product) -> int:
    return _CLOSENESS.get(product.tty, 2)


def _contradict(one: Product, other: Product) -> bool:
    """Neither holds all the ingredients of the other."""
    first = {ingredient.rxcui for ingredient in one.ingredients}
    second = {ingredient.rxcui for ingredient in other.ingredients}
    return not (first <= second or second <= first)
