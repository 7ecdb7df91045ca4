"""The trace of a decision: the chart as understood and the outcome of every rule that was reached."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cds_service.chart.drugs import Dose, Drug
from cds_service.chart.facts import Fact, Items, Known
from cds_service.reasoning.findings import Finding
from cds_service.record.decision import DecisionRecord
from cds_service.record.scores import stored_score

EXTENSION = "org.cds-service"
LISTS = ("medications", "orders", "allergies", "conditions", "procedures", "procedures_ordered")


def trace(record: DecisionRecord) -> dict[str, Any]:
    """A response's `extension` (CH-205, CH-206): JSON values only, in a stable order."""
    chart = record.chart
    reasons = {withheld.finding.key: withheld.reason for withheld in record.withheld}
    told = {
        "decision": record.decision_id,
        "release": record.release_digest,
        "codeVersion": record.code_version,
        "now": stamp(record.now),
        "service": record.service,
        "prefetch": dict(sorted(record.key_states.items())),
        "chart": {
            **{name: trace_list(getattr(chart, name)) for name in LISTS},
            "continued": {order: trace_drug(drug) for order, drug in sorted(chart.continued.items())},
            "values": {name: trace_fact(fact) for name, fact in sorted(chart.values.items())},
            "inpatient": chart.inpatient,
        },
        "outcomes": [trace_finding(finding, reasons) for finding in sorted(record.findings, key=lambda each: each.key)],
        **filled(models=[msgspec.to_builtins(stored_score(each, record.quiet_models)) for each in record.scored]),
        "notes": list(chart.notes),
    }
    return {EXTENSION: told}


def trace_list(items: Items[Any]) -> dict[str, Any]:
    """A list with whether it is whole, what is on it, and what on it was not recognised."""
    return filled(
        complete=items.complete,
        reason=None if items.complete else items.reason,
        items=[trace_drug(item) if isinstance(item, Drug) else msgspec.to_builtins(item) for item in items.items],
        unrecognised=[msgspec.to_builtins(item) for item in items.unrecognised],
    )


def trace_drug(drug: Drug) -> dict[str, Any]:
    """A drug as understood: product, ingredients, dose, route, and how it was recognised."""
    return filled(
        reference=drug.reference,
        name=drug.name,
        rxcui=drug.rxcui,
        ingredients=[msgspec.to_builtins(ingredient) for ingredient in drug.ingredients],
        doseForm=drug.dose_form,
        route=drug.route,
        recognisedBy=drug.recognised_by,
        status=drug.status,
        draft=drug.is_draft,
        selected=drug.selected,
        continues=drug.continues,
        doseChange=drug.dose_change,
        authored=stamp(drug.authored),
        dose=trace_dose(drug.dose),
    )


def trace_dose(dose: Dose) -> dict[str, Any]:
    return filled(
        text=dose.text,
        daily={rxcui: trace_fact(fact) for rxcui, fact in sorted(dose.daily.items())},
        single={rxcui: trace_fact(fact) for rxcui, fact in sorted(dose.single.items())},
        timesPerDay=trace_fact(dose.times_per_day),
        durationDays=trace_fact(dose.duration_days),
        asNeeded=trace_fact(dose.as_needed),
    )


def trace_fact(fact: Fact[Any]) -> dict[str, Any]:
    """A fact with unit, date and sources, or why it is not known."""
    if isinstance(fact, Known):
        return filled(
            value=msgspec.to_builtins(fact.value, order="sorted"),
            unit=fact.unit,
            asOf=stamp(fact.as_of),
            atLeast=fact.at_least,
            formula=fact.formula,
            sources=[source.reference for source in fact.sources],
        )
    return filled(unknown=fact.reason, detail=fact.detail, asOf=stamp(fact.as_of))


def trace_finding(finding: Finding, reasons: Mapping[str, str]) -> dict[str, Any]:
    """One rule's outcome; `withheld` says why a firing rule gave no card."""
    return filled(
        rule=finding.rule.id,
        version=finding.rule.version,
        outcome=finding.outcome,
        drugs={side: bound.drug.reference for side, bound in sorted(finding.bindings.items())},
        indicator=finding.indicator if finding.outcome == "fires" else None,
        grade=finding.grade.because if finding.grade else None,
        used={name: trace_fact(fact) for name, fact in sorted(finding.used.items())},
        missing=[msgspec.to_builtins(missing) for missing in finding.missing],
        assumed=list(finding.assumed),
        lowered=finding.lowered,
        error=finding.error,
        withheld=reasons.get(finding.key),
    )


def stamp(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def filled(**members: Any) -> dict[str, Any]:
    """Members that say something: null, empty and false ones are left out (CH-003); plain strings for words.

    `complete` and `value` are kept when false: there they are the message.
    """
    kept = {"complete", "value"}
    return {
        name: str(member) if isinstance(member, str) else member
        for name, member in members.items()
        if name in kept or member not in (None, "", [], {}, False)
    }
