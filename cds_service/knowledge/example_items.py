"""Reads the conditions, procedures and allergies of an example."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cds_service.chart.drugs import Allergy, Coded, Problem, ProcedureDone, ServiceOrdered
from cds_service.knowledge.page import Page, suggest
from cds_service.knowledge.read_shape import tables_in
from cds_service.knowledge.value_sets import RXNORM, SYSTEMS
from cds_service.terminology.products import Terminology

FORMS = (
    (re.compile(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?"), SYSTEMS["icd-10-cm"]),
    (re.compile(r"\d{6,18}"), SYSTEMS["snomed"]),
)
ALLERGY_WORDS: Mapping[str, Mapping[str, Any]] = {
    "severe": {"severe": True},
    "allergy": {"kind": "allergy"},
    "intolerance": {"kind": "intolerance"},
    "confirmed": {"certainty": "confirmed"},
    "unconfirmed": {"certainty": "unconfirmed"},
    "high criticality": {"criticality": "high"},
    "low criticality": {"criticality": "low"},
}


@dataclass(frozen=True, slots=True)
class Listed:
    """Every display in the value sets, lower case, with its code: how an example may name a condition in words."""

    displays: Mapping[str, Coded]

    def find(self, page: Page, where: str, text: str) -> Coded | None:
        """The code that `text` stands for: a display, `system:code`, or a bare ICD-10-CM or SNOMED CT code."""
        if known := self.displays.get(text.casefold()):
            return known
        system, _, code = text.partition(":")
        if code and system in SYSTEMS:
            return Coded(SYSTEMS[system], code.strip(), text)
        for form, uri in FORMS:
            if form.fullmatch(text):
                return Coded(uri, text, text)
        page.note(
            where, f"{text!r} is neither a code nor the display of one in a value set{suggest(text, self.displays)}"
        )
        return None


def list_displays(value_sets: Mapping[str, Mapping[str, Any]]) -> Listed:
    """The displays of all value set documents; drugs are named through the terminology instead."""
    displays: dict[str, Coded] = {}
    for document in value_sets.values():
        for entry in tables_in(document, "codes"):
            system = SYSTEMS.get(str(entry.get("system")), "")
            display = str(entry.get("display", ""))
            if system and system != RXNORM:
                code = str(entry.get("code") or entry.get("prefix"))
                displays.setdefault(display.casefold(), Coded(system, code, display))
    return Listed(displays)


def read_problems(page: Page, where: str, texts: list[str], listed: Listed, active: bool) -> Iterator[Problem]:
    for number, text in enumerate(texts, 1):
        if coded := listed.find(page, f"{where}[{number}]", text):
            state = "active" if active else "resolved"
            yield Problem(f"Condition/{state}-{number}", coded.display, (coded,), active)


def read_procedures(page: Page, where: str, texts: list[str], listed: Listed) -> Iterator[ProcedureDone]:
    for number, text in enumerate(texts, 1):
        if coded := listed.find(page, f"{where}[{number}]", text):
            yield ProcedureDone(f"Procedure/{number}", coded.display, (coded,))


def read_services(page: Page, where: str, texts: list[str], listed: Listed) -> Iterator[ServiceOrdered]:
    for number, text in enumerate(texts, 1):
        if coded := listed.find(page, f"{where}[{number}]", text):
            yield ServiceOrdered(f"ServiceRequest/{number}", coded.display, (coded,))


def read_allergies(
    page: Page, where: str, texts: list[str], listed: Listed, terminology: Terminology
) -> Iterator[Allergy]:
    """An ingredient's name or a code, then words such as `severe` or `intolerance`."""
    for number, text in enumerate(texts, 1):
        parts = [part.strip() for part in text.split(",")]
        words: dict[str, Any] = {}
        while len(parts) > 1 and parts[-1] in ALLERGY_WORDS:
            words |= ALLERGY_WORDS[parts.pop()]
        name, reference = ", ".join(parts), f"AllergyIntolerance/{number}"
        product = terminology.by_name(name)
        if product:
            codes = (Coded(RXNORM, product.rxcui, product.name),)
            yield Allergy(reference, name, tuple(each.rxcui for each in product.ingredients), codes, **words)
        elif coded := listed.find(page, f"{where}[{number}]", name):
            yield Allergy(reference, coded.display, (), (coded,), **words)
