"""Allergies and intolerances: which ingredients they are to, how certain and how bad they were.

"No known allergy" entries say that somebody looked; they are no allergies and leave an empty list that was read. Beside
a real allergy they are outdated and noted.
"""

import re
from datetime import datetime, tzinfo

from cds_service.chart.conditions import status_code
from cds_service.chart.drugs import Allergy, Coded
from cds_service.chart.facts import Items, Unrecognised
from cds_service.chart.recognise import Vocabulary, place_concept
from cds_service.chart.systems import (
    ICD10CM,
    MEDRT,
    NDC,
    NDFRT,
    RXNORM,
    SNOMED,
    UNII,
    codes_in,
    text_of,
    texts_of,
)
from cds_service.chart.whose import label, own_resources
from cds_service.fhir.dates import parse_moment
from cds_service.fhir.received import Received
from cds_service.fhir.resources import AllergyIntolerance, CodeableConcept

SYSTEMS = frozenset({SNOMED, RXNORM, NDC, NDFRT, MEDRT, UNII, ICD10CM})
CLASS_SYSTEMS = frozenset({NDFRT, MEDRT})

# A substance coded here is recognised as such, whether or not its ingredient is known.
SPEAKING_SYSTEMS = frozenset({SNOMED, NDFRT, MEDRT, UNII, ICD10CM})

DROPPED = frozenset({"refuted", "entered-in-error"})
OVER = frozenset({"inactive", "resolved"})

# SNOMED CT situations, as published FHIR examples use them: no known allergy, drug, food, environmental, latex allergy.
NONE_KNOWN = frozenset({"716186003", "409137002", "429625007", "428607008", "716184000"})
NONE_KNOWN_WORDS = frozenset(
    {
        *("nka", "nkda", "no known allergies", "no known allergy", "no known drug allergies", "no known drug allergy"),
        *("no known medication allergies", "none known", "no allergies", "no known food allergies"),
        *("no known latex allergy", "no known environmental allergies"),
    }
)

