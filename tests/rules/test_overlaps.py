"""One pair of drugs, one harm, one rule: no two shipped rules speak of the same pair for the same problem."""

from collections import defaultdict
from itertools import combinations

from cds_service.knowledge.rules import Rule, Scope, Status
from tests.rules.library import shipped

APART = {
    # Told apart by dose form: extended-release, immediate-release, methadone.
    frozenset({"methadone-with-long-acting-opioid", "two-long-acting-opioids"}),
    frozenset({"two-long-acting-opioids", "two-short-acting-opioids"}),
    # Fluvoxamine raises the INR and weakens platelets: two reasons, one card.
    frozenset({"anticoagulant-antidepressant", "warfarin-moderate-interaction"}),
}


def pairs_of(rule: Rule) -> set[frozenset[str]]:
    """Every unordered pair of different ingredients that a pair rule may be about."""
    first, second = rule.sides
    return {frozenset({one, other}) for one in first.ingredients for other in second.ingredients if one != other}


def test_no_pair_of_drugs_has_two_rules_for_one_problem() -> None:
    speaking: dict[tuple[str, frozenset[str]], set[str]] = defaultdict(set)
    for rule in shipped().release.rules.values():
        if rule.scope is Scope.PAIR and rule.status is Status.ACTIVE:
            for pair in pairs_of(rule):
                speaking[(rule.problem, pair)].add(rule.id)
    doubled = {frozenset(two) for rules in speaking.values() for two in combinations(sorted(rules), 2)}
    assert doubled == APART
