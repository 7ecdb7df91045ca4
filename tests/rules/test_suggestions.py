"""Every rule with a suggestion: what is offered on its own examples, and what taking it does."""

import json

import pytest
from msgspec.structs import replace

from cds_service.chart.chart import Chart
from cds_service.chart.facts import Items, Known, Reason, Unknown
from cds_service.hooks.response import Card, Suggestion
from cds_service.knowledge.examples import Example
from cds_service.knowledge.rules import Rule, Status
from cds_service.presenting.propose import Proposer
from cds_service.presenting.session import Dialect, Session
from cds_service.presenting.verify import Findings, changed_ingredients
from cds_service.reasoning.evaluate import evaluate
from tests.rules.library import shipped
from tests.support.offers import URGENCY, as_sent, cards_on, firing, indicator_of, take

EXTENSION = "org.cds-service"
CASES = [
    (rule, example)
    for rule, example in shipped().cases
    if rule.suggestions and example.outcome == "fires" and not example.derived
]
SHOWN = {rule.id: rule for rule, _ in CASES if rule.status is Status.ACTIVE}
RULES = sorted(SHOWN.values(), key=lambda rule: rule.id)


def name(value: object) -> str:
    return value.id if isinstance(value, Rule) else getattr(value, "name", str(value))


def chart_of(example: Example) -> Chart:
    """The example's chart with drafts as an EHR sends them; the patient is an adult unless the example says more."""
    values = dict(example.chart.values)
    if isinstance(values.get("age", Unknown(Reason.NOT_SENT)), Unknown):
        values["age"] = Known(60.0, "a")
    return as_sent(replace(example.chart, values=values))


def card_about(rule: Rule, cards: tuple[Card, ...]) -> Card | None:
    """The card that holds a finding of the rule."""
    for card in cards:
        if any(each["rule"] == rule.id for each in (card.extension or {})[EXTENSION].get("findings", ())):
            return card
    return None


def changes_drugs(suggestion: Suggestion) -> bool:
    return any(b'"ServiceRequest"' not in bytes(action.resource or b"") for action in suggestion.actions)


@pytest.mark.parametrize(("rule", "example"), CASES, ids=name)
@pytest.mark.parametrize("dialect", list(Dialect))
def test_taking_an_offered_suggestion_solves_something_and_harms_nothing(
    rule: Rule, example: Example, dialect: Dialect
) -> None:
    release, chart = shipped().release, chart_of(example)
    card = card_about(rule, cards_on(chart, release, dialect))
    before = firing(chart, release)
    for suggestion in card.suggestions if card else ():
        after = firing(take(chart, suggestion, release), release)
        fell = [key for key in before if indicator_of(key, after) < indicator_of(key, before)]
        assert bool(fell) == changes_drugs(suggestion), suggestion.label
        worst = max(URGENCY[before[key].indicator] for key in fell) if fell else URGENCY["warning"]  # type: ignore[index]
        for key in after.keys() - before.keys():
            assert indicator_of(key, after) < min(worst, 1), f"{suggestion.label} brings {key}"
        assert all(indicator_of(key, after) <= indicator_of(key, before) for key in before)


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_a_rule_offers_something_on_one_of_its_own_examples(rule: Rule) -> None:
    cards = [
        card_about(rule, cards_on(chart_of(example), shipped().release)) for each, example in CASES if each is rule
    ]
    offered = [card for card in cards if card and (card.suggestions or "By hand: " in (card.detail or ""))]
    assert offered, f"none of {len(cards)} firing examples of {rule.id} shows a suggestion"


@pytest.mark.parametrize(("rule", "example"), CASES, ids=name)
def test_what_is_taken_over_is_what_the_rules_would_say_again(rule: Rule, example: Example) -> None:
    """Rules that look at none of the changed drugs are not run again; running all of them gives the same."""
    release, chart = shipped().release, chart_of(example)
    before = Findings.of(evaluate(release.index, chart))
    proposer = Proposer(chart, release, Session("P1"))
    for finding in before.firing.values():
        for candidate in filter(None, (proposer.propose(finding, each) for each in finding.rule.suggestions)):
            changed = changed_ingredients(chart, candidate.chart)
            again = before.again(candidate.chart, release.index, changed)
            full = Findings.of(evaluate(release.index, candidate.chart))
            assert again.failed == full.failed
            assert again.undetermined.keys() == full.undetermined.keys()
            assert {key: each.indicator for key, each in again.firing.items()} == {
                key: each.indicator for key, each in full.firing.items()
            }


@pytest.mark.parametrize(("rule", "example"), CASES, ids=name)
def test_a_client_of_single_actions_gets_one_action_each(rule: Rule, example: Example) -> None:
    card = card_about(rule, cards_on(chart_of(example), shipped().release, Dialect.EPIC))
    for suggestion in card.suggestions if card else ():
        assert len(suggestion.actions) == 1
        assert card
        assert card.selection_behavior == "any"


@pytest.mark.parametrize(("rule", "example"), CASES, ids=name)
def test_without_the_lists_nothing_is_offered_that_the_lists_could_forbid(rule: Rule, example: Example) -> None:
    """Nothing is created for a patient whose age is not known: every dosage is one for adults."""
    chart = as_sent(replace(example.chart, values={}, allergies=Items()))
    for card in cards_on(chart, shipped().release):
        for suggestion in card.suggestions:
            created = [json.loads(bytes(action.resource or b"{}")) for action in suggestion.actions]
            assert "MedicationRequest" not in [each.get("resourceType") for each in created if "id" not in each]
