"""Charts whose drafts came from an EHR, the cards of a release on them, and an EHR that takes a suggestion."""

import json
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from cds_service.chart.changing import read_order, with_changed, with_order, without
from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Known
from cds_service.hooks.response import Card, Suggestion
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Indicator
from cds_service.presenting.choose import choose
from cds_service.presenting.compose import compose
from cds_service.presenting.session import Dialect, Session
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Finding, Outcome

DECISION = "3f0e62d0-4a8e-4c4b-9f3b-6d1f1c6a5e11"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
URGENCY = {None: -1, Indicator.INFO: 0, Indicator.WARNING: 1, Indicator.CRITICAL: 2}


def an_order(drug: Drug) -> dict[str, Any]:
    """The MedicationRequest an EHR may have sent for a draft: its dose in milligrams, or as tablets."""
    type_, _, id = drug.reference.partition("/")
    single = drug.dose.single.get(drug.ingredients[0].rxcui)
    rate = {}
    if isinstance(single, Known) and len(drug.ingredients) == 1:
        rate = {"doseAndRate": [{"doseQuantity": {"value": single.value, "unit": single.unit, "code": single.unit}}]}
    times = drug.dose.times_per_day
    timing = (
        {"timing": {"repeat": {"frequency": times.value, "period": 1, "periodUnit": "d"}}}
        if isinstance(times, Known)
        else {}
    )
    return {
        "resourceType": type_,
        "id": id,
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": drug.rxcui, "display": drug.name}]},
        "subject": {"reference": "Patient/P1"},
        "dosageInstruction": [{**rate, **timing}],
    }


def as_sent(chart: Chart, orders: Mapping[str, Any] | None = None) -> Chart:
    """The chart with the JSON of each draft; `orders` gives that of some drafts by reference."""
    given = orders or {}
    items = tuple(
        replace(drug, original=json.dumps(given.get(drug.reference, an_order(drug))).encode())
        for drug in chart.orders.items
    )
    return replace(chart, orders=replace(chart.orders, items=items))


def cards_on(chart: Chart, release: Release, dialect: Dialect = Dialect.STANDARD) -> tuple[Card, ...]:
    """What a call at the chart's hook answers."""
    findings = evaluate(release.index, chart)
    shown, _ = choose(findings, chart, release, chart.hook)
    return compose(shown, chart, release, DECISION, findings, Session("P1", None, dialect))


def take(chart: Chart, suggestion: Suggestion, release: Release) -> Chart:
    """The chart of the next call after an EHR carried out the actions of a suggestion."""
    drugs = {drug.reference: drug for drug in chart.orders.items}
    for number, action in enumerate(suggestion.actions):
        if action.type == "delete":
            chart = without(chart, drugs[str(action.resource_id)])
            continue
        resource = json.loads(bytes(action.resource or b""))
        if resource["resourceType"] == "ServiceRequest":
            names = (resource["code"]["text"], *(each["code"] for each in resource["code"].get("coding", ())))
            chart = replace(chart, ordered_services=(*chart.ordered_services, *names))
            continue
        updates = action.type == "update"
        reference = f"MedicationRequest/{resource['id'] if updates else f'created-{number}'}"
        drug = read_order(bytes(action.resource or b""), reference, release.terminology)
        assert drug is not None, f"a created order was not recognised: {resource}"
        chart = with_changed(chart, drug) if updates else with_order(chart, drug)
    return chart


def firing(chart: Chart, release: Release) -> dict[str, Finding]:
    """Every finding that fires, by its key."""
    found = evaluate(release.index, chart)
    return {finding.key: finding for finding in found if finding.outcome is Outcome.FIRES}


def indicator_of(key: str, findings: Mapping[str, Finding]) -> int:
    """How urgent a finding is; -1 when it is gone."""
    return URGENCY[findings[key].indicator if key in findings else None]
