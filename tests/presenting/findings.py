"""Builders of findings and of a release with a few problems, for tests of cards."""

from collections.abc import Iterable
from typing import Any

from cds_service.chart.drugs import Drug
from cds_service.knowledge.release import CardPolicy, Needs, OverrideReason, ProblemKind, Release, RuleIndex
from cds_service.knowledge.rules import CardText, Evidence, Indicator, Rule, Severity
from cds_service.reasoning.findings import Bound, Finding, Outcome
from tests.support.charts import a_rule
from tests.support.small_terminology import SmallTerminology

DECISION = "3f0b7a52-6d8e-4c57-9a51-2f5de0c0a001"
SYSTEM = "https://cds-service.example/CodeSystem/override-reasons"
PROBLEMS = (
    ProblemKind("bleeding", "Bleeding risk", "{{ drugs }}: bleeding risk adds up", "patient"),
    ProblemKind(
        "hypotension", "Severe fall in blood pressure", "{{ drugs }}: severe fall in blood pressure", "patient"
    ),
    ProblemKind("duplicate-therapy", "Duplicate therapy", "{{ drugs }}: same kind of drug more than once", "order"),
    ProblemKind("renal-dosing", "Dosing in reduced kidney function", "{{ drugs }}: check kidney dose", "order"),
)
REASONS = {
    each: OverrideReason(each, SYSTEM, each.replace("-", " ").capitalize())
    for each in ("benefit-outweighs-risk", "monitoring-arranged", "dose-adjusted")
}


def a_release(caps: dict[str, int] | None = None, **policy: Any) -> Release:
    """A release without rules: cards are made of findings, which carry theirs."""
    indicators = {
        Severity.CONTRAINDICATED: Indicator.CRITICAL,
        Severity.MAJOR: Indicator.WARNING,
        Severity.MODERATE: Indicator.INFO,
        Severity.MINOR: Indicator.INFO,
    }
    return Release(
        digest="d" * 64,
        rules={},
        index=RuleIndex(),
        problems={problem.id: problem for problem in PROBLEMS},
        override_reasons=REASONS,
        policy=CardPolicy(indicators, caps or {}, "Medication safety service", "https://cds-service.example", **policy),
        services=(),
        needs=Needs(),
        terminology=SmallTerminology(),
    )


def a_spoken_rule(id: str = "warfarin-nsaid", **more: Any) -> Rule:
    """A rule with every text a card can show."""
    fields: dict[str, Any] = {
        "title": "Warfarin with an NSAID",
        "problem": "bleeding",
        "because": "{{ a.name }} adds bleeding risk to {{ b.name }}",
        "card": CardText(
            "{{ a.name }} with {{ b.name }}: bleeding risk",
            "{{ a.name }} adds bleeding risk to {{ b.name }}.",
            ("benefit-outweighs-risk", "monitoring-arranged"),
        ),
        "mechanism": "The NSAID inhibits platelets.",
        "management": "Avoid; acetaminophen instead.",
        "evidence": (Evidence("FDA warfarin label, section 7.3", "https://example.org/label", "moderate"),),
        **more,
    }
    return a_rule(id, **fields)


def a_finding(rule: Rule, *drugs: Drug, outcome: Outcome = Outcome.FIRES, **more: Any) -> Finding:
    """A finding on no drug, on `this`, or on `a` and `b`; each bound by its first ingredient."""
    sides: Iterable[str] = ((), ("this",), ("a", "b"))[len(drugs)]
    bindings = {side: Bound(drug, drug.ingredients[0].rxcui) for side, drug in zip(sides, drugs, strict=True)}
    return Finding(rule, outcome, bindings, **{"indicator": rule.indicator, **more})
