"""Orders that suggestions create or change: valid R4, and changed only where meant."""

import json
from typing import Any

import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.servicerequest import ServiceRequest

from cds_service.fhir.build import (
    change_dose,
    change_frequency,
    change_product,
    new_medication_order,
    new_service_order,
    own_reference,
    say_times,
    sentence,
)
from cds_service.governance.valid_orders import problems
from cds_service.knowledge.suggestions import Sig

EVERY_6_HOURS = Sig(1, "tablet", "oral", every_hours=6, as_needed=True, max_per_day=3000)
TWICE = Sig(2, "capsule", "oral", times_per_day=2, days=7)
APIXABAN = ("1364435", "apixaban 2.5 MG Oral Tablet")
ORDER: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "order-1",
    "meta": {"versionId": "3", "profile": ["http://example.org/p"]},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">2 tablets</div>'},
    "contained": [
        {"resourceType": "Medication", "id": "med", "code": {"text": "a drug"}},
        {"resourceType": "Practitioner", "id": "doc"},
    ],
    "extension": [{"url": "http://example.org/e", "valueDecimal": 1.10}],
    "identifier": [{"system": "urn:x", "value": "7"}],
    "status": "draft",
    "intent": "order",
    "medicationReference": {"reference": "#med"},
    "subject": {"reference": "Patient/P1"},
    "requester": {"reference": "#doc"},
    "dosageInstruction": [
        {
            "text": "Take 2 tablets by mouth every 6 hours as needed",
            "timing": {
                "repeat": {
                    "boundsDuration": {"value": 5, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"},
                    "frequency": 1,
                    "period": 6,
                    "periodUnit": "h",
                },
            },
            "asNeededBoolean": True,
            "doseAndRate": [
                {"type": {"text": "ordered"}, "doseQuantity": {"value": 2.0, "unit": "tablet", "system": "urn:u"}}
            ],
        }
    ],
    "dispenseRequest": {"numberOfRepeatsAllowed": 1, "quantity": {"value": 60}},
}


def sent(order: dict[str, Any] | None = None, **members: Any) -> bytes:
    return json.dumps({**(order or ORDER), **members}).encode()


def paths(value: Any, path: str = "") -> dict[str, Any]:
    """Every leaf of a JSON value by its path."""
    if isinstance(value, dict):
        return {k: v for key, inner in value.items() for k, v in paths(inner, f"{path}.{key}").items()}
    if isinstance(value, list):
        return {k: v for number, inner in enumerate(value) for k, v in paths(inner, f"{path}[{number}]").items()}
    return {path: value}


def changed(before: bytes, after: bytes | None) -> set[str]:
    """The paths at which two resources differ."""
    assert after is not None
    old, new = paths(json.loads(before)), paths(json.loads(after))
    return {path for path in old | new if old.get(path, "absent") != new.get(path, "absent")}


@pytest.mark.requirement("CH-137")
@pytest.mark.parametrize(
    "sig",
    [
        EVERY_6_HOURS,
        TWICE,
        Sig(1, "spray", "nasal", as_needed=True),
        Sig(0.5, "mL", "subcutaneous", times_per_day=1),
        Sig(1, "patch", "transdermal", every_hours=72),
    ],
)
def test_a_created_order_is_valid_r4_by_two_validators(sig: Sig) -> None:
    order = json.loads(new_medication_order(*APIXABAN, sig, "P1", "E1", replaces="MedicationRequest/7"))
    assert problems(order) == []
    MedicationRequest.model_validate(order)


def test_a_created_order_is_a_draft_for_this_patient() -> None:
    order = json.loads(new_medication_order(*APIXABAN, TWICE, "P1", "E1"))
    assert (order["status"], order["intent"]) == ("draft", "order")
    assert order["subject"] == {"reference": "Patient/P1"}
    assert order["encounter"] == {"reference": "Encounter/E1"}
    assert "id" not in order
    assert "priorPrescription" not in order


