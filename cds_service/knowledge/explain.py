"""Says a compiled rule in sentences, as `cds explain` prints it."""

from collections.abc import Iterable, Iterator, Mapping

from cds_service.chart.catalogue import CATALOGUE
from cds_service.knowledge.page import name_list
from cds_service.knowledge.rules import Audience, Condition, Line, Operator, Rule, Scope, Side, ValueSet
from cds_service.knowledge.suggestions import Suggestion
from cds_service.terminology.products import Terminology

SCOPES = {
    Scope.ORDER: "It looks at one drug at a time: {this}.",
    Scope.PAIR: "It looks at two different drugs together: a is {a}; b is {b}.",
    Scope.PATIENT: "It looks at the patient, whatever is ordered.",
}
COMPARED = {
    Operator.BELOW: "is below",
    Operator.AT_MOST: "is at most",
    Operator.AT_LEAST: "is at least",
    Operator.ABOVE: "is above",
}
GROUPS = {"all": "all of", "any": "any of", "not": "it is not so that"}
ASSUMED = {True: "if not known, this is taken as true", False: "if not known, this is taken as false"}


def explain(rule: Rule) -> str:
    """The effective rule: on whom it fires, what silences it, how urgent, what the card says, who stands behind it."""
    return "\n".join(
        (
            f"{rule.title} ({rule.id} {rule.version}, {rule.file})",
            *explain_drugs(rule),
            *explain_conditions("It fires when all of this holds:", rule.all),
            *explain_conditions("It stays silent when any of this certainly holds:", rule.unless),
            *explain_urgency(rule),
            *explain_card(rule),
            *(explain_suggestion(each) for each in rule.suggestions),
            *explain_standing(rule),
            *explain_origins(rule),
        )
    )


def explain_drugs(rule: Rule) -> Iterator[str]:
    yield SCOPES[rule.scope].format(**{side.name: explain_side(side) for side in rule.sides})
    if rule.different_ingredients:
        yield "Two products of the same ingredient are not a pair."
    yield f"It is asked at {name_list(sorted(rule.hooks), 'and')}."


def explain_side(side: Side) -> str:
    return side.written if side.any_drug else f"{side.written} ({count(len(side.ingredients), 'ingredient')})"


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def explain_conditions(heading: str, conditions: tuple[Condition, ...]) -> Iterator[str]:
    if conditions:
        yield heading
        for condition in conditions:
            yield from say(condition)


def explain_urgency(rule: Rule) -> Iterator[str]:
    passive = " and passive" if rule.interrupt == "passive" else ""
    yield f"Severity {rule.severity}{passive}, so the card is {rule.indicator} by default."
    for grade in rule.grades:
        yield f"It is {grade.indicator} ({grade.because}) when this certainly holds:"
        yield from say(grade.when)
    if rule.continuation == "lower":
        yield "An unchanged renewal lowers the urgency one step; what is no more than info then waits for the review."
    if rule.audience:
        yield from explain_audience(rule.audience)
    if rule.snooze:
        yield f"An override keeps it quiet for {rule.snooze.strip('PD')} days."


def explain_audience(audience: Audience) -> Iterator[str]:
    for words, listeners in (("Only", audience.only), ("Not", audience.besides)):
        if listeners.roles:
            yield f"{words} for the roles: {', '.join(sorted(listeners.roles))}."
        if listeners.departments:
            yield f"{words} in the departments: {', '.join(sorted(listeners.departments))}."
        if listeners.encounter_classes:
            yield f"{words} in encounters of class: {', '.join(sorted(listeners.encounter_classes))}."
    yield "Where the role, department or encounter is not known, the card is shown."


def explain_card(rule: Rule) -> Iterator[str]:
    yield f"The card says: {rule.card.summary}"
    if rule.card.override_reasons:
        yield f"Reasons offered for going on: {', '.join(rule.card.override_reasons)}."
    if rule.known_false_alarms:
        yield f"Known false alarms: {'; '.join(rule.known_false_alarms)}."


def explain_suggestion(suggestion: Suggestion) -> str:
    left_out = suggestion.orderable is not None and not suggestion.orderable.allowed
    said = " - left out: not on the formulary" if left_out else ""
    return f"It may propose ({suggestion.verb}): {suggestion.label}{said}"


