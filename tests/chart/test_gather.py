"""The whole chart: nothing a client sends makes it raise, and what was left out is said."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.chart.facts import Known
from cds_service.errors import CdsError
from cds_service.terminology.index import open_index
from tests.support.gathered import NOW, chart_of
from tests.support.requests import RXNORM, a_patient, bundle, coded, dosage
from tests.support.shared import SHARED, needs_shared
from tests.support.synthea import draft, hook_request, read_bundle

INDEX = Path(__file__).resolve().parents[2] / "rules" / "terminology" / "rxnorm.sqlite"
PATIENTS = SHARED / "data" / "patients" / "synthea"
TOKEN = "{{context.patientId}}"
TEMPLATES = {
    "patient": f"Patient/{TOKEN}",
    "medications": f"MedicationRequest?patient={TOKEN}&status=active,on-hold",
    "statements": f"MedicationStatement?patient={TOKEN}&status=active,intended",
    "allergies": f"AllergyIntolerance?patient={TOKEN}",
    "conditions": f"Condition?patient={TOKEN}",
    "procedures": f"Procedure?patient={TOKEN}",
}


def test_a_whole_chart_is_gathered_at_once() -> None:
    case = a_patient("P1").taking("855332", dose=1, per_day=1, authoredOn="2026-10-01").allergic_to("7980")
    chart = chart_of(case.with_condition("49436004", "Atrial fibrillation").ordering("197806", dose=1, per_day=3))
    assert (chart.hook, chart.now) == ("order-sign", NOW)
    assert [drug.name for drug in chart.drugs] == ["ibuprofen 600 mg", "warfarin 5 mg"]
    assert [problem.name for problem in chart.conditions.items] == ["Atrial fibrillation"]
    assert chart.procedures.complete
    assert chart.notes == ()


def test_a_key_that_was_never_asked_for_says_so() -> None:
    chart = chart_of(a_patient("P1").without("procedures", "encounter"))
    assert str(chart.procedures.reason) == "not sent"


def test_at_patient_view_every_active_medication_is_in_focus() -> None:
    chart = chart_of(a_patient("P1").taking("855332").patient_view())
    assert chart.focus == chart.medications.items


def test_a_medication_may_ride_along_with_the_drafts() -> None:
    medication = {"resourceType": "Medication", "id": "m", "code": coded(RXNORM, "197806")}
    order = {
        "resourceType": "MedicationRequest",
        "id": "d",
        "status": "draft",
        "intent": "order",
        "medicationReference": {"reference": "Medication/m"},
    }
    chart = chart_of(a_patient("P1").drafting(order).drafting(medication))
    assert [drug.rxcui for drug in chart.orders.items] == ["197806"]


JSON: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 500)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = {
    "medications": [
        "status",
        "intent",
        "medicationCodeableConcept",
        "medicationReference",
        "dosageInstruction",
        "authoredOn",
        "subject",
        "basedOn",
        "contained",
        "category",
        "dispenseRequest",
    ],
    "allergies": [
        "code",
        "reaction",
        "verificationStatus",
        "clinicalStatus",
        "type",
        "category",
        "recordedDate",
        "patient",
    ],
    "conditions": ["code", "clinicalStatus", "verificationStatus", "onsetDateTime", "abatementDateTime", "subject"],
    "procedures": ["code", "status", "performedDateTime", "performedPeriod"],
}
TYPES = {
    "medications": "MedicationRequest",
    "allergies": "AllergyIntolerance",
    "conditions": "Condition",
    "procedures": "Procedure",
}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(MEMBERS)), st.data())
def test_whatever_stands_in_a_member_the_item_is_read_or_named(key: str, data: st.DataObject) -> None:
    sound = {
        "medications": {"medicationCodeableConcept": coded(RXNORM, "855332"), "dosageInstruction": [dosage(1, 1)]},
        "allergies": {"code": coded(RXNORM, "7980")},
        "conditions": {"code": coded("http://snomed.info/sct", "49436004")},
        "procedures": {"code": coded("http://snomed.info/sct", "232717009"), "status": "completed"},
    }[key]
    member = data.draw(st.sampled_from(MEMBERS[key]))
    resource = {"resourceType": TYPES[key], "id": "1", **sound, member: data.draw(JSON)}
    chart = chart_of(a_patient("P1").key(key, bundle(resource)))
    items = getattr(chart, key)
    decides = member in ("status", "intent", "clinicalStatus", "verificationStatus", "subject", "patient")
    dates = member in ("authoredOn", "recordedDate", "onsetDateTime", "performedDateTime", "performedPeriod")
    assert decides or dates or items.items or items.unrecognised


@settings(max_examples=40, deadline=None)
@given(st.lists(JSON, max_size=3), st.lists(JSON, max_size=3))
def test_arbitrary_dosages_never_lose_the_drug(instructions: list[Any], more: list[Any]) -> None:
    timing = [{"timing": each, "doseAndRate": more, "text": "1 tablet daily"} for each in instructions]
    case = a_patient("P1").taking("855332", dosageInstruction=[*instructions, *timing])
    assert len(chart_of(case).medications.items) == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(JSON, max_size=3))
def test_arbitrary_drafts_are_read_named_or_refused_as_a_bad_request(drafts: list[Any]) -> None:
    case = a_patient("P1").taking("855332")
    for each in drafts:
        case = case.drafting(each)
    try:
        chart = chart_of(case)
    except CdsError:
        return
    assert len(chart.medications.items) == 1


@needs_shared
@pytest.mark.skipif(not INDEX.is_file(), reason="the drug index is not built")
def test_every_synthea_patient_gives_a_chart_with_every_drug_recognised() -> None:
    patients = json.loads((PATIENTS / "index.json").read_text("utf-8"))
    terminology = open_index(INDEX)
    drugs = dosed = 0
    for entry in patients:
        order = draft(1, "855332", "warfarin sodium 5 MG Oral Tablet", entry["patient_id"])
        request = hook_request(
            read_bundle(PATIENTS / entry["file"]), "order-sign", TEMPLATES, entry["last_encounter"], (order,)
        )
        now = datetime.fromisoformat(f"{entry['last_encounter']}T23:59:59").replace(tzinfo=UTC)
        chart = chart_of(request, now, terminology)
        taken = [*chart.medications.items, *chart.continued.values()]
        assert chart.medications.unrecognised == (), entry["file"]
        assert all(drug.name and drug.ingredients for drug in taken)
        drugs += len(taken)
        dosed += sum(any(isinstance(fact, Known) for fact in drug.dose.daily.values()) for drug in taken)
    # PATIENT_STATS.md counts 710 active requests; renewals of one product are one drug, and 43 % have no dosage.
    assert len(patients) == 120
    assert 600 < drugs <= 710
    assert dosed > 100
