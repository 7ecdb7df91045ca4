"""Small builders of charts, drugs and rules, for tests of what comes after reading.

Nothing here knows FHIR or a file format. Ingredients may be plain words ("warfarin"): the logic does not care.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Allergy, Coded, Dose, Drug, Problem, ProcedureDone, RecognisedBy
from cds_service.chart.facts import Fact, Items, Known, Reason, Unknown, Unrecognised
from cds_service.knowledge.release import RuleIndex
from cds_service.knowledge.rules import (
    CardText,
    Condition,
    Grade,
    Group,
    Indicator,
    Line,
    Operator,
    Rule,
    Scope,
    Severity,
    Side,
    Status,
    ValueSet,
)
from cds_service.terminology.products import Ingredient, Route, Strength

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
EVERY_HOOK = frozenset({"order-select", "order-sign", "patient-view"})


def a_drug(
    name: str,
    *ingredients: str,
    reference: str = "",
    route: Route = Route.SYSTEMIC,
    dose_form: str | None = "Oral Tablet",
    strength: Strength | None = None,
    **more: Any,
) -> Drug:
    """An active medication. Without `ingredients` its only one is called like the drug."""
    return Drug(
        reference=reference or f"MedicationRequest/{name}",
        name=name,
        rxcui=more.pop("rxcui", name),
        ingredients=tuple(Ingredient(each, each, strength) for each in ingredients or (name,)),
        dose_form=dose_form,
        route=route,
        recognised_by=RecognisedBy.CODE,
        is_draft=more.pop("is_draft", False),
        status=more.pop("status", "active"),
        **more,
    )


def a_draft(name: str, *ingredients: str, **more: Any) -> Drug:
    """A draft order, selected; `selected=False` for one that an order-select call does not point at."""
    more = {"reference": f"MedicationRequest/draft-{name}", "status": "draft", "selected": True, **more}
    return a_drug(name, *ingredients, is_draft=True, **more)


def a_renewal(name: str, dose_change: str = "same", **more: Any) -> Drug:
    """A draft that continues an active medication; the chart no longer lists the medication itself."""
    return a_draft(name, continues=f"MedicationRequest/{name}", dose_change=dose_change, **more)


def a_dose(ingredient: str, mg_per_day: float, at_least: bool = False) -> Dose:
    """A daily dose of one ingredient, in mg/d."""
    return Dose(daily={ingredient: Known(mg_per_day, "mg/d", as_of=NOW, at_least=at_least)})


def a_problem(name: str, *codes: tuple[str, str], active: bool = True) -> Problem:
    """A condition with (system, code) pairs."""
    return Problem(f"Condition/{name}", name, tuple(Coded(*code) for code in codes), active)


def a_procedure(name: str, *codes: tuple[str, str]) -> ProcedureDone:
    return ProcedureDone(f"Procedure/{name}", name, tuple(Coded(*code) for code in codes))


def an_allergy(
    name: str, ingredients: Iterable[str] = (), codes: Iterable[tuple[str, str]] = (), **more: Any
) -> Allergy:
    """An allergy to substances that resolve to `ingredients`, coded with (system, code) pairs."""
    return Allergy(
        f"AllergyIntolerance/{name}", name, tuple(ingredients), tuple(Coded(*code) for code in codes), **more
    )


def a_list(items: Iterable[Any] = (), unrecognised: Iterable[str] = (), reason: Reason | None = None) -> Items[Any]:
    """A list that was read; with a `reason` it is not whole."""
    texts = tuple(Unrecognised(text, f"MedicationRequest/{text}") for text in unrecognised)
    return Items(tuple(items), texts, complete=reason is None, reason=reason)


def number(value: float, unit: str, days_ago: float = 0, at_least: bool = False) -> Known[float]:
    """A known quantity."""
    return Known(value, unit, as_of=NOW - timedelta(days=days_ago), at_least=at_least)


def a_chart(
    *,
    orders: Iterable[Drug] = (),
    medications: Iterable[Drug] = (),
    allergies: Iterable[Allergy] = (),
    conditions: Iterable[Problem] = (),
    procedures: Iterable[ProcedureDone] = (),
    unread: Iterable[str] = (),
    unrecognised: Mapping[str, Iterable[str]] | None = None,
    hook: str = "order-sign",
    **values: Fact[Any],
) -> Chart:
    """A chart whose lists were all read; `unread` names those that were not sent.

    `unrecognised` maps a list to texts on it that nobody can place. `values` are facts of the patient.
    """
    lists = {
        "orders": orders,
        "medications": medications,
        "allergies": allergies,
        "conditions": conditions,
        "procedures": procedures,
    }
    texts, hidden = unrecognised or {}, frozenset(unread)
    read: dict[str, Any] = {
        name: a_list(items, texts.get(name, ()), Reason.NOT_SENT if name in hidden else None)
        for name, items in lists.items()
    }
    return Chart(now=NOW, hook=hook, values=values, **read)


def not_sent() -> Unknown:
    return Unknown(Reason.NOT_SENT)


def ingredient_set(name: str, *ingredients: str) -> ValueSet:
    return ValueSet(name, name, "ingredient", ingredients=frozenset(ingredients))


def code_set(name: str, *codes: tuple[str, str], prefixes: Iterable[tuple[str, str]] = (), **more: Any) -> ValueSet:
    """A value set of (system, code) pairs and (system, prefix) pairs."""
    listed = frozenset(codes)
    systems = frozenset(system for system, _ in (*codes, *prefixes))
    kind = more.pop("kind", "condition")
    return ValueSet(name, name, kind, codes=listed, prefixes=tuple(prefixes), systems=systems, **more)


def a_side(name: str, *ingredients: str, **more: Any) -> Side:
    return Side(name, frozenset(ingredients), **more)


def a_line(fact: str, operator: str, operand: Any = None, **more: Any) -> Line:
    """One line: `a_line("inr", "above", 4, unit="{INR}")`. A value set as operand goes where value sets go.

    The fact of a drug is written as in rule files: "a.daily_dose".
    """
    drug, _, name = fact.rpartition(".")
    if isinstance(operand, ValueSet):
        more, operand = {"value_set": operand, **more}, None
    return Line(name, Operator(operator), operand, drug=drug, **more)


def all_lines(*members: Condition) -> Group:
    return Group("all", members)


def any_line(*members: Condition) -> Group:
    return Group("any", members)


def not_line(member: Condition) -> Group:
    return Group("not", (member,))


def a_grade(when: Condition, indicator: str, because: str = "") -> Grade:
    return Grade(when, Indicator(indicator), because)


def a_rule(
    id: str = "a-rule",
    *,
    sides: Iterable[Side] = (),
    all: Iterable[Condition] = (),
    unless: Iterable[Condition] = (),
    grades: Iterable[Grade] = (),
    **more: Any,
) -> Rule:
    """An active rule on every hook. Its scope follows from the number of sides: patient, order, pair."""
    sides = tuple(sides)
    scope = (Scope.PATIENT, Scope.ORDER, Scope.PAIR)[len(sides)]
    fields: dict[str, Any] = {
        "version": "1.0.0",
        "title": id,
        "family": "interaction",
        "problem": "a-problem",
        "severity": Severity.MAJOR,
        "status": Status.ACTIVE,
        "hooks": EVERY_HOOK,
        "because": "",
        "card": CardText("", ""),
        "indicator": Indicator.WARNING,
        **more,
    }
    return Rule(id=id, scope=scope, sides=sides, all=tuple(all), unless=tuple(unless), grades=tuple(grades), **fields)


def index_of(*rules: Rule) -> RuleIndex:
    """By the ingredients of every side, as the compiler does; patient rules by the fact of their first line."""
    by_ingredient: dict[str, tuple[Rule, ...]] = {}
    by_fact: dict[str, tuple[Rule, ...]] = {}
    for rule in rules:
        for ingredient in sorted(frozenset().union(*(side.ingredients for side in rule.sides))):
            by_ingredient[ingredient] = (*by_ingredient.get(ingredient, ()), rule)
        if rule.scope is Scope.PATIENT:
            fact = rule.all[0].fact  # type: ignore[union-attr]
            by_fact[fact] = (*by_fact.get(fact, ()), rule)
    any_drug = tuple(rule for rule in rules if any(side.any_drug for side in rule.sides))
    return RuleIndex(by_ingredient, by_fact, any_drug)
