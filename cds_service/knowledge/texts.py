"""Checks the texts of a card: known names only, no code, one short line where one is due, no drug spelled out."""

import re
from collections.abc import Iterable, Iterator, Mapping

from jinja2 import Environment, TemplateSyntaxError, nodes

from cds_service.chart.catalogue import Kind
from cds_service.knowledge.page import Page, name_list, suggest
from cds_service.knowledge.rules import Side, ValueSet
from cds_service.knowledge.vocabulary import DRUG_FACTS, PATIENT_FACTS

SUMMARY_LIMIT = 140  # CH-112: shorter than this
DRUG_WORDS = ("name", "ingredient", "dose", "route", "form")
PRINTABLE_LISTS = ("medications", "orders", "allergies", "conditions", "procedures", "procedures_ordered")
VOICES: Mapping[str, tuple[str, ...]] = {
    "order": ("this",),
    "pair": ("a", "b", "this", "other"),
    "patient": (),
}
VALUE_LENGTH = 24  # room for a value, its unit and its date in a summary
READER = Environment(autoescape=False)  # parses only: nothing is rendered with it


def check_text(page: Page, where: str, text: str, scope: str) -> frozenset[str]:
    """Note what a text must not hold; returns the patient facts it names."""
    if re.search(r"</?[a-zA-Z][^>]*>", text):
        page.note(where, "texts are Markdown; HTML is not allowed")
    try:
        tree = READER.parse(text)
    except TemplateSyntaxError as error:
        page.note(where, f"the braces are not well formed: {error.message}")
        return frozenset()
    facts = set()
    for node in walk_outputs(page, where, tree):
        if isinstance(node, nodes.Name):
            facts |= check_name(page, where, node.name, scope)
        elif isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
            facts |= check_attribute(page, where, node.node.name, node.attr, scope)
        else:
            page.note(where, "only names stand between {{ and }}, as in {{ a.name }} or {{ inr }}")
    return frozenset(facts)


def walk_outputs(page: Page, where: str, tree: nodes.Template) -> Iterator[nodes.Expr]:
    """Every expression between {{ and }}; anything else than text and expressions is noted."""
    for part in tree.body:
        if not isinstance(part, nodes.Output):
            page.note(where, "texts have no {% %}; write a [[grade]] or a second rule instead")
            continue
        yield from (node for node in part.nodes if not isinstance(node, nodes.TemplateData))


def check_name(page: Page, where: str, name: str, scope: str) -> set[str]:
    """A name alone: a fact of the patient. Returns it if it is one."""
    voices = VOICES.get(scope, ())
    if name in PATIENT_FACTS:
        if PATIENT_FACTS[name].kind is not Kind.LIST or name in PRINTABLE_LISTS:
            return {name}
        page.note(where, f"{name!r} cannot be printed; of the lists only {name_list(PRINTABLE_LISTS, 'and')} can")
    elif name in voices:
        page.note(where, f"{{{{ {name} }}}} is a drug; write {{{{ {name}.name }}}}")
    else:
        page.note(where, f"a text cannot name {name!r}{suggest(name, (*voices, *PATIENT_FACTS))}")
    return set()


def check_attribute(page: Page, where: str, owner: str, word: str, scope: str) -> set[str]:
    """`a.name`, `this.daily_dose` or `inr.value`. Returns the facts of the patient that it needs."""
    voices = VOICES.get(scope, ())
    if owner in PATIENT_FACTS and word == "value":
        return check_name(page, where, owner, scope)
    if owner not in voices:
        allowed = f"only {name_list(voices, 'and')}" if voices else "no drug"
        page.note(where, f"a text of a rule of scope {scope!r} has {allowed}, found {f'{owner}.{word}'!r}")
    elif word not in (*DRUG_WORDS, *DRUG_FACTS):
        page.note(where, f"a drug has no {word!r}{suggest(word, (*DRUG_WORDS, *DRUG_FACTS))}")
    elif word in DRUG_FACTS:
        return set(DRUG_FACTS[word].inputs)
    return set()


def check_one_line(page: Page, where: str, text: str) -> None:
    if "\n" in text.strip():
        page.note(where, "this must be one line")


def check_summary(
    page: Page, where: str, summary: str, sides: tuple[Side, ...], names: Mapping[str, str], sets: Iterable[ValueSet]
) -> None:
    """One line, short enough with the longest drug names, and no drug of the rule spelled out.

    `names` gives the display name of every ingredient that the rule mentions.
    """
    check_one_line(page, where, summary)
    longest = {side.name: max((names[code] for code in side.ingredients), key=len, default="") for side in sides}
    longest["this"] = longest.get("this") or max(longest.values(), key=len, default="")
    longest["other"] = longest["this"]
    filled = fill(summary, longest)
    if len(filled) >= SUMMARY_LIMIT:
        page.note(
            where, f"{len(filled)} characters with the longest drug names; stay under {SUMMARY_LIMIT}: {filled!r}"
        )
    plain = fill(summary, {})
    codes = {code for side in sides for code in side.ingredients} | {code for each in sets for code in each.ingredients}
    for name in sorted({names[code] for code in codes}):
        if re.search(rf"\b{re.escape(name)}\b", plain, re.IGNORECASE):
            page.note(
                where, f"the summary spells out {name!r}; write the drug as {{{{ a.name }}}} or {{{{ this.name }}}}"
            )


def fill(text: str, drugs: Mapping[str, str]) -> str:
    """The text with each `{{ drug.word }}` replaced by that drug's name and each fact by a value's room."""

    def put(found: re.Match[str]) -> str:
        return drugs.get(found[1], "") if found[2] else "0" * VALUE_LENGTH if drugs else ""

    return re.sub(r"\{\{\s*(\w+)(\.\w+)?\s*\}\}", put, text)
