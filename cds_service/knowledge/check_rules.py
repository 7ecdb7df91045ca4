"""Checks of a rule that is well formed: names it refers to, people, examples, and what an active rule owes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.knowledge.page import Page, name_list, suggest
from cds_service.knowledge.parse_rules import lines_of, read_all
from cds_service.knowledge.read_shape import read_shape
from cds_service.knowledge.rules import Group, Line, Rule, Scope, Status, ValueSet
from cds_service.knowledge.shapes import EXAMPLE, EXPECT, OUTCOMES, SUGGEST, VERBS
from cds_service.knowledge.texts import check_one_line, check_summary
from cds_service.knowledge.vocabulary import Vocabulary

DURATION = re.compile(r"P\d+D")
VERSION = re.compile(r"\d+\.\d+\.\d+")
LOWERED_FAMILIES = ("dose", "renal", "allergy", "pregnancy")  # DESIGN 4: findings of these are never lowered


def check_rule(page: Page, rule: Rule, vocabulary: Vocabulary) -> None:
    """Everything about the compiled rule itself."""
    check_references(page, rule, vocabulary)
    check_form(page, rule)
    check_people(page, rule)
    sets = tuple(used_sets(rule))
    held = (*(side.ingredients for side in rule.sides), *(each.ingredients for each in sets))
    codes = frozenset().union(*held)
    names = {code: vocabulary.terminology.ingredient_name(code) or code for code in codes}
    check_one_line(page, "because", rule.because)
    check_summary(page, "card.summary", rule.card.summary, rule.sides, names, sets)


def used_sets(rule: Rule) -> Iterator[ValueSet]:
    for condition in (*rule.all, *rule.unless, *(grade.when for grade in rule.grades)):
        yield from (line.value_set for line in lines_of(condition) if line.value_set)


def check_references(page: Page, rule: Rule, vocabulary: Vocabulary) -> None:
    """The problem and the override reasons exist."""
    if rule.problem not in vocabulary.problems:
        near = suggest(rule.problem, vocabulary.problems)
        page.note("problem", f"cards/problems.toml has no problem {rule.problem!r}{near}")
    for reason in rule.card.override_reasons:
        if reason not in vocabulary.override_reasons:
            near = suggest(reason, vocabulary.override_reasons)
            page.note("card.override_reasons", f"cards/override_reasons.toml has no reason {reason!r}{near}")


def check_form(page: Page, rule: Rule) -> None:
    """Version, snooze, continuation, and what reaches a patient rule."""
    if not VERSION.fullmatch(rule.version):
        page.note("version", f'found {rule.version!r}, expected three numbers such as "1.0.0"')
    if rule.snooze is not None and not DURATION.fullmatch(rule.snooze):
        page.note("snooze", f'found {rule.snooze!r}, expected a number of days such as "P30D"')
    if rule.continuation == "lower" and rule.scope is not Scope.PAIR:
        page.note("continuation", "only a rule of scope 'pair' can lower an unchanged renewal")
    if rule.continuation == "lower" and rule.family in LOWERED_FAMILIES:
        page.note("continuation", f"findings of the family {rule.family!r} are never lowered")
    if rule.different_ingredients and rule.scope is not Scope.PAIR:
        page.note("when.different_ingredients", "only a rule of scope 'pair' has two ingredients to compare")
    if rule.scope is Scope.PATIENT and index_fact(rule) is None:
        page.note("when.all", "a rule of scope 'patient' starts with a line about the patient: that fact reaches it")


def index_fact(rule: Rule) -> str | None:
    """The patient fact that reaches a patient rule: the first fact of `when.all`."""
    first = rule.all[0] if rule.all else None
    while isinstance(first, Group):
        first = first.members[0]
    return first.fact if isinstance(first, Line) else None


def check_people(page: Page, rule: Rule) -> None:
    """The reviewer is somebody else; the next review lies after the approval."""
    if rule.reviewer is not None and rule.reviewer.casefold() == rule.author.casefold():
        page.note("governance.reviewer", "the reviewer must not be the author")
    if rule.reviewer is not None and not rule.reviewer.strip():
        page.note("governance.reviewer", "leave the reviewer out until somebody has reviewed the rule")
    if rule.approval_date and rule.next_review_date and rule.next_review_date <= rule.approval_date:
        page.note("governance.next_review_date", "the next review lies after the approval")


def check_duties(page: Page, rule: Rule, examples: tuple[Mapping[str, Any], ...]) -> None:
    """What a rule owes before it may be active: evidence, an example of each outcome, mechanism and management."""
    if rule.status is not Status.ACTIVE:
        return
    if not rule.evidence:
        page.note("", 'an active rule has at least one [[evidence]]; add it, or set status = "draft"')
    shown = {example.get("expect", {}).get("outcome") for example in examples}
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
        if example.get("name") in names:
            page.note(f"example[{number}].name", f"two examples are called {example['name']!r}")
        names.add(example.get("name"))


def check_suggestions(page: Page, document: Mapping[str, Any]) -> None:
    """The shape of the proposals: a label and one verb of the closed list."""
    for number, suggestion in enumerate(read_all(page, "suggest", document, SUGGEST), 1):
        verbs = [verb for verb in VERBS if verb in suggestion]
        if len(verbs) != 1:
            page.note(f"suggest[{number}]", f"a proposal has exactly one of {name_list(VERBS)}")