def explain_local_codes(rule: Rule, rows: Iterable[Mapping[str, str]], terminology: Terminology) -> Iterator[str]:
    """The local codes of config/code_map.csv that reach a rule by an ingredient."""
    sought = frozenset[str]().union(*(side.ingredients for side in rule.sides))
    for row in rows:
        product = terminology.by_rxcui(row["target_code"])
        if product and sought & {ingredient.rxcui for ingredient in product.ingredients}:
            local = f"{row['code']} of {row['system']} ({row['display']})"
            yield f"Local code {local} is read as {product.name} (by {row['by']}, {row['date']})."


def explain_value_set(
    value_set: ValueSet, changes: Iterable[str], rules: Iterable[str], terminology: Terminology
) -> str:
    """A list of codes: what is on it, what was changed and by whom, and which rules use it."""
    names = sorted(terminology.ingredient_name(code) or code for code in value_set.ingredients)
    codes = sorted(code for _, code in value_set.codes)
    prefixes = sorted(f"{prefix}..." for _, prefix in value_set.prefixes)
    return "\n".join(
        (
            f"{value_set.title} ({value_set.id}, a list of kind {value_set.kind})",
            f"On it: {', '.join((*names, *codes, *prefixes, *sorted(value_set.forms)))}",
            f"Source: {value_set.source}",
            *(f"Changed here: {change}" for change in changes),
            f"Used by: {', '.join(sorted(rules)) or 'no rule'}",
        )
    )


def explain_standing(rule: Rule) -> Iterator[str]:
    """Evidence, people and dates."""
    if rule.mechanism:
        yield f"Mechanism: {rule.mechanism}"
    if rule.management:
        yield f"Management: {rule.management}"
    for evidence in rule.evidence:
        quality = f" ({evidence.quality})" if evidence.quality else ""
        yield f"Evidence: {evidence.citation}{quality} {evidence.url}".rstrip()
    if rule.confidence:
        yield f"Confidence in these facts: {rule.confidence}."
    review = f"reviewed by {rule.reviewer}" if rule.reviewed else "not yet reviewed by a pharmacist"
    yield f"Status {rule.status}, written by {rule.author}, {review}."
    yield f"Approved {rule.approval_date}, next review {rule.next_review_date}."


def explain_origins(rule: Rule) -> Iterator[str]:
    """Where every value comes from that is not the shipped one."""
    if rule.origins:
        yield "Changed here:"
        yield from (f"  {field}: {origin}" for field, origin in rule.origins)
    rest = "Everything else comes" if rule.origins else "Every value comes"
    yield f"{rest} from {rule.file}, as shipped."


def say(condition: Condition, depth: int = 1) -> Iterator[str]:
    """One condition as indented lines."""
    indent = "  " * depth
    if isinstance(condition, Line):
        yield f"{indent}- {say_line(condition)}"
        return
    yield f"{indent}- {GROUPS[condition.kind]}:"
    for member in condition.members:
        yield from say(member, depth + 1)


def say_line(line: Line) -> str:
    label = CATALOGUE[line.fact].label
    remarks = [line.where] if line.operator in (*COMPARED, Operator.BETWEEN, Operator.WITHIN_DAYS) else []
    if line.ever:
        remarks.append("resolved ones too")
    if line.excluding:
        remarks.append(f"{line.excluding} itself left out")
    if line.if_missing is not None:
        remarks.append(ASSUMED[line.if_missing])
    if line.source:
        remarks.append(f"source: {line.source}")
    subject = f"{label} of {line.drug}" if line.drug else label
    return f"{subject} {say_comparison(line)}" + (f" ({'; '.join(remarks)})" if remarks else "")


def say_comparison(line: Line) -> str:
    operand = line.operand
    if line.value_set is not None:
        title = line.value_set.title
        if line.operator is Operator.COUNT_AT_LEAST:
            return f"with at least {line.count} of: {title}"
        return f"with {'any' if line.operator is Operator.ANY_IN else 'none'} of: {title}"
    if line.operator is Operator.WITHIN_DAYS:
        return f"was measured in the last {operand:g} days"
    if line.operator is Operator.BETWEEN and isinstance(operand, tuple):
        return f"is from {operand[0]:g} to {operand[1]:g} {line.unit}"
    if line.operator in COMPARED:
        return f"{COMPARED[line.operator]} {operand:g} {line.unit}"
    if isinstance(operand, bool):
        return f"is {'true' if operand else 'false'}"
    words = name_list(map(str, operand if isinstance(operand, tuple) else (operand,)))
    return f"is not {words}" if line.operator is Operator.NONE_IN else f"is {words}"
