"""Builds one `Rule` from one rule document, noting on its page everything that does not fit."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from cds_service.chart.catalogue import CATALOGUE
from cds_service.knowledge.citations import read_evidence
from cds_service.knowledge.conditions import read_condition
from cds_service.knowledge.page import Page
from cds_service.knowledge.parse_suggestions import read_suggestions
from cds_service.knowledge.read_shape import read_shape, tables_in
from cds_service.knowledge.rules import (
    Audience,
    CardText,
    Condition,
    Grade,
    Group,
    Indicator,
    Line,
    Listeners,
    Rule,
    Scope,
    Severity,
    Status,
)
from cds_service.knowledge.shapes import (
    AUDIENCE,
    CARD,
    EVIDENCE,
    GOVERNANCE,
    GRADE,
    LISTENERS,
    RULE,
    UNLESS,
    WHEN,
)
from cds_service.knowledge.sides import read_sides
from cds_service.knowledge.suggestions import Suggestion
from cds_service.knowledge.texts import check_text
from cds_service.knowledge.vocabulary import SIDES, Vocabulary


def read_rule(page: Page, document: Mapping[str, Any], vocabulary: Vocabulary) -> Rule | None:
    """The rule of one document; None if its shape, facts, units, value sets or texts are wrong."""
    before = len(page.problems)
    kept = read_shape(page, "", document, RULE)
    scope = kept.get("scope", "order")
    sides = SIDES[scope]
    when = read_shape(page, "when", kept.get("when", {}), WHEN)
    card = read_shape(page, "card", kept.get("card", {}), CARD)
    governance = read_shape(page, "governance", kept.get("governance", {}), GOVERNANCE)
    unless = read_shape(page, "unless", kept["unless"], UNLESS) if "unless" in kept else {}
    evidence = tuple(read_all(page, "evidence", kept, EVIDENCE))
    drugs = read_sides(page, when, scope, vocabulary)
    conditions = read_conditions(page, "when.all", when.get("all", []), sides, vocabulary)
    silencers = read_conditions(page, "unless.any", unless.get("any", []), sides, vocabulary)
    grades = read_grades(page, kept, sides, vocabulary)
    named = check_texts(page, kept, card, scope)
    audience = read_audience(page, kept)
    suggestions, named_in_labels = read_suggestions(page, kept.get("suggest", ()), scope, vocabulary.orderables)
    if len(page.problems) > before:
        return None
    every = (*conditions, *silencers, *(grade.when for grade in grades), *needed_of_orderables(suggestions))
    severity = Severity(kept["severity"])
    interrupt = kept.get("interrupt", "interruptive")
    return Rule(
        id=kept["id"],
        version=kept["version"],
        title=kept["title"],
        family=kept["family"],
        scope=Scope(scope),
        problem=kept["problem"],
        severity=severity,
        status=Status(kept["status"]),
        hooks=frozenset(kept["hooks"]),
        because=kept["because"],
        card=CardText(card["summary"], card["detail"].strip(), tuple(card.get("override_reasons", ()))),
        sides=drugs,
        different_ingredients=when.get("different_ingredients", False),
        all=conditions,
        unless=silencers,
        grades=grades,
        snooze=kept.get("snooze"),
        interrupt=interrupt,
        continuation=kept.get("continuation", "same"),
        say_unchecked=kept.get("say_unchecked"),
        audience=audience,
        mechanism=kept.get("mechanism", ""),
        management=kept.get("management", ""),
        known_false_alarms=tuple(kept.get("known_false_alarms", ())),
        evidence=tuple(read_evidence(entry) for entry in evidence),
        author=governance["author"],
        reviewer=governance.get("reviewer"),
        confidence=governance.get("confidence", ""),
        approval_date=date.fromisoformat(governance["approval_date"]),
        next_review_date=date.fromisoformat(governance["next_review_date"]),
        facts=named
        | named_in_labels
        | frozenset(fact for condition in every for line in lines_of(condition) for fact in facts_of(line))
        | frozenset(each.orderable.fact for each in suggestions if each.orderable and each.orderable.fact),
        file=page.file,
        indicator=Indicator.INFO if interrupt == "passive" else vocabulary.policy.indicators[severity],
        suggestions=suggestions,
    )


def read_all(page: Page, name: str, kept: Mapping[str, Any], shape: Any) -> Iterator[dict[str, Any]]:
    """Every table of a `[[name]]` list, held against its shape."""
    for number, entry in enumerate(tables_in(kept, name), 1):
        yield read_shape(page, f"{name}[{number}]", entry, shape)


def read_conditions(
    page: Page, where: str, values: list[Mapping[str, Any]], sides: tuple[str, ...], vocabulary: Vocabulary
) -> tuple[Condition, ...]:
    read = (read_condition(page, f"{where}[{at}]", value, sides, vocabulary) for at, value in enumerate(values, 1))
    return tuple(condition for condition in read if condition)


def read_grades(
    page: Page, kept: Mapping[str, Any], sides: tuple[str, ...], vocabulary: Vocabulary
) -> tuple[Grade, ...]:
    grades = []
    for number, entry in enumerate(read_all(page, "grade", kept, GRADE), 1):
        when = (
            read_condition(page, f"grade[{number}].when", entry["when"], sides, vocabulary) if "when" in entry else None
        )
        if when and "indicator" in entry and "because" in entry:
            grades.append(Grade(when, Indicator(entry["indicator"]), entry["because"]))
    return tuple(grades)


def check_texts(page: Page, kept: Mapping[str, Any], card: Mapping[str, Any], scope: str) -> frozenset[str]:
    """Check every text that may hold braces; returns the patient facts they name."""
    texts = {
        "because": kept.get("because", ""),
        "card.summary": card.get("summary", ""),
        "card.detail": card.get("detail", ""),
        **{f"grade[{at}].because": grade.get("because", "") for at, grade in enumerate(kept.get("grade", ()), 1)},
    }
    found = [check_text(page, where, text, scope) for where, text in texts.items() if isinstance(text, str)]
    return frozenset().union(*found)


def read_audience(page: Page, kept: Mapping[str, Any]) -> Audience | None:
    """Who sees the card. A contraindication is for everybody (DESIGN 4)."""
    if "audience" not in kept:
        return None
    if kept.get("severity") == Severity.CONTRAINDICATED:
        page.note("audience", "a contraindication is shown to everybody; leave the audience out")
    parts = read_shape(page, "audience", kept["audience"], AUDIENCE)
    if not parts:
        page.note("audience", 'say for whom: only = { role = ["pharmacist"] }, or except = { department = ["icu"] }')
    only, besides = (read_listeners(page, name, parts.get(name)) for name in ("only", "except"))
    return Audience(only, besides)


def read_listeners(page: Page, name: str, table: Mapping[str, Any] | None) -> Listeners:
    where = f"audience.{name}"
    kept = read_shape(page, where, table, LISTENERS) if table is not None else {}
    if table is not None and not any(kept.values()):
        page.note(where, "name at least one role, department or encounter_class")
    roles, departments = (
        frozenset(word.strip().casefold() for word in kept.get(key, ())) for key in ("role", "department")
    )
    return Listeners(roles, departments, frozenset(kept.get("encounter_class", ())))


def needed_of_orderables(suggestions: tuple[Suggestion, ...]) -> tuple[Condition, ...]:
    """What the chart must say before the orders of these proposals may be offered."""
    return tuple(condition for each in suggestions if each.orderable for condition in each.orderable.when)


def facts_of(line: Line) -> tuple[str, ...]:
    """The facts of the patient that a line needs: a dose per kilogram needs the weight."""
    return CATALOGUE[line.fact].inputs if line.drug else (line.fact,)


def lines_of(condition: Condition) -> Iterator[Line]:
    """Every line inside a condition."""
    if isinstance(condition, Group):
        for member in condition.members:
            yield from lines_of(member)
    else:
        yield condition
