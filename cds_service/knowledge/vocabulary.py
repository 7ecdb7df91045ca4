"""The words a rule may use: facts, value sets, problems, override reasons."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cds_service.chart.catalogue import CATALOGUE, FactType
from cds_service.knowledge.page import Page, name_list, suggest
from cds_service.knowledge.release import CardPolicy, OverrideReason, ProblemKind
from cds_service.knowledge.rules import ValueSet
from cds_service.knowledge.suggestions import Orderable
from cds_service.knowledge.value_sets import find_value_set
from cds_service.terminology.products import Terminology

SIDES: Mapping[str, tuple[str, ...]] = {"order": ("this",), "pair": ("a", "b"), "patient": ()}
DRUG_FACTS = {name: fact for name, fact in CATALOGUE.items() if fact.of == "drug"}
PATIENT_FACTS = {name: fact for name, fact in CATALOGUE.items() if fact.of != "drug"}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything besides the rule files that decides what a rule may say."""

    value_sets: Mapping[str, ValueSet]
    problems: Mapping[str, ProblemKind]
    override_reasons: Mapping[str, OverrideReason]
    policy: CardPolicy
    terminology: Terminology
    orderables: Mapping[str, Orderable] = field(default_factory=dict)

    def value_set(self, page: Page, where: str, names: str | list[str], kinds: tuple[str, ...]) -> ValueSet | None:
        """The value set (or union of several) that a rule names, or None with the reason on the page."""
        return find_value_set(page, where, names, kinds, self.value_sets, self.terminology)


def find_fact(page: Page, where: str, name: str, sides: tuple[str, ...]) -> tuple[str, FactType] | None:
    """The side ("" for the patient) and type of the fact a rule calls `name`, or None with the reason on the page."""
    prefix, dot, rest = name.partition(".")
    if not dot:
        return find_patient_fact(page, where, name, sides)
    if prefix not in sides:
        allowed = f"its drugs are {name_list(sides, 'and')}" if sides else "it has no drug"
        page.note(where, f"this rule has no drug {prefix!r}: {allowed}")
    elif rest in DRUG_FACTS:
        return prefix, DRUG_FACTS[rest]
    elif rest in PATIENT_FACTS:
        page.note(where, f"{rest!r} is a fact of the patient, not of a drug; write {rest!r} alone")
    else:
        page.note(where, f"no fact of a drug is called {rest!r}{suggest(rest, DRUG_FACTS)}")
    return None


def find_patient_fact(page: Page, where: str, name: str, sides: tuple[str, ...]) -> tuple[str, FactType] | None:
    if name in PATIENT_FACTS:
        return "", PATIENT_FACTS[name]
    if name in DRUG_FACTS and sides:
        page.note(where, f"{name!r} is a fact of a drug; write {f'{sides[0]}.{name}'!r}")
    else:
        page.note(where, f"no fact called {name!r}{suggest(name, PATIENT_FACTS)}")
    return None
