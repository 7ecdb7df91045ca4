"""Reads the conditions of a rule: lines of fact, operator and operand, nested in all, any and not."""

from collections.abc import Mapping
from typing import Any

from cds_service.chart.catalogue import FactType, Kind
from cds_service.knowledge.page import Page, join, name_list, suggest
from cds_service.knowledge.read_shape import describe, is_number, listed
from cds_service.knowledge.rules import Condition, Group, Line, Operator
from cds_service.knowledge.vocabulary import Vocabulary, find_fact

GROUPS = ("all", "any", "not")
MODIFIERS = ("fact", "unit", "ever", "excluding", "if_missing", "source")
MISSING: Mapping[str, bool] = {"assume-true": True, "assume-false": False}
COMPARISONS = (Operator.BELOW, Operator.AT_MOST, Operator.AT_LEAST, Operator.ABOVE)
FITTING: Mapping[Kind, tuple[Operator, ...]] = {
    Kind.QUANTITY: (*COMPARISONS, Operator.BETWEEN, Operator.WITHIN_DAYS),
    Kind.BOOLEAN: (Operator.IS,),
    Kind.CODE: (Operator.IS, Operator.ANY_IN, Operator.NONE_IN),
    Kind.LIST: (Operator.ANY_IN, Operator.NONE_IN, Operator.COUNT_AT_LEAST),
}
DRUG_LISTS = ("medications", "orders", "all_drugs")
LIST_KINDS: Mapping[str, tuple[str, ...]] = {
    "conditions": ("condition",),
    "procedures": ("procedure",),
    "procedures_ordered": ("procedure",),
    **dict.fromkeys(DRUG_LISTS, ("ingredient",)),
}
ALLERGY_KINDS = ("allergy", "ingredient")


def read_condition(
    page: Page, where: str, value: Mapping[str, Any], sides: tuple[str, ...], vocabulary: Vocabulary
) -> Condition | None:
    """The condition written at `where`, or None with the reasons on the page."""
    groups = [key for key in value if key in GROUPS]
    if not groups:
        return read_line(page, where, value, sides, vocabulary)
    kind = groups[0]
    if len(value) > 1:
        others = name_list((repr(key) for key in value if key != kind), "and")
        page.note(where, f"{kind!r} stands alone in its braces, found {others} beside it")
        return None
    inner = value[kind]
    if kind == "not":
        inner = [inner]
    if not isinstance(inner, list) or not inner or not all(isinstance(entry, dict) for entry in inner):
        page.note(where, f"{kind!r} needs {'one line in braces' if kind == 'not' else 'a list of lines in braces'}")
        return None
    path = join(where, kind)
    paths = [path] if kind == "not" else [f"{path}[{number}]" for number in range(1, len(inner) + 1)]
    members = [read_condition(page, at, entry, sides, vocabulary) for at, entry in zip(paths, inner, strict=True)]
    known = tuple(member for member in members if member)
    return Group(kind, known, where) if len(known) == len(members) else None


def read_line(
    page: Page, where: str, value: Mapping[str, Any], sides: tuple[str, ...], vocabulary: Vocabulary
) -> Line | None:
    """One line: exactly one known fact and exactly one operator that fits it."""
    before = len(page.problems)
    check_words(page, where, value)
    fact = value.get("fact")
    if not isinstance(fact, str):
        page.note(where, 'a line names its fact, as in fact = "inr"')
        return None
    found = find_fact(page, where, fact, sides)
    operator = read_operator(page, where, value)
    if found is None or operator is None:
        return None
    drug, fact_type = found
    if operator not in FITTING[fact_type.kind]:
        fitting = name_list(operator.value for operator in FITTING[fact_type.kind])
        page.note(where, f"{operator.value!r} does not fit {fact!r}, which holds {say_kind(fact_type)}; use {fitting}")
        return None
    check_modifiers(page, where, value, fact_type, operator, sides)
    operand = read_operand(page, where, value[operator.value], fact_type, operator, vocabulary)
    if len(page.problems) > before:
        return None
    return Line(
        fact=fact_type.name,
        operator=operator,
        unit=value.get("unit", fact_type.unit),
        drug=drug,
        ever=value.get("ever", False),
        excluding=value.get("excluding", ""),
        if_missing=MISSING.get(value.get("if_missing", "")),
        source=value.get("source", ""),
        where=where,
        **operand,
    )


def check_words(page: Page, where: str, value: Mapping[str, Any]) -> None:
    known = (*MODIFIERS, *(operator.value for operator in Operator))
    for key in value:
        if key not in known:
            page.note(where, f"a line has no {key!r}{suggest(key, known)}")


