"""Allergies: what they are to, how sure, how bad, and what an empty list means."""

from typing import Any

import pytest

from cds_service.chart.drugs import Allergy, Coded
from cds_service.chart.facts import Items, Reason
from tests.support.gathered import chart_of
from tests.support.requests import PatientCase, a_patient, coded

SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NDFRT = "http://rxnav.nlm.nih.gov/REST/Ndfrt"
PATIENT = a_patient("P1")


def the_allergy(case: PatientCase) -> Allergy:
    (allergy,) = chart_of(case).allergies.items
    return allergy


def worded(text: str | None, **members: Any) -> PatientCase:
    """An allergy without a code; without a text, one that names nothing."""
    code = {"code": {"text": text}} if text else {}
    return PATIENT.adding("allergies", {"resourceType": "AllergyIntolerance", "id": "allergy1", **code, **members})


@pytest.mark.parametrize(
    ("code", "name", "ingredients"),
    [
        ("7980", "Penicillin G", ("7980",)),
        ("308191", "amoxicillin 500 MG Oral Capsule", ("723",)),
        ("42844", "Percocet", ("161", "7804")),
        ("1049221", "combination", ("161", "7804")),
    ],
)
def test_rxnorm_ingredients_products_and_brands_resolve_to_ingredients(
    code: str, name: str, ingredients: tuple[str, ...]
) -> None:
    allergy = the_allergy(PATIENT.allergic_to(code, name))
    assert (allergy.ingredients, allergy.name) == (ingredients, name)
    assert allergy.codes == (Coded(RXNORM, code, name),)


@pytest.mark.parametrize(
    "text",
    [
        "ibuprofen",
        "Allergy to ibuprofen",
        "Ibuprofen allergy",
        "Ibuprofen (substance)",
        "Allergy to ibuprofen (finding)",
    ],
)
def test_a_text_that_is_exactly_a_drug_is_recognised(text: str) -> None:
    assert the_allergy(worded(text)).ingredients == ("5640",)


def test_a_text_nobody_can_place_is_unrecognised() -> None:
    allergies = chart_of(worded("blue tablets")).allergies
    assert allergies.items == ()
    assert [item.text for item in allergies.unrecognised] == ["blue tablets"]
    assert allergies.complete


def test_an_unknown_drug_code_alone_is_unrecognised() -> None:
    (item,) = chart_of(PATIENT.allergic_to("0", "mystery drug")).allergies.unrecognised
    assert item.text == "mystery drug"


def test_an_allergy_without_any_name_is_still_there() -> None:
    (item,) = chart_of(worded(None)).allergies.unrecognised
    assert item.text == "an allergy without a name"


def test_a_snomed_class_is_kept_as_a_code() -> None:
    allergy = the_allergy(PATIENT.allergic_to("373270004", "Penicillin class", SNOMED))
    assert allergy.codes == (Coded(SNOMED, "373270004", "Penicillin class"),)
    assert allergy.ingredients == ()


def test_a_snomed_substance_with_a_drugs_name_has_its_ingredient_too() -> None:
    allergy = the_allergy(PATIENT.allergic_to("387207008", "Ibuprofen (substance)", SNOMED))
    assert allergy.ingredients == ("5640",)


def test_a_drug_class_stands_for_its_members() -> None:
    # N0000175722 is the EPC "Nonsteroidal Anti-inflammatory Drug".
    allergy = the_allergy(PATIENT.allergic_to("N0000175722", "NSAIDs", NDFRT))
    assert allergy.ingredients == ("1191", "3355", "5640")
    assert allergy.codes[0].system == "http://hl7.org/fhir/ndfrt"


def test_the_substance_of_the_reaction_counts_where_the_code_says_nothing() -> None:
    allergy = the_allergy(worded("see reaction", reaction=[{"substance": coded(RXNORM, "723", "amoxicillin")}]))
    assert allergy.ingredients == ("723",)
    assert allergy.name == "see reaction"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("716186003", "No known allergies"),
        ("409137002", "No known drug allergy"),
        ("428607008", "No known environmental allergy"),
    ],
)
def test_a_no_known_allergy_code_leaves_a_list_that_was_read_and_is_empty(code: str, text: str) -> None:
    assert chart_of(PATIENT.allergic_to(code, text, SNOMED)).allergies == Items((), complete=True, reason=None)


@pytest.mark.parametrize("text", ["NKDA", "nka", "No known allergies.", "No Known Drug Allergy (situation)"])
def test_a_no_known_allergy_wording_does_too(text: str) -> None:
    assert chart_of(worded(text)).allergies == Items((), complete=True, reason=None)


