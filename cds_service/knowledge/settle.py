"""What an example must say so that a line that compares no number holds, fails or cannot be decided."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cds_service.chart.catalogue import CATALOGUE
from cds_service.chart.chart import FROM_DRUGS
from cds_service.knowledge.conditions import DRUG_LISTS
from cds_service.knowledge.example_cases import Case, NeedsAPerson, name_member
from cds_service.knowledge.rules import Group, Line, Operator
from cds_service.terminology.products import Terminology

RENEWAL = "renewal"
UNREADABLE = ("medications", "allergies", "conditions", "procedures")  # what an example can name as not sent
RISES = (Operator.ABOVE, Operator.AT_LEAST)

Turn = tuple[str, Case, str]
"""What was changed in a case, the changed case, and what the rule must say of it."""


def hold(condition: object, case: Case, first: str, terminology: Terminology) -> Case:
    """The case with one line of `when.all` holding. `first` is the side that is ordered."""
    if is_assumed_not(condition) or asks_for_a_new_order(condition):
        return case
    if overdue := read_overdue(condition):
        fact, days = overdue
        return with_value(case, fact, measured(fact, days + 1))
    if not isinstance(condition, Line):
        raise NeedsAPerson
    if condition.drug:
        return hold_renewal(condition, case, first)
    if word := word_of(condition):
        return with_value(case, condition.fact, word[0])
    if condition.operator is Operator.ANY_IN:
        return with_member(case, condition, terminology)
    if condition.operator is Operator.NONE_IN and condition.value_set:
        return case
    raise NeedsAPerson


def hold_renewal(line: Line, case: Case, first: str) -> Case:
    """The case with a renewal ordered; no other word of a drug can be settled."""
    if line.drug != first or line.fact != "is_new" or line.operand is not False:
        raise NeedsAPerson
    return replace(case, said=(*case.said, RENEWAL))


def spare(condition: object, case: Case) -> Case:
    """The case with one line of `unless` failing: the opposite of a yes or no, another word, an empty list."""
    if not isinstance(condition, Line):
        raise NeedsAPerson
    if condition.drug:
        return spare_drug(condition, case)
    if condition.operator is Operator.IS and isinstance(condition.operand, bool):
        return with_value(case, condition.fact, not condition.operand)
    if word_of(condition):
        return case if condition.if_missing is False else with_value(case, condition.fact, other_word(condition))
    if condition.operator is not Operator.ANY_IN or condition.value_set is None:
        raise NeedsAPerson
    return case


def spare_drug(line: Line, case: Case) -> Case:
    """A derived order is never as needed, and new: nothing was taken before it."""
    regular = line.fact == "as_needed" and line.operand is True and line.if_missing is False
    just_begun = line.fact == "days_on" and line.operator in RISES and not case.taken and RENEWAL not in case.said
    if not regular and not just_begun:
        raise NeedsAPerson
    return case


def turn(condition: object, case: Case, first: str, terminology: Terminology) -> Iterator[Turn]:
    """What else may be known about one settled line of `when.all`: nothing, or the opposite."""
    if overdue := read_overdue(condition):
        fact, days = overdue
        yield f"{fact} of {days:g} days ago", with_value(case, fact, measured(fact, days)), "silent"
        yield f"{fact} never measured", without(case, fact), "fires"
    elif not isinstance(condition, Line):
        return
    elif condition.fact == "is_new" and condition.drug == first:
        yield from turn_renewal(condition, case)
    elif condition.drug:
        return
    elif word_of(condition):
        yield f"{condition.fact} not known", forget(case, condition.fact), when_missing([condition])
        yield f"another {condition.fact}", with_value(case, condition.fact, other_word(condition)), "silent"
    elif condition.operator is Operator.ANY_IN:
        yield f"not in {condition.fact}", without(case, condition.fact), "silent"
    elif condition.operator is Operator.NONE_IN:
        yield f"in {condition.fact}", with_member(case, condition, terminology), "silent"


def turn_renewal(line: Line, case: Case) -> Iterator[Turn]:
    if line.operand is True:
        yield "a renewal", replace(case, said=(*case.said, RENEWAL)), "silent"
    else:
        yield "a new order", replace(case, said=tuple(part for part in case.said if part != RENEWAL)), "silent"


def silence(condition: object, case: Case, terminology: Terminology) -> Iterator[Turn]:
    """The case with one line of `unless` holding."""
    if not isinstance(condition, Line) or condition.drug:
        return
    name = f"silenced by {condition.fact}"
    if word := word_of(condition):
        yield name, with_value(case, condition.fact, word[0]), "silent"
    elif condition.operator is Operator.ANY_IN:
        yield name, with_member(case, condition, terminology), "silent"


def hide(lists: list[Line], silencers: list[Line], case: Case) -> Iterator[Turn]:
    """The case with one list not sent that lines of `when.all` look at."""
    for name in UNREADABLE:
        asked = [line for line in lists if line.fact == name]
        if asked:
            outcome = when_missing(asked)
            if outcome == "fires" and any(line.fact == name and line.if_missing is None for line in silencers):
                outcome = "undetermined"
            yield f"{name} not sent", replace(without(case, name), unread=(name,)), outcome


def when_missing(lines: list[Line]) -> str:
    """What the rule must say when the value of these lines is not known."""
    assumed = {line.if_missing for line in lines}
    if False in assumed:
        return "silent"
    return "undetermined" if None in assumed else "fires"


def word_of(line: Line) -> tuple[Any, ...]:
    """The words, or the yes or no, of a line that asks for one; none for other lines."""
    if line.operator is Operator.IS:
        return (line.operand,)
    return line.operand if line.operator is Operator.ANY_IN and isinstance(line.operand, tuple) else ()


def other_word(line: Line) -> str | bool:
    """A word of the fact for which the line fails."""
    if isinstance(line.operand, bool):
        return not line.operand
    others = [word for word in CATALOGUE[line.fact].words if word not in word_of(line)]
    if not others:
        raise NeedsAPerson
    return others[0]


def read_overdue(condition: object) -> tuple[str, float] | None:
    """The fact and days of a `not` over one line that asks whether it was measured within so many days."""
    if isinstance(condition, Group) and condition.kind == "not":
        (inner,) = condition.members
        if isinstance(inner, Line) and inner.operator is Operator.WITHIN_DAYS and not inner.drug:
            return inner.fact, float(inner.operand)  # type: ignore[arg-type]
    return None


def measured(fact: str, days: float) -> dict[str, Any]:
    """A value of so many days ago; what it is does not matter."""
    return {"value": 1, "unit": CATALOGUE[fact].unit, "days_ago": days}


def with_value(case: Case, fact: str, value: Any) -> Case:
    return replace(case, chart={**case.chart, fact: value})


def with_member(case: Case, line: Line, terminology: Terminology) -> Case:
    """The case with one member of the line's value set on its list."""
    if line.value_set is None:
        raise NeedsAPerson
    member = name_member(line.value_set, terminology)
    if line.fact in DRUG_LISTS:
        return replace(case, drugs=(*case.drugs, member))
    return with_value(case, line.fact, [*case.chart.get(line.fact, ()), member])


def without(case: Case, fact: str) -> Case:
    """The case with nothing said of a fact, or with an empty list."""
    if fact in DRUG_LISTS:
        return replace(case, drugs=())
    return replace(case, chart={name: value for name, value in case.chart.items() if name != fact})


def forget(case: Case, fact: str) -> Case:
    """The case in which a fact is not known; one that the chart works out lacks the list it is worked out from."""
    hidden = [name for name in CATALOGUE[fact].inputs if name in UNREADABLE] if fact in FROM_DRUGS else []
    return replace(without(case, fact), unread=tuple(hidden[:1]))


def is_assumed_not(condition: object) -> bool:
    """Whether this is `not` over one line that counts as false while its fact is missing."""
    if not isinstance(condition, Group) or condition.kind != "not":
        return False
    (inner,) = condition.members
    return isinstance(inner, Line) and inner.if_missing is False


def asks_for_a_new_order(condition: object) -> bool:
    """Whether this is the line that a derived order, which renews nothing, makes true by itself."""
    return isinstance(condition, Line) and condition.fact == "is_new" and condition.operand is True