def test_a_test_is_ordered_by_loinc_and_a_referral_in_words() -> None:
    test = json.loads(new_service_order("INR", "P1", None, "6301-6", "INR in Platelet poor plasma"))
    referral = json.loads(new_service_order("Drug allergy assessment", "P1", "E1"))
    for order in (test, referral):
        assert problems(order) == []
        ServiceRequest.model_validate(order)
    assert test["code"]["coding"] == [
        {"system": "http://loinc.org", "code": "6301-6", "display": "INR in Platelet poor plasma"}
    ]
    assert referral["code"] == {"text": "Drug allergy assessment"}


def test_an_incomplete_order_is_refused_by_the_check() -> None:
    assert problems({"resourceType": "MedicationRequest", "status": "draft", "intent": "order"})


@pytest.mark.parametrize(
    ("sig", "words"),
    [
        (EVERY_6_HOURS, "Take 1 tablet by mouth every 6 hours as needed, max 3000 mg per day"),
        (TWICE, "Take 2 capsules by mouth twice a day for 7 days"),
        (Sig(1, "spray", "nasal", as_needed=True), "Use 1 spray into the nose as needed"),
        (Sig(0.5, "mL", "subcutaneous", times_per_day=3), "Inject 0.5 mL under the skin 3 times a day"),
    ],
)
def test_a_dosage_is_said_in_a_sentence(sig: Sig, words: str) -> None:
    assert sentence(sig) == words