def test_no_known_allergy_beside_a_real_one_is_outvoted_and_noted() -> None:
    chart = chart_of(PATIENT.allergic_to("716186003", "No known allergies", SNOMED).allergic_to("7980"))
    assert [allergy.ingredients for allergy in chart.allergies.items] == [("7980",)]
    assert any("AllergyIntolerance/allergy1 says that none" in note for note in chart.notes)


def test_no_known_allergy_never_makes_an_unread_list_whole() -> None:
    page = {
        "resourceType": "Bundle",
        "entry": [{"resource": PATIENT.allergic_to("716186003", "", SNOMED).lists["allergies"][0]}],
        "link": [{"relation": "next", "url": "https://ehr.example/2"}],
    }
    assert chart_of(PATIENT.key("allergies", page)).allergies == Items((), reason=Reason.TRUNCATED)


@pytest.mark.requirement("CH-082")
def test_unsent_allergies_are_not_no_allergies() -> None:
    assert chart_of(PATIENT.without("allergies")).allergies == Items((), reason=Reason.NOT_SENT)
    assert chart_of(PATIENT).allergies == Items((), complete=True, reason=None)


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
@pytest.mark.parametrize("shape", ["R4", "STU3", "text"])
def test_what_was_refuted_or_a_mistake_is_dropped(status: str, shape: str) -> None:
    written = {"R4": {"coding": [{"code": status}]}, "STU3": status, "text": {"text": status.capitalize()}}[shape]
    assert chart_of(PATIENT.allergic_to("7980", verificationStatus=written)).allergies.items == ()


@pytest.mark.parametrize(
    ("status", "active"),
    [("active", True), ("inactive", False), ("resolved", False), (None, True), ("recurrence", True)],
)
def test_an_inactive_allergy_is_kept_as_such(status: str | None, active: bool) -> None:
    assert the_allergy(PATIENT.allergic_to("7980", clinicalStatus=status)).active is active


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"type": "intolerance"}, {"kind": "intolerance"}),
        ({"type": "side effect"}, {"kind": "unknown"}),
        ({"verificationStatus": {"coding": [{"code": "unconfirmed"}]}}, {"certainty": "unconfirmed"}),
        ({"verificationStatus": None}, {"certainty": "unknown"}),
        ({"criticality": "high"}, {"criticality": "high"}),
        ({"criticality": "unable-to-assess"}, {"criticality": "unknown"}),
        ({"category": ["medication"]}, {"categories": ("medication",)}),
        ({"category": "food"}, {"categories": ("food",)}),
    ],
)
def test_kind_certainty_and_criticality_are_read(members: dict[str, Any], expected: dict[str, Any]) -> None:
    allergy = the_allergy(PATIENT.allergic_to("7980", **members))
    assert {name: getattr(allergy, name) for name in expected} == expected


def reaction(**members: Any) -> list[dict[str, Any]]:
    return [members]


@pytest.mark.parametrize(
    ("reactions", "severe"),
    [
        (reaction(severity="severe"), True),
        (reaction(severity="mild", manifestation=[coded(SNOMED, "271807003", "skin rash")]), False),
        (reaction(manifestation=[coded(SNOMED, "39579001")]), True),
        (reaction(manifestation=[{"text": "Anaphylactic reaction"}]), True),
        (reaction(manifestation=[{"text": "Stevens-Johnson syndrome"}]), True),
        (reaction(description="angioedema of the lips"), True),
        (reaction(description="no anaphylaxis, just a rash"), False),
        (reaction(manifestation=[{"text": "dressing rash"}]), False),
        ([], False),
    ],
)
def test_a_severe_reaction_is_known_by_grade_code_or_wording(reactions: list[dict[str, Any]], severe: bool) -> None:
    assert the_allergy(PATIENT.allergic_to("7980", reaction=reactions)).severe is severe


def test_reactions_are_named_once_each() -> None:
    reactions = [{"manifestation": [{"text": "Hives"}, {"text": "Cough"}]}, {"manifestation": [{"text": "Hives"}, {}]}]
    assert the_allergy(PATIENT.allergic_to("7980", reaction=reactions)).reactions == ("Hives", "Cough")


@pytest.mark.requirement("CH-081")
def test_another_patients_allergy_is_dropped_and_the_list_is_not_whole() -> None:
    chart = chart_of(PATIENT.allergic_to("7980", patient={"reference": "Patient/P2"}))
    assert chart.allergies == Items((), complete=False, reason=Reason.MALFORMED)


def test_an_allergy_recorded_after_now_is_ignored_and_noted() -> None:
    chart = chart_of(PATIENT.allergic_to("7980", recordedDate="2027-01-01"))
    assert chart.allergies == Items((), complete=True, reason=None)
    assert "AllergyIntolerance/allergy1 is dated after now" in chart.notes
