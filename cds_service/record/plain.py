"""A decision as plain values: rules and drugs named, not copied, so that a record stays small and reads alone."""

from typing import Any

from cds_service.presenting.groups import Withheld
from cds_service.reasoning.findings import Finding
from cds_service.record.decision import DecisionRecord


def plain_record(record: DecisionRecord) -> dict[str, Any]:
    """Everything in a record; rules by id and version, grades by their place in the rule."""
    chart = record.chart
    return {
        "decision_id": record.decision_id,
        "now": record.now,
        "client": record.client,
        "tenant": record.tenant,
        "service": record.service,
        "hook": record.hook,
        "hook_instance": record.hook_instance,
        "release_digest": record.release_digest,
        "code_version": record.code_version,
        "key_states": dict(record.key_states),
        "chart": {
            "now": chart.now,
            "hook": chart.hook,
            "inpatient": chart.inpatient,
            "medications": chart.medications,
            "orders": chart.orders,
            "allergies": chart.allergies,
            "conditions": chart.conditions,
            "procedures": chart.procedures,
            "procedures_ordered": chart.procedures_ordered,
            "values": dict(chart.values),
            "continued": dict(chart.continued),
            "notes": chart.notes,
        },
        "findings": [plain_finding(finding) for finding in record.findings],
        "withheld": [plain_withheld(withheld) for withheld in record.withheld],
        "cards": record.cards,
    }


def plain_finding(finding: Finding) -> dict[str, Any]:
    """A finding with its rule and drugs by name; drugs themselves stand in the chart."""
    return {
        "rule": finding.rule.id,
        "version": finding.rule.version,
        "outcome": finding.outcome,
        "indicator": finding.indicator,
        "bindings": {
            side: {"drug": bound.drug.reference, "ingredient": bound.ingredient}
            for side, bound in finding.bindings.items()
        },
        "grade": None if finding.grade is None else finding.rule.grades.index(finding.grade),
        "skipped_grades": [finding.rule.grades.index(grade) for grade in finding.skipped_grades],
        "used": dict(finding.used),
        "missing": finding.missing,
        "assumed": finding.assumed,
        "lowered": finding.lowered,
        "error": finding.error,
    }


def plain_withheld(withheld: Withheld) -> dict[str, str]:
    return {"finding": withheld.finding.key, "reason": withheld.reason}
