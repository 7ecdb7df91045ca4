"""Reads the `[[suggest]]` tables of a rule."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cds_service.knowledge.page import Page, name_list, suggest
from cds_service.knowledge.read_shape import read_shape
from cds_service.knowledge.shapes import SUGGEST, SUGGEST_VERBS
from cds_service.knowledge.suggestions import Orderable, Suggestion, Verb
from cds_service.knowledge.texts import check_one_line, check_text
from cds_service.knowledge.vocabulary import SIDES

REPLACEMENT = re.compile(r"\{\{\s*replacement\.name\s*\}\}")
LONGEST_LABEL = 80  # a button; names of drugs come on top
DOSE_UNITS = ("mg", "g", "ug", "[IU]", "meq", "mL")
# Which operand names the orderable, and of which kind it must be.
CREATES: Mapping[Verb, tuple[str, str]] = {
    Verb.REPLACE: ("with", "drug"),
    Verb.CHANGE_DOSE: ("with", "drug"),
    Verb.ADD_MEDICATION: ("with", "drug"),
    Verb.ORDER_LAB: ("lab", "lab"),
    Verb.REFER: ("to", "referral"),
}


def read_suggestions(
    page: Page, entries: Iterable[Mapping[str, Any]], scope: str, orderables: Mapping[str, Orderable]
) -> tuple[tuple[Suggestion, ...], frozenset[str]]:
    """The proposals of a rule of this scope and the patient facts their labels name; what is wrong is noted."""
    found: list[Suggestion] = []
    facts: set[str] = set()
    for number, entry in enumerate(entries, 1):
        where = f"suggest[{number}]"
        kept = read_shape(page, where, entry, SUGGEST)
        label = kept.get("label", "")
        facts |= check_label(page, f"{where}.label", label, scope)
        verbs = [verb for verb in Verb if verb in entry]
        if len(verbs) != 1:
            page.note(where, f"a proposal has exactly one of {name_list(Verb)}")
        elif verbs[0] in kept:
            found += read_operands(page, f"{where}.{verbs[0]}", verbs[0], kept[verbs[0]], label, scope, orderables)
    return tuple(found), frozenset(facts)


def check_label(page: Page, where: str, label: str, scope: str) -> frozenset[str]:
    """A label is one short line; besides the names of any text it may say `{{ replacement.name }}`."""
    check_one_line(page, where, label)
    plain = REPLACEMENT.sub("", label)
    if len(re.sub(r"\{\{.*?\}\}", "", plain)) > LONGEST_LABEL:
        page.note(where, f"a label is the text of a button; stay within {LONGEST_LABEL} characters besides the names")
    return check_text(page, where, plain, scope)


def read_operands(
    page: Page,
    where: str,
    verb: Verb,
    operands: Mapping[str, Any],
    label: str,
    scope: str,
    orderables: Mapping[str, Orderable],
) -> Iterator[Suggestion]:
    """The proposal of one verb, if its operands fit."""
    before = len(page.problems)
    kept = read_shape(page, where, operands, SUGGEST_VERBS[verb])
    check_side(page, f"{where}.drug", kept.get("drug"), scope)
    check_amounts(page, where, verb, kept)
    operand, kind = CREATES.get(verb, ("", ""))
    orderable = find_orderable(page, f"{where}.{operand}", kept[operand], kind, orderables) if operand in kept else None
    if REPLACEMENT.search(label) and operand not in kept:
        page.note(where, "{{ replacement.name }} stands for an orderable, and this proposal names none")
    if len(page.problems) == before:
        yield Suggestion(
            verb=verb,
            label=REPLACEMENT.sub(orderable.name if orderable else "", label),
            drug=kept.get("drug", ""),
            orderable=orderable,
            value=kept.get("value", 0),
            unit=kept.get("unit", ""),
            times_per_day=kept.get("times_per_day", 0),
            repeat_after_days=kept.get("repeat_after_days"),
            only_draft=kept.get("only_draft", False),
        )


def check_side(page: Page, where: str, side: str | None, scope: str) -> None:
    sides = SIDES.get(scope, ())
    if side is not None and side not in sides:
        allowed = f"the drugs of this rule are {name_list(map(repr, sides), 'and')}" if sides else "this rule has none"
        page.note(where, f"no drug is called {side!r}; {allowed}")


def check_amounts(page: Page, where: str, verb: Verb, kept: Mapping[str, Any]) -> None:
    """Numbers that make sense: a dose with its unit or an orderable, and a whole number of times."""
    if verb is Verb.CHANGE_DOSE and ("with" in kept) == ("value" in kept):
        page.note(where, 'a new dose is either a product, with = "...", or an amount, value = 40, unit = "mg"')
    if ("value" in kept) != ("unit" in kept):
        page.note(where, "an amount has a value and a unit")
    if kept.get("unit", "mg") not in DOSE_UNITS:
        page.note(f"{where}.unit", f"a dose is in {name_list(DOSE_UNITS)}, found {kept['unit']!r}")
    for name in ("value", "times_per_day", "repeat_after_days"):
        if name in kept and not kept[name] > 0:
            page.note(f"{where}.{name}", f"expected a number above 0, found {kept[name]}")
    if not isinstance(kept.get("times_per_day", 1), int):
        page.note(f"{where}.times_per_day", f"expected a whole number, found {kept['times_per_day']}")


def find_orderable(
    page: Page, where: str, name: str, kind: str, orderables: Mapping[str, Orderable]
) -> Orderable | None:
    """The orderable called `name`, or None with the reason on the page."""
    fitting = [each.id for each in orderables.values() if each.kind == kind]
    if name not in orderables:
        page.note(where, f"rules/orderables has no orderable {name!r}{suggest(name, fitting)}")
    elif orderables[name].kind != kind:
        page.note(where, f"{name!r} is a {orderables[name].kind}, expected a {kind}{suggest(name, fitting)}")
    return orderables.get(name)
