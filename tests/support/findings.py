"""Evaluate one rule on one chart, for tests that read as a sentence."""

from cds_service.chart.chart import Chart
from cds_service.knowledge.rules import Rule
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Finding
from tests.support.charts import index_of


def findings_of(rule: Rule, chart: Chart) -> tuple[Finding, ...]:
    """What `rule` says about `chart`; empty when the chart does not reach it."""
    return evaluate(index_of(rule), chart)


def the_finding(rule: Rule, chart: Chart) -> Finding:
    """The one finding of `rule`; more or fewer fail the test."""
    (finding,) = findings_of(rule, chart)
    return finding


def outcome_of(rule: Rule, chart: Chart) -> str:
    """The outcome of the one finding, or "not reached"."""
    findings = findings_of(rule, chart)
    assert len(findings) < 2
    return findings[0].outcome.value if findings else "not reached"


def drugs_of(finding: Finding) -> dict[str, str]:
    """Side → name of the drug that stands on it."""
    return {side: bound.drug.name for side, bound in finding.bindings.items()}
