"""What the shipped rules say on their own examples: every text can be filled in, every interaction card is complete."""

from collections.abc import Iterator

import pytest

from cds_service.chart.chart import Chart
from cds_service.knowledge.rules import Rule, Status
from cds_service.presenting.detail import INTERACTIONS, describe
from cds_service.presenting.groups import Group
from cds_service.presenting.summary import inside, speak
from cds_service.presenting.text import escape_markdown, markdown_text, plain_text
from cds_service.reasoning.bindings import arrange
from cds_service.reasoning.evaluate import evaluate_rule
from cds_service.reasoning.findings import Finding, Outcome
from tests.rules.library import shipped


def firing_examples() -> Iterator[tuple[Rule, Chart, Finding]]:
    """Every active rule on the first of its examples on which it fires."""
    seen: set[str] = set()
    for rule, example in shipped().cases:
        if rule.status is not Status.ACTIVE or rule.id in seen or example.outcome != Outcome.FIRES:
            continue
        found = evaluate_rule(rule, arrange(example.chart))
        finding = next((each for each in found if each.outcome is Outcome.FIRES), None)
        if finding:
            seen.add(rule.id)
            yield rule, example.chart, finding


CASES = list(firing_examples())
INTERACTING = [case for case in CASES if case[0].family in INTERACTIONS]


def name(value: object) -> str:
    return value.id if isinstance(value, Rule) else ""


def body(rule: Rule, chart: Chart, finding: Finding) -> str:
    """The detail of a card that holds this finding alone."""
    return describe(Group("key", shipped().release.problems[rule.problem], (finding,)), chart)


@pytest.mark.parametrize(("rule", "chart", "finding"), CASES, ids=name)
def test_every_text_of_a_rule_can_be_filled_in(rule: Rule, chart: Chart, finding: Finding) -> None:
    said = {
        "summary": (rule.card.summary, speak(plain_text, rule.card.summary, finding, chart)),
        "detail": (rule.card.detail, speak(markdown_text, rule.card.detail, finding, chart)),
        "because": (rule.because, speak(markdown_text, rule.because, finding, chart)),
        **{
            f"because of grade {number}": (grade.because, speak(markdown_text, grade.because, finding, chart))
            for number, grade in enumerate(rule.grades)
        },
    }
    assert [place for place, (written, spoken) in said.items() if written.strip() and not spoken] == []


def test_no_card_shows_a_unit_in_braces() -> None:
    assert [rule.id for rule, chart, finding in CASES if "{" in body(rule, chart, finding)] == []


@pytest.mark.parametrize(("rule", "chart", "finding"), INTERACTING, ids=name)
def test_every_interaction_card_holds_the_pddi_minimum_information(rule: Rule, chart: Chart, finding: Finding) -> None:
    """Drugs, seriousness, consequence, mechanism, recommended action, factors and evidence, each from the rule.

    How often it happens is part of a rule's mechanism where its source says so.
    """
    text = body(rule, chart, finding)
    drugs = [escape_markdown(bound.drug.name).casefold() for bound in finding.bindings.values()]
    problem = shipped().release.problems[rule.problem]
    elements = {
        "drugs": all(drug in text.casefold() for drug in drugs),
        "seriousness": f"**How serious:** {rule.severity.capitalize()}" in text,
        "consequence": f": {inside(problem.title)}." in text,
        "factors": "Weighed: " in text or "No fact of the patient changes it." in text,
        "mechanism": bool(rule.mechanism) and escape_markdown(rule.mechanism) in text,
        "management": bool(rule.management) and escape_markdown(rule.management) in text,
        "evidence": bool(rule.evidence) and all(escape_markdown(each.citation) in text for each in rule.evidence),
    }
    assert [element for element, there in elements.items() if not there] == []
