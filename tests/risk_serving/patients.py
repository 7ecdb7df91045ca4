"""Patients whom risk models have something to say about, as an EHR sends them."""

from typing import Any

from tests.support.requests import SNOMED, PatientCase, a_patient, coded

AS_OF = "2026-11-20"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
WARFARIN, IBUPROFEN, ATORVASTATIN = "855332", "197806", "617318"
CITALOPRAM, HALOPERIDOL = "309314", "310672"

Json = dict[str, Any]


def encounter(id: str, kind: str, start: str, end: str | None = None, **members: Any) -> Json:
    """An Encounter of a v3-ActCode class ("IMP", "EMER", "AMB")."""
    return {
        "resourceType": "Encounter",
        "id": id,
        "status": "finished" if end else "in-progress",
        "class": {"system": ACT_CODE, "code": kind},
        "subject": {"reference": "Patient/P1"},
        "period": {"start": start, **({"end": end} if end else {})},
        **members,
    }


def smoker(case: PatientCase) -> PatientCase:
    observed = {
        "resourceType": "Observation",
        "id": "smoking",
        "status": "final",
        "code": coded("http://loinc.org", "72166-2"),
        "effectiveDateTime": "2026-11-01",
        "valueCodeableConcept": coded(SNOMED, "449868002", "Smokes tobacco daily"),
    }
    return case.adding("vitals", observed)


def without_a_statin() -> PatientCase:
    """A man of 62 who smokes, with a high pressure and high cholesterol, and everything PREVENT asks for."""
    case = (
        a_patient(gender="male", birthDate="1964-03-02")
        .with_condition("I10", "hypertension", ICD10CM)
        .with_lab("2093-3", 260, "mg/dL", "2026-10-01")
        .with_lab("2085-9", 38, "mg/dL", "2026-10-01")
        .with_lab("2160-0", 0.9, "mg/dL", "2026-11-01")
        .with_vital("8480-6", 158, "mm[Hg]", "2026-11-18")
        .with_vital("29463-7", 88, "kg", "2026-11-18")
        .with_vital("8302-2", 178, "cm", "2026-11-18")
    )
    return smoker(case).as_of(AS_OF)


def with_failing_kidneys() -> PatientCase:
    """A woman of 70 with an eGFR near 20 and much albumin in the urine."""
    return (
        a_patient(birthDate="1956-01-10")
        .with_condition("N18.4", "chronic kidney disease, stage 4", ICD10CM)
        .with_lab("2160-0", 2.5, "mg/dL", "2026-11-10")
        .with_lab("9318-7", 1000, "mg/g", "2026-11-10")
        .as_of(AS_OF)
    )


def leaving_hospital(earlier_stays: int = 3, **stay: Any) -> PatientCase:
    """A woman of 71 with diabetes at the end of six days in hospital, who was there before."""
    now = encounter(
        "E1",
        "IMP",
        "2026-11-14T10:00:00Z",
        priority=coded("http://terminology.hl7.org/CodeSystem/v3-ActPriority", "EM"),
        hospitalization={
            "admitSource": coded("http://terminology.hl7.org/CodeSystem/admit-source", "emd"),
            "dischargeDisposition": coded("http://terminology.hl7.org/CodeSystem/discharge-disposition", "home"),
        },
        diagnosis=[{"condition": {"reference": f"Condition/condition{number}"}} for number in (1, 2)],
        **stay,
    )
    before = [
        encounter(f"B{month}", "IMP", f"2026-0{month}-03T08:00:00Z", f"2026-0{month}-07T12:00:00Z")
        for month in range(3, 3 + earlier_stays)
    ]
    return (
        a_patient(birthDate="1955-05-05")
        .with_condition("E11.9", "type 2 diabetes", ICD10CM, encounter={"reference": "Encounter/E1"})
        .with_condition("I50.9", "heart failure", ICD10CM, encounter={"reference": "Encounter/E1"})
        .taking("860975", "metformin", dose=1, per_day=2)
        .taking("197417", "furosemide", dose=1, per_day=1)
        .key("encounter", now)
        .key(
            "encounters",
            {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": e} for e in (now, *before)]},
        )
        .as_of(AS_OF)
    )


def bleeding_risk() -> PatientCase:
    """A woman of 76 on warfarin, after a stroke, for whom ibuprofen is ordered."""
    return (
        a_patient()
        .taking(WARFARIN, "warfarin", dose=1, per_day=1)
        .with_condition("I48.0", "atrial fibrillation", ICD10CM)
        .with_condition("Z86.73", "stroke", ICD10CM)
        .with_lab("2160-0", 1.0, "mg/dL", "2026-11-10")
        .with_vital("8480-6", 170, "mm[Hg]", "2026-11-18")
        .ordering(IBUPROFEN, "ibuprofen", dose=1, per_day=3)
        .as_of(AS_OF)
    )


def on_qt_drugs() -> PatientCase:
    """A woman of 72 in hospital with heart failure, furosemide, low potassium, citalopram; haloperidol is ordered."""
    return (
        a_patient(birthDate="1954-01-01")
        .with_condition("I50.9", "heart failure", ICD10CM)
        .taking("197417", "furosemide", dose=1, per_day=1)
        .taking(CITALOPRAM, "citalopram", dose=1, per_day=1)
        .with_lab("2823-3", 3.2, "mmol/L", "2026-11-19")
        .key("encounter", encounter("E1", "IMP", "2026-11-18T10:00:00Z"))
        .ordering(HALOPERIDOL, "haloperidol", dose=1, per_day=2)
        .as_of(AS_OF)
    )


def on_opioids() -> PatientCase:
    """A woman of 62 with COPD and diazepam, for whom 80 mg of oxycodone a day is ordered."""
    return (
        a_patient(birthDate="1964-01-01")
        .with_condition("J44.9", "COPD", ICD10CM)
        .taking("197591", "diazepam", dose=1, per_day=2)
        .ordering("1049621", "oxycodone", dose=4, per_day=4)
        .as_of(AS_OF)
    )
