"""What the service says when ordinary orders are signed for the shared synthetic patients.

Two series. *new*: every patient is ordered each of ten common drugs, one call for each. *continued*: every active
order is signed again unchanged, one call for each. The day is that of the patient's last encounter.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from cds_service.app import Application, build
from cds_service.chart.gather import gather
from cds_service.fhir.read import read_request
from cds_service.hooks.request import parse_request, read_as_of
from cds_service.presenting.choose import choose
from cds_service.presenting.groups import Group
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Finding
from cds_service.settings import Settings
from smart_app.console.prefetch import dated
from tests.support.shared import SHARED
from tests.support.synthea import draft, hook_request, read_bundle

FOLDER = SHARED / "data" / "patients" / "synthea"
HOOK = "order-sign"

# RxNorm code, name, units at a time, times a day.
COMMON = (
    ("308191", "amoxicillin 500 MG Oral Capsule", 1, 3),
    ("198440", "acetaminophen 500 MG Oral Tablet", 1, 4),
    ("197805", "ibuprofen 400 MG Oral Tablet", 1, 3),
    ("314076", "lisinopril 10 MG Oral Tablet", 1, 1),
    ("861007", "metformin hydrochloride 500 MG Oral Tablet", 1, 2),
    ("617310", "atorvastatin 20 MG Oral Tablet", 1, 1),
    ("198051", "omeprazole 20 MG Delayed Release Oral Capsule", 1, 1),
    ("312941", "sertraline 50 MG Oral Tablet", 1, 1),
    ("197361", "amlodipine 5 MG Oral Tablet", 1, 1),
    ("309114", "cephalexin 500 MG Oral Capsule", 1, 4),
)


@dataclass(frozen=True, slots=True)
class Alert:
    """One finding on a card: the rule, the ingredients it is about in order of name, and the urgency."""

    rule: str
    drugs: str
    indicator: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one draft order brought up: the indicator of every card, and the findings on them."""

    cards: tuple[str, ...]
    alerts: tuple[Alert, ...]


@cache
def service() -> Application:
    return build(Settings(profile="dev"), write=lambda record, milliseconds: None)


@cache
def answers(series: str) -> tuple[Answer, ...]:
    """The answer to every draft order of the series `new` or `continued`."""
    patients: list[dict[str, Any]] = json.loads((FOLDER / "index.json").read_text("utf-8"))
    order = ordered if series == "new" else renewed
    return tuple(answer for patient in patients for answer in answers_for(patient, order))


def answers_for(patient: dict[str, Any], order: Any) -> Iterator[Answer]:
    bundle, as_of = read_bundle(FOLDER / patient["file"]), patient["last_encounter"]
    templates = next(dict(each.prefetch) for each in service().release.services if each.hook == HOOK)
    request = hook_request(bundle, HOOK, templates, as_of)
    for resource in order(bundle, patient["patient_id"], as_of):
        request["context"]["draftOrders"]["entry"] = [{"resource": resource}]
        yield answer(request, as_of)


def ordered(bundle: dict[str, Any], patient_id: str, as_of: str) -> Iterator[dict[str, Any]]:
    """The ten common drugs as drafts."""
    for number, (rxcui, name, dose, per_day) in enumerate(COMMON):
        yield draft(number, rxcui, name, patient_id, dose, per_day)


def renewed(bundle: dict[str, Any], patient_id: str, as_of: str) -> Iterator[dict[str, Any]]:
    """Every order that is active on the day, as a draft of the same order."""
    for entry in bundle["entry"]:
        resource = entry["resource"]
        is_active = resource["resourceType"] == "MedicationRequest" and resource.get("status") == "active"
        if is_active and dated(resource) <= as_of:
            yield {**resource, "status": "draft"}


def answer(request: dict[str, Any], as_of: str) -> Answer:
    """The cards of one call, the notes on what could not be checked left out."""
    application = service()
    release, zone = application.release, application.settings.zone
    offered = next(each for each in release.services if each.hook == HOOK)
    received = read_request(parse_request(json.dumps(request).encode(), HOOK), offered.prefetch)
    chart = gather(received, release.needs, HOOK, read_as_of(as_of), zone, release.terminology, release.code_map)
    shown, _ = choose(evaluate(release.index, chart), chart, release, HOOK)
    groups: tuple[Group, ...] = (*shown.groups, *shown.more)
    cards = tuple(min(group.findings, key=urgency).indicator.value for group in groups)
    return Answer(cards, tuple(alert(finding) for group in groups for finding in group.told))


def urgency(finding: Finding) -> int:
    return ("critical", "warning", "info").index(finding.indicator)


def alert(finding: Finding) -> Alert:
    name = service().release.terminology.ingredient_name
    drugs = sorted({name(bound.ingredient) or bound.ingredient for bound in finding.bindings.values()})
    return Alert(finding.rule.id, " + ".join(drugs), finding.indicator.value)
