"""Checks of a rule that is well formed: names it refers to, people, examples, and what an active rule owes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.knowledge.page import Page, name_list, suggest
from cds_service.knowledge.parse_rules import lines_of, read_all
from cds_service.knowledge.read_shape import read_shape
from cds_service.knowledge.rules import NEVER_LOWERED, Group, Line, Rule, Scope, Status, ValueSet
from cds_service.knowledge.shapes import EXAMPLE, EXPECT, OUTCOMES
from cds_service.knowledge.texts import check_one_line, check_summary
from cds_service.knowledge.vocabulary import Vocabulary

DURATION = re.compile(r"P\d+D")
VERSION = re.compile(r"\d+\.\d+\.\d+")


def check_rule(page: Page, rule: Rule, vocabulary: Vocabulary) -> None:
    """What only the compiled rule shows: what reaches it, and its summary with every drug it may be about."""
    if rule.scope is Scope.PATIENT and index_fact(rule) is None:
        page.note("when.all", "a rule of scope 'patient' starts with a line about the patient: that fact reaches it")
    sets = tuple(used_sets(rule))
    held = (*(side.ingredients for side in rule.sides), *(each.ingredients for each in sets))
    codes = frozenset[str]().union(*held)
    names = {code: vocabulary.terminology.ingredient_name(code) or code for code in codes}
    check_summary(page, "card.summary", rule.card.summary, rule.sides, names, sets)


def check_document(page: Page, document: Mapping[str, Any], vocabulary: Vocabulary) -> None:
    """What the document shows even while parts of it are wrong: references, forms, people, examples."""
    check_references(page, document, vocabulary)
    check_forms(page, document)
    check_people(page, table_in(document, "governance"))
    check_examples(page, document)


def table_in(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def text_in(document: Mapping[str, Any], name: str) -> str | None:
    found = document.get(name)
    return found if isinstance(found, str) else None


def used_lines(rule: Rule) -> Iterator[Line]:
    for condition in (*rule.all, *rule.unless, *(grade.when for grade in rule.grades)):
        yield from lines_of(condition)


def used_sets(rule: Rule) -> Iterator[ValueSet]:
    yield from (line.value_set for line in used_lines(rule) if line.value_set)


def check_references(page: Page, document: Mapping[str, Any], vocabulary: Vocabulary) -> None:
    """The problem and the override reasons exist."""
    problem = text_in(document, "problem")
    if problem is not None and problem not in vocabulary.problems:
        near = suggest(problem, vocabulary.problems)
        page.note("problem", f"cards/problems.toml has no problem {problem!r}{near}")
    reasons = table_in(document, "card").get("override_reasons")
    for reason in reasons if isinstance(reasons, list) else ():
        if isinstance(reason, str) and reason not in vocabulary.override_reasons:
            near = suggest(reason, vocabulary.override_reasons)
            page.note("card.override_reasons", f"cards/override_reasons.toml has no reason {reason!r}{near}")


def check_forms(page: Page, document: Mapping[str, Any]) -> None:
    """Version, snooze, because, and what only a pair may say."""
    version, snooze = text_in(document, "version"), text_in(document, "snooze")
    if version is not None and not VERSION.fullmatch(version):
        page.note("version", f'found {version!r}, expected three numbers such as "1.0.0"')
    if snooze is not None and not DURATION.fullmatch(snooze):
        page.note("snooze", f'found {snooze!r}, expected a number of days such as "P30D"')
    if document.get("hooks") == []:
        page.note("hooks", "a rule without a hook is never asked; name at least one")
    check_one_line(page, "because", text_in(document, "because") or "")
    is_pair, family = document.get("scope") == Scope.PAIR, document.get("family")
    if document.get("continuation") == "lower" and not is_pair:
        page.note("continuation", "only a rule of scope 'pair' can lower an unchanged renewal")
    elif document.get("continuation") == "lower" and family in NEVER_LOWERED:
        page.note("continuation", f"findings of the family {family!r} are never lowered")
    if table_in(document, "when").get("different_ingredients") is True and not is_pair:
        page.note("when.different_ingredients", "only a rule of scope 'pair' has two ingredients to compare")


def index_fact(rule: Rule) -> str | None:
    """The patient fact that reaches a patient rule: the first fact of `when.all`."""
    first = rule.all[0] if rule.all else None
    while isinstance(first, Group):
        first = first.members[0]
    return first.fact if isinstance(first, Line) else None


def check_people(page: Page, governance: Mapping[str, Any]) -> None:
    """The reviewer is somebody else; the next review lies after the approval."""
    author, reviewer = text_in(governance, "author"), text_in(governance, "reviewer")
    if reviewer is not None and not reviewer.strip():
        page.note("governance.reviewer", "leave the reviewer out until somebody has reviewed the rule")
    elif reviewer is not None and author is not None and reviewer.strip().casefold() == author.strip().casefold():
        page.note("governance.reviewer", "the reviewer must not be the author")
    approval, following = text_in(governance, "approval_date"), text_in(governance, "next_review_date")
    # ISO dates sort as texts.
    if approval and following and following <= approval:
        page.note("governance.next_review_date", "the next review lies after the approval")


def check_duties(page: Page, rule: Rule, examples: list[Mapping[str, Any]]) -> None:
    """What a rule owes before it may be active: evidence, an example of each outcome, mechanism and management."""
    if rule.status is not Status.ACTIVE:
        return
    if not rule.evidence:
        page.note("", 'an active rule has at least one [[evidence]]; add it, or set status = "draft"')
    if rule.confidence == "uncertain":
        page.note("governance.confidence", 'what is uncertain is not shown to anybody; set status = "draft"')
    shown = {text_in(table_in(example, "expect"), "outcome") for example in examples}
    if lacking := [outcome for outcome in OUTCOMES if outcome not in shown]:
        page.note("", f"an active rule has an [[example]] for each outcome; missing: {name_list(lacking, 'and')}")
    if rule.family == "interaction" and not (rule.mechanism and rule.management):
        page.note("", "an active interaction says its mechanism and its management")


def check_examples(page: Page, document: Mapping[str, Any]) -> None:
    """The shape of the examples; what they hold is read when they are run."""
    names = set()
    for number, example in enumerate(read_all(page, "example", document, EXAMPLE), 1):
        if "expect" in example:
            read_shape(page, f"example[{number}].expect", example["expect"], EXPECT)
        if not example.get("order") and not example.get("drugs") and not example.get("chart"):
            page.note(f"example[{number}]", "an example has an order, drugs or a chart")
        if "name" in example and example["name"] in names:
            page.note(f"example[{number}].name", f"two examples are called {example['name']!r}")
        names.add(example.get("name"))