@pytest.mark.requirement("CH-137")
def test_another_dose_changes_the_number_its_sentence_and_the_narrative_only() -> None:
    dosage = ".dosageInstruction[0]"
    after = change_dose(sent(), 1, "Take 1 tablet by mouth every 6 hours as needed")
    assert changed(sent(), after) == {
        f"{dosage}.doseAndRate[0].doseQuantity.value",
        f"{dosage}.text",
        ".text.status",
        ".text.div",
    }
    assert json.loads(after or b"")["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] == 1


def test_untouched_members_keep_their_bytes() -> None:
    """1.10 stays 1.10: a value with two digits says something else than 1.1."""
    before = sent().replace(b"1.1}", b"1.10}")
    assert b'"valueDecimal": 1.10' in (change_dose(before, 1, "Take 1 tablet by mouth every 6 hours") or b"")


def test_another_frequency_changes_the_repetition_and_its_sentence_only() -> None:
    repeat = ".dosageInstruction[0].timing.repeat"
    after = change_frequency(sent(), 2, "Take 2 tablets by mouth twice a day as needed")
    assert changed(sent(), after) - {".text.status", ".text.div"} == {
        ".dosageInstruction[0].text",
        f"{repeat}.frequency",
        f"{repeat}.period",
        f"{repeat}.periodUnit",
    }


def test_a_timing_code_goes_with_the_frequency_it_names() -> None:
    dosage = {"timing": {"code": {"text": "QID"}}, "doseAndRate": ORDER["dosageInstruction"][0]["doseAndRate"]}
    after = json.loads(change_frequency(sent(dosageInstruction=[dosage]), 2, None) or b"{}")
    assert after["dosageInstruction"][0]["timing"] == {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}


def test_another_product_takes_the_old_medication_and_its_quantity_away() -> None:
    after = json.loads(change_product(sent(), *APIXABAN, TWICE) or b"{}")
    assert problems(after) == []
    assert [each["id"] for each in after["contained"]] == ["doc"]
    assert after["dispenseRequest"] == {"numberOfRepeatsAllowed": 1}
    assert "medicationReference" not in after
    assert after["medicationCodeableConcept"]["coding"][0]["code"] == "1364435"
    kept = ("id", "meta", "extension", "identifier", "status", "intent", "subject", "requester")
    assert {name: after[name] for name in kept} == {name: ORDER[name] for name in kept}


def test_the_last_contained_medication_takes_the_list_with_it() -> None:
    """R4 has no empty arrays."""
    order = {**ORDER, "contained": ORDER["contained"][:1], "dispenseRequest": {"quantity": {"value": 60}}}
    after = json.loads(change_product(sent(order), *APIXABAN, TWICE) or b"{}")
    assert "contained" not in after
    assert "dispenseRequest" not in after


SIMPLE = ORDER["dosageInstruction"][0]
NOT_SIMPLE = {
    "two instructions": {"dosageInstruction": [SIMPLE, SIMPLE]},
    "no instruction": {"dosageInstruction": []},
    "not an instruction": {"dosageInstruction": "twice"},
    "a patient's instruction besides": {"dosageInstruction": [{**SIMPLE, "patientInstruction": "with food"}]},
    "a maximum at a time": {"dosageInstruction": [{**SIMPLE, "maxDosePerAdministration": {"value": 2}}]},
    "STU3": {"dosageInstruction": [{"doseQuantity": {"value": 2}}]},
    "a narrative of its own": {"text": {"status": "additional", "div": "<div>and more</div>"}},
    "a narrative nobody can read": {"text": "2 tablets"},
}


@pytest.mark.parametrize("members", NOT_SIMPLE.values(), ids=NOT_SIMPLE)
def test_an_order_that_is_not_simple_is_not_patched(members: dict[str, Any]) -> None:
    assert change_dose(sent(**members), 1, "Take 1 tablet") is None
    assert change_frequency(sent(**members), 2, "Take 2 tablets twice a day") is None


@pytest.mark.parametrize(
    "rate",
    [
        [],
        [{"doseRange": {"high": {"value": 2}}}],
        [{"doseQuantity": {"value": 2}, "rateQuantity": {"value": 1}}],
        [{"doseQuantity": {"unit": "tablet"}}],
        [{"doseQuantity": 2}],
    ],
)
def test_a_dose_that_is_no_single_amount_is_not_changed(rate: Any) -> None:
    assert change_dose(sent(dosageInstruction=[{**SIMPLE, "doseAndRate": rate}]), 1, "Take 1 tablet") is None


@pytest.mark.parametrize(
    "timing",
    [
        {"event": ["2026-11-20"]},
        {"repeat": {"dayOfWeek": ["mon"], "frequency": 1, "period": 1, "periodUnit": "d"}},
        {"repeat": {"count": 3, "frequency": 1, "period": 1, "periodUnit": "d"}},
        "BID",
    ],
)
def test_a_schedule_that_is_more_than_a_frequency_is_not_changed(timing: Any) -> None:
    assert change_frequency(sent(dosageInstruction=[{**SIMPLE, "timing": timing}]), 2, "twice a day") is None


def test_without_words_for_it_a_sentence_is_not_left_behind() -> None:
    assert change_dose(sent(), 1, None) is None
    assert change_frequency(sent(), 2, None) is None


@pytest.mark.parametrize(
    "members",
    [
        {"medicationReference": None, "medication": {"concept": {}}},
        {"text": {"status": "additional"}},
        {"contained": "a drug"},
        {"medicationReference": "#med"},
        {"dispenseRequest": 60},
    ],
)
def test_an_order_of_another_shape_gets_no_other_product(members: dict[str, Any]) -> None:
    order = {name: member for name, member in {**ORDER, **members}.items() if member is not None}
    assert change_product(sent(order), *APIXABAN, TWICE) is None


def test_only_an_order_with_an_id_can_be_pointed_at() -> None:
    assert own_reference(sent()) == "MedicationRequest/order-1"
    assert own_reference(b'{"resourceType": "MedicationRequest"}') is None
    assert own_reference(b'{"resourceType": "MedicationRequest", "id": 7}') is None


def test_times_are_said_as_people_say_them() -> None:
    assert [say_times(each) for each in (1, 2, 4)] == ["once a day", "twice a day", "4 times a day"]
