"""Prefetch templates answered from a Bundle, as a FHIR server would."""

from typing import Any

from smart_app.console.prefetch import answer_templates

LOINC = "http://loinc.org"


def a_bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"entry": [{"fullUrl": f"urn:uuid:{each['id']}", "resource": each} for each in resources]}


def potassium(id: str, day: str, code: str = "6298-4") -> dict[str, Any]:
    coding = [{"system": LOINC, "code": code}]
    return {"resourceType": "Observation", "id": id, "effectiveDateTime": day, "code": {"coding": coding}}


def ids(searchset: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in searchset["entry"]]


def answer(bundle: dict[str, Any], key: str, template: str, as_of: str = "2026-11-01") -> Any:
    return answer_templates(bundle, {key: template}, as_of).get(key)


def test_observations_come_newest_first_of_the_codes_asked_for_and_not_from_the_future() -> None:
    bundle = a_bundle(
        potassium("old", "2025-01-01"),
        potassium("new", "2026-10-31T08:00:00Z"),
        potassium("other", "2026-10-01", code="2345-7"),
        potassium("later", "2026-11-02"),
    )
    template = f"Observation?patient={{{{context.patientId}}}}&code={LOINC}|6298-4&_sort=-date&_count=200"
    assert ids(answer(bundle, "labs", template)) == ["new", "old"]


def test_a_list_cut_at_its_count_says_that_there_is_more() -> None:
    bundle = a_bundle(*(potassium(str(day), f"2026-10-{day:02}") for day in range(1, 6)))
    page = answer(bundle, "labs", f"Observation?patient=1&code={LOINC}|6298-4&_sort=-date&_count=2")
    assert ids(page) == ["5", "4"]
    assert [link["relation"] for link in page["link"]] == ["next"]


def test_only_the_wanted_states_of_medications_are_sent_with_the_medications_they_refer_to() -> None:
    bundle = a_bundle(
        {
            "resourceType": "MedicationRequest",
            "id": "on",
            "status": "active",
            "medicationReference": {"reference": "urn:uuid:m"},
        },
        {"resourceType": "MedicationRequest", "id": "off", "status": "stopped"},
        {"resourceType": "Medication", "id": "m"},
        {"resourceType": "Medication", "id": "unused"},
    )
    searchset = answer(bundle, "medications", "MedicationRequest?patient=1&status=active,on-hold")
    assert ids(searchset) == ["on", "m"]
    assert searchset["entry"][1]["search"] == {"mode": "include"}


def test_a_single_resource_is_read_and_what_the_bundle_lacks_is_not_sent() -> None:
    bundle = a_bundle(
        {"resourceType": "Patient", "id": "p"},
        {"resourceType": "Encounter", "id": "first", "period": {"start": "2026-01-01"}},
        {"resourceType": "Encounter", "id": "last", "period": {"start": "2026-10-01"}},
    )
    assert answer(bundle, "patient", "Patient/{{context.patientId}}")["id"] == "p"
    assert answer(bundle, "encounter", "Encounter/{{context.encounterId}}")["id"] == "last"
    assert answer(a_bundle(), "encounter", "Encounter/{{context.encounterId}}") is None
    assert answer(bundle, "allergies", "AllergyIntolerance?patient=1")["entry"] == []