def read_operator(page: Page, where: str, value: Mapping[str, Any]) -> Operator | None:
    found = [Operator(key) for key in value if key in list(Operator)]
    if len(found) == 1:
        return found[0]
    if found:
        page.note(
            where, f"one operator per line, found {name_list(found, 'and')}; write two lines, or between = [low, high]"
        )
    else:
        page.note(where, f"an operator is missing; one of {name_list(Operator)}")
    return None


def say_kind(fact_type: FactType) -> str:
    return {
        Kind.QUANTITY: "a number",
        Kind.BOOLEAN: "yes or no",
        Kind.CODE: "a word",
        Kind.LIST: "a list",
    }[fact_type.kind]


def check_modifiers(
    page: Page,
    where: str,
    value: Mapping[str, Any],
    fact_type: FactType,
    operator: Operator,
    sides: tuple[str, ...],
) -> None:
    """Unit, ever, excluding, if_missing and source: each where it means something, and well written."""
    check_unit(page, where, value.get("unit"), fact_type, operator)
    if "ever" in value and (fact_type.name != "conditions" or not isinstance(value["ever"], bool)):
        page.note(where, "'ever' is true or false, and only conditions have it")
    if "excluding" in value and (fact_type.name not in DRUG_LISTS or value["excluding"] not in sides):
        page.note(
            where,
            f"'excluding' names a drug of this rule ({name_list(sides) if sides else 'it has none'}) "
            "and only lists of drugs have it",
        )
    if "if_missing" in value and value["if_missing"] not in tuple(MISSING):
        page.note(where, f"'if_missing' is {name_list(map(repr, MISSING))}; left out, unknown stays unknown")
    if "source" in value and not isinstance(value["source"], str):
        page.note(where, f"'source' is a text, found {describe(value['source'])}")


def check_unit(page: Page, where: str, unit: object, fact_type: FactType, operator: Operator) -> None:
    """A number carries the catalogue's unit, a dose of what is no mass its own; nothing else carries one."""
    if fact_type.kind is not Kind.QUANTITY or operator is Operator.WITHIN_DAYS:
        if unit is not None:
            page.note(where, f"a unit belongs to a number; {operator.value!r} has none here")
    elif unit is None:
        page.note(where, f'a number needs its unit; write unit = "{fact_type.unit}"')
    elif unit != fact_type.unit and unit not in fact_type.other_units:
        page.note(where, f"{fact_type.name!r} is counted in {fact_type.unit!r}, found {unit!r}; convert the limit")


def read_operand(
    page: Page, where: str, value: Any, fact_type: FactType, operator: Operator, vocabulary: Vocabulary
) -> dict[str, Any]:
    """What the operator compares with, as fields of a `Line`."""
    if fact_type.kind is Kind.LIST:
        return read_set_operand(page, where, value, fact_type, operator, vocabulary)
    if fact_type.kind is Kind.BOOLEAN:
        if not isinstance(value, bool):
            page.note(where, f"'is' needs true or false here, found {describe(value)}")
        return {"operand": value}
    if fact_type.kind is Kind.CODE:
        return {"operand": read_code_operand(page, where, value, fact_type, operator)}
    return {"operand": read_number_operand(page, where, value, operator)}


def read_number_operand(page: Page, where: str, value: Any, operator: Operator) -> Any:
    if operator is Operator.BETWEEN:
        if isinstance(value, list) and len(value) == 2 and all(map(is_number, value)) and value[0] <= value[1]:
            return float(value[0]), float(value[1])
        page.note(where, "'between' needs two numbers, the lower first: between = [3.5, 5.0]")
    elif is_number(value):
        return float(value)
    else:
        page.note(where, f"{operator.value!r} needs a number, found {describe(value)}")
    return None


def read_code_operand(page: Page, where: str, value: Any, fact_type: FactType, operator: Operator) -> Any:
    words = listed(value)
    if operator is Operator.IS and isinstance(value, list):
        page.note(where, "'is' takes one word; for several write any_in")
    for word in words:
        if not isinstance(word, str):
            page.note(where, f"a word in quotes is needed, found {describe(word)}")
        elif fact_type.words and word not in fact_type.words:
            near = suggest(word, fact_type.words)
            page.note(where, f"{fact_type.name!r} is never {word!r}; it is {name_list(fact_type.words)}{near}")
    return value if operator is Operator.IS else tuple(words)


def read_set_operand(
    page: Page, where: str, value: Any, fact_type: FactType, operator: Operator, vocabulary: Vocabulary
) -> dict[str, Any]:
    count = 1
    if operator is Operator.COUNT_AT_LEAST:
        if not isinstance(value, dict) or set(value) != {"in", "n"} or type(value["n"]) is not int or value["n"] < 1:
            page.note(where, 'write count_at_least = { in = "value-set", n = 2 }')
            return {}
        value, count = value["in"], value["n"]
    kinds = LIST_KINDS.get(fact_type.name, ALLERGY_KINDS)
    return {"value_set": vocabulary.value_set(page, where, value, kinds), "count": count}