# SNOMED CT: anaphylaxis, allergic angioedema.
SEVERE_CODES = frozenset({"39579001", "402387002"})
_SEVERE_WORDS = re.compile(
    r"anaphyla|angio-?o?edema|stevens|epidermal necrolysis|drug reaction with eosinophilia|\bdress\b|\bsjs\b",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(no|not|non|denies|denied|without|never)\b", re.IGNORECASE)

_SEMANTIC_TAG = re.compile(r"\s*\((?:finding|disorder|substance|product|medicinal product|situation)\)\s*$")
_ABOUT = re.compile(
    r"^(?:allergy to|allergic to|hypersensitivity to|intolerance to|product containing(?: only)?) ", re.I
)
_ABOUT_AFTER = re.compile(r" (?:allergy|intolerance|hypersensitivity|adverse reaction)$", re.IGNORECASE)

KINDS = frozenset({"allergy", "intolerance"})
CERTAINTIES = frozenset({"confirmed", "unconfirmed"})
CRITICALITIES = frozenset({"high", "low"})
NAMELESS = "an allergy without a name"


def read_allergies(
    received: Received, vocabulary: Vocabulary, now: datetime, zone: tzinfo
) -> tuple[Items[Allergy], tuple[str, ...]]:
    """The allergy list, inactive entries included. Refuted ones and mistakes are dropped."""
    own = own_resources(received, "allergies", AllergyIntolerance)
    allergies: list[Allergy] = []
    unrecognised: list[Unrecognised] = []
    notes = list(own.notes)
    denials: list[str] = []
    for entry in own.resources:
        written = parse_moment(entry.recorded_date, zone)
        if status_code(entry.verification_status) in DROPPED:
            continue
        if written and written > now:
            notes.append(f"{label(entry)} is dated after now")
        elif says_none_known(entry.code):
            denials.append(label(entry))
        else:
            allergy = read_allergy(entry, vocabulary)
            if isinstance(allergy, Allergy):
                allergies.append(allergy)
            else:
                unrecognised.append(allergy)
    if allergies or unrecognised:
        notes += [f"{denial} says that none, or none of a kind, is known; the list holds others" for denial in denials]
    return own.items(tuple(allergies), tuple(unrecognised)), tuple(notes)


def says_none_known(concept: CodeableConcept | None) -> bool:
    """Whether an entry only says that no allergy, or none of a kind, is known."""
    if concept is None:
        return False
    if any(coding.code in NONE_KNOWN for coding in concept.coding):
        return True
    return any(_SEMANTIC_TAG.sub("", text).strip(" .").lower() in NONE_KNOWN_WORDS for text in texts_of(concept))


def read_allergy(entry: AllergyIntolerance, vocabulary: Vocabulary) -> Allergy | Unrecognised:
    """One allergy; unrecognised when no substance resolves and none is coded in a system value sets speak of."""
    substances = [concept for concept in (entry.code, *(each.substance for each in entry.reaction)) if concept]
    codes = tuple(dict.fromkeys(code for concept in substances for code in codes_in(concept, SYSTEMS)))
    ingredients: tuple[str, ...] = ()
    for concept in substances:
        ingredients = ingredients or ingredients_of(concept, vocabulary)
    name = next((text for text in map(text_of, substances) if text), NAMELESS)
    if not ingredients and not any(code.system in SPEAKING_SYSTEMS for code in codes):
        return Unrecognised(name, label(entry))
    certainty = status_code(entry.verification_status)
    return Allergy(
        reference=label(entry),
        name=name,
        ingredients=ingredients,
        codes=codes,
        kind=entry.type if entry.type in KINDS else "unknown",
        certainty=certainty if certainty in CERTAINTIES else "unknown",
        criticality=entry.criticality if entry.criticality in CRITICALITIES else "unknown",
        reactions=reactions_of(entry),
        severe=is_severe(entry),
        active=status_code(entry.clinical_status) not in OVER,
        categories=entry.category,
    )


def ingredients_of(concept: CodeableConcept, vocabulary: Vocabulary) -> tuple[str, ...]:
    """RxNorm ingredients of a substance: by code, by name ("Allergy to ibuprofen"), or the members of a drug class."""
    placed = place_concept(concept, vocabulary)
    if placed:
        return tuple(ingredient.rxcui for ingredient in placed.product.ingredients)
    for text in texts_of(concept):
        plain = _ABOUT_AFTER.sub("", _ABOUT.sub("", _SEMANTIC_TAG.sub("", text.strip())))
        product = vocabulary.terminology.by_name(plain)
        if product:
            return tuple(ingredient.rxcui for ingredient in product.ingredients)
    return _members(codes_in(concept, CLASS_SYSTEMS), vocabulary)


def _members(classes: tuple[Coded, ...], vocabulary: Vocabulary) -> tuple[str, ...]:
    return tuple(sorted({rxcui for each in classes for rxcui in vocabulary.terminology.members(each.code)}))


def reactions_of(entry: AllergyIntolerance) -> tuple[str, ...]:
    """What happened, in the chart's words, each once."""
    shown = (text_of(manifestation) for reaction in entry.reaction for manifestation in reaction.manifestation)
    return tuple(dict.fromkeys(text for text in shown if text))


def is_severe(entry: AllergyIntolerance) -> bool:
    """A reaction graded severe, coded or worded as anaphylaxis, angioedema or a severe skin reaction.

    A description that denies something is not believed to assert it.
    """
    for reaction in entry.reaction:
        if reaction.severity == "severe":
            return True
        if any(coding.code in SEVERE_CODES for each in reaction.manifestation for coding in each.coding):
            return True
        said = [text for each in reaction.manifestation for text in texts_of(each)]
        said += [reaction.description] if reaction.description else []
        if any(_SEVERE_WORDS.search(text) and not _DENIED.search(text) for text in said):
            return True
    return False
