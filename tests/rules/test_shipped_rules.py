"""Every rule that ships: its examples, the inventory, and what happens when facts are hidden from it."""

from pathlib import Path

import pytest

from cds_service.governance.check import compare
from cds_service.knowledge.examples import Example
from cds_service.knowledge.index import index_rules
from cds_service.knowledge.rules import Rule
from cds_service.reasoning.evaluate import evaluate
from tests.rules.library import shipped
from tests.support.hiding import contradictions

RULES = sorted(shipped().release.rules.values(), key=lambda rule: rule.id)
WRITTEN = [(rule, example) for rule, example in shipped().cases if not example.derived]
INVENTORY = Path(__file__).parent / "inventory.txt"


def name(value: object) -> str:
    return value.id if isinstance(value, Rule) else getattr(value, "name", str(value))


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_the_examples_of_a_rule_come_out_as_its_author_says(rule: Rule) -> None:
    index = index_rules((rule,))
    differences = {
        example.name: compare(example, evaluate(index, example.chart)) for example in shipped().examples[rule.id]
    }
    assert {example: difference for example, difference in differences.items() if difference} == {}


@pytest.mark.parametrize(("rule", "example"), WRITTEN, ids=name)
def test_hiding_facts_never_turns_an_answer_around(rule: Rule, example: Example) -> None:
    assert contradictions(rule, example.chart, index_rules((rule,))) == []


def test_every_active_rule_has_an_example_of_each_outcome() -> None:
    missing = {
        f"{rule.id} {outcome}"
        for rule in shipped().release.rules.values()
        if rule.status == "active"
        for outcome in {"fires", "silent", "undetermined"} - {each.outcome for each in shipped().examples[rule.id]}
    }
    # The drug index holds no oral form of acyclovir (rules/terminology/README.md, letter A), which the row asks for.
    assert missing == {"paediatric-per-kg.acyclovir-single fires"}


def test_a_rule_appears_changes_or_vanishes_only_on_purpose() -> None:
    """A changed line here is a changed answer somewhere: review it, then write the file anew from the assertion."""
    now = [
        f"{rule.id} {rule.version} {rule.status} {rule.severity} {rule.indicator} {','.join(sorted(rule.hooks))}"
        for rule in RULES
    ]
    assert now == INVENTORY.read_text("utf-8").splitlines()
