"""What reaches a rule: the ingredients of its drugs, or the fact that a patient rule starts with."""

from collections.abc import Iterable, Iterator, Mapping

from cds_service.chart.catalogue import codes_for, keys_for
from cds_service.chart.chart import FROM_DRUGS
from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.check_rules import index_fact, used_lines
from cds_service.knowledge.page import Page
from cds_service.knowledge.parse_rules import lines_of
from cds_service.knowledge.release import Needs, RuleIndex
from cds_service.knowledge.rules import Line, Rule, Scope, Status

RUNNING = frozenset({Status.ACTIVE, Status.SILENT})
DRUG_LISTS = frozenset({"medications"})
LISTS_OF_DRUGS = frozenset({"medications", "orders", "all_drugs"})


def index_rules(rules: Iterable[Rule]) -> RuleIndex:
    """Order and pair rules by every ingredient of every side, or as rules of any drug; patient rules by their index
    fact. In order of id.
    """
    by_ingredient: dict[str, list[Rule]] = {}
    by_fact: dict[str, list[Rule]] = {}
    any_drug: list[Rule] = []
    reads: dict[str, frozenset[str]] = {}
    for rule in sorted(rules, key=lambda rule: rule.id):
        for ingredient in sorted(frozenset().union(*(side.ingredients for side in rule.sides))):
            by_ingredient.setdefault(ingredient, []).append(rule)
        if any(side.any_drug for side in rule.sides):
            any_drug.append(rule)
        if rule.scope is Scope.PATIENT and (fact := index_fact(rule)):
            by_fact.setdefault(fact, []).append(rule)
        if (ingredients := looks_at(rule)) is not None:
            reads[rule.id] = ingredients
    return RuleIndex(
        {ingredient: tuple(reached) for ingredient, reached in by_ingredient.items()},
        {fact: tuple(reached) for fact, reached in by_fact.items()},
        tuple(any_drug),
        reads,
    )


def looks_at(rule: Rule) -> frozenset[str] | None:
    """The ingredients of the drugs that can change what a rule says; None if any drug can.

    A fact of a drug depends on no drug but those with the same ingredient.
    """
    read = [side.ingredients for side in rule.sides]
    if any(side.any_drug for side in rule.sides) or (not rule.sides and index_fact(rule) in LISTS_OF_DRUGS):
        return None
    for line in used_lines(rule):
        if line.fact in FROM_DRUGS:
            return None
        if line.fact in LISTS_OF_DRUGS:
            if line.value_set is None:
                return None
            read.append(line.value_set.ingredients)
    return read[0] if len(read) == 1 else frozenset().union(*read)


def gather_needs(page: Page, rules: Iterable[Rule], models: Iterable[Bundle] = ()) -> Needs:
    """What the rules and models that run want to know of the patient, and the prefetch keys and codes that bring it.

    Too many codes for one key are noted on `page`.
    """
    running = [rule for rule in rules if rule.status in RUNNING]
    scored = [model for model in models if model.status in RUNNING]
    facts = frozenset().union(*(rule.facts for rule in running), *(model.facts for model in scored))
    if scored or any(rule.sides for rule in running):
        facts |= DRUG_LISTS
    lines = [
        *(line for rule in running for line in used_lines(rule)),
        *(line for each in scored for line in asked(each)),
    ]
    try:
        codes = codes_for(facts)
        codes = {**codes, **procedure_codes(lines, codes.get("procedures", ()))}
    except ValueError as error:
        page.note("", str(error))
        codes = {}
    return Needs(facts, keys_for(facts), codes)


def asked(model: Bundle) -> Iterator[Line]:
    """Every line that a model asks of a chart."""
    questions = (
        *(model.when, model.card.show_when),
        *(each.condition for each in model.population),
        *(each.when for each in model.predictors),
    )
    for question in questions:
        if question is not None:
            yield from lines_of(question)


def procedure_codes(lines: Iterable[Line], of_facts: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The `system|code` list of the procedures key: what facts are read from, and what the procedure value sets of
    these lines hold."""
    sets = [line.value_set for line in lines if line.fact == "procedures"]
    found = {*of_facts, *(f"{system}|{code}" for each in sets if each for system, code in each.codes)}
    return {"procedures": tuple(sorted(found))} if found else {}
