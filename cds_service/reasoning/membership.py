"""Is one item of a list in a value set: yes, no, or nobody can say."""

from cds_service.chart.allergens import is_class, is_no_drug
from cds_service.chart.drugs import Allergy, Coded, Drug, Problem, ProcedureDone, ServiceOrdered
from cds_service.knowledge.rules import ValueSet
from cds_service.knowledge.value_sets import PREFIXED
from cds_service.reasoning.logic import Truth, truth

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"

Item = Drug | Allergy | Problem | ProcedureDone | ServiceOrdered


def belongs(item: Item, value_set: ValueSet, ever: bool) -> Truth:
    """Whether `item` is in `value_set`. Resolved problems and inactive allergies count only with `ever`."""
    if isinstance(item, Drug):
        return truth(not value_set.ingredients.isdisjoint(item.ingredient_rxcuis))
    if isinstance(item, Problem):
        return codes_belong(item.codes, value_set) if item.active or ever else Truth.FALSE
    if isinstance(item, Allergy):
        return allergy_belongs(item, value_set) if item.active or ever else Truth.FALSE
    return codes_belong(item.codes, value_set)


def allergy_belongs(allergy: Allergy, value_set: ValueSet) -> Truth:
    """By ingredient or by code; an allergy to a known substance that the set does not list is certainly not in it.

    A code that the set does not list says nothing by itself: it may be another name of a drug that the set does list.
    Only a food, something of the surroundings, or another class where the set lists classes, is certainly not in it.
    """
    if not value_set.ingredients.isdisjoint(allergy.ingredients):
        return Truth.TRUE
    if codes_belong(tuple(coded for coded in allergy.codes if coded.system != RXNORM), value_set) is Truth.TRUE:
        return Truth.TRUE
    if allergy.ingredients:
        return Truth.FALSE if value_set.ingredients else Truth.UNKNOWN
    another_class = is_class(allergy) and SNOMED in value_set.systems
    return Truth.FALSE if another_class or is_no_drug(allergy) else Truth.UNKNOWN


def is_severe(allergy: Allergy) -> Truth:
    """Severe by a recorded reaction or by criticality; unknown when neither was recorded."""
    if allergy.severe or allergy.criticality == "high":
        return Truth.TRUE
    return Truth.FALSE if allergy.reactions or allergy.criticality == "low" else Truth.UNKNOWN


def is_no_intolerance(allergy: Allergy) -> Truth:
    """An entry that does not say which of the two it is counts as an allergy."""
    return truth(allergy.kind != "intolerance")


# Facts that name a part of the allergy list, with what decides whether an entry is in that part.
PARTS_OF_ALLERGIES = {"severe_allergies": is_severe, "true_allergies": is_no_intolerance}


def codes_belong(codes: tuple[Coded, ...], value_set: ValueSet) -> Truth:
    """True when any coding is listed; false when one is in a system the set lists codes of; else unknown."""
    placed = Truth.UNKNOWN
    for coded in codes:
        if coded.system not in value_set.systems:
            continue
        if (coded.system, coded.code) in value_set.codes or has_prefix(coded, value_set.prefixes):
            return Truth.TRUE
        placed = Truth.FALSE
    return placed


def has_prefix(coded: Coded, prefixes: tuple[tuple[str, str], ...]) -> bool:
    """Whether a code begins with a listed prefix; "I509" and "I50.9" are the same ICD-10-CM code."""
    return coded.system in PREFIXED and any(
        system == coded.system and undotted(coded.code).startswith(undotted(start)) for system, start in prefixes
    )


def undotted(code: str) -> str:
    return code.replace(".", "")
