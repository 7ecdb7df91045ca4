"""Which drug a chart means: codes first, then exact names, never a guess."""

from typing import Any

import msgspec
import pytest

from cds_service.chart.drugs import RecognisedBy
from cds_service.chart.recognise import Medications, Placed, Vocabulary, recognise
from cds_service.fhir.resources import Medication, MedicationRequest
from cds_service.terminology.products import Strength
from tests.support.small_terminology import SmallTerminology

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NDC = "http://hl7.org/fhir/sid/ndc"
LOCAL = "https://ehr.example/drugs"
SMALL = SmallTerminology()


def coding(system: str, code: str, display: str | None = None) -> dict[str, str]:
    return {"system": system, "code": code, **({"display": display} if display else {})}


def order(*codings: dict[str, str], text: str | None = None, **members: Any) -> MedicationRequest:
    concept = {"coding": codings, **({"text": text} if text else {})}
    return msgspec.convert({"medicationCodeableConcept": concept, **members}, MedicationRequest)


def place(
    request: MedicationRequest,
    medications: tuple[dict[str, Any], ...] = (),
    code_map: dict[tuple[str, str], tuple[str, str]] | None = None,
    urls: dict[str, str] | None = None,
) -> Placed | str:
    resources = [msgspec.convert({"resourceType": "Medication", **each}, Medication) for each in medications]
    return recognise(request, Medications.of(resources, urls or {}), Vocabulary(SMALL, code_map or {}))


def placed(found: Placed | str) -> tuple[str, RecognisedBy]:
    assert isinstance(found, Placed)
    return found.product.rxcui, found.by


@pytest.mark.parametrize(
    ("code", "rxcui"),
    [
        (coding(RXNORM, "855332"), "855332"),
        (coding(f"{RXNORM}/", " 855332 "), "855332"),
        (coding("urn:oid:2.16.840.1.113883.6.88", "855332"), "855332"),
        (coding(NDC, "00093172101"), "855332"),
        (coding(NDC, "0093-1721-01"), "855332"),
        (coding(RXNORM, "315971", "Lasix 40mg"), "315971"),
        (coding(RXNORM, "751905"), "751905"),
    ],
)
def test_rxnorm_codes_of_every_kind_and_ndcs_are_recognised_by_code(code: dict[str, str], rxcui: str) -> None:
    assert placed(place(order(code))) == (rxcui, RecognisedBy.CODE)


def test_the_code_map_of_the_site_comes_first() -> None:
    code_map = {(LOCAL, "W5"): (RXNORM, "855332"), (LOCAL, "BAD"): (RXNORM, "0")}
    assert placed(place(order(coding(LOCAL, "W5")), code_map=code_map)) == ("855332", RecognisedBy.LOCAL_CODE)
    both = order(coding(RXNORM, "312961"), coding(LOCAL, "W5"))
    assert placed(place(both, code_map=code_map)) == ("855332", RecognisedBy.LOCAL_CODE)
    dead_end = order(coding(LOCAL, "BAD"), coding(RXNORM, "312961"))
    assert placed(place(dead_end, code_map=code_map)) == ("312961", RecognisedBy.CODE)


def test_the_closest_of_several_codes_counts() -> None:
    assert placed(place(order(coding(RXNORM, "11289"), coding(RXNORM, "855332"))))[0] == "855332"


def test_codes_for_different_drugs_contradict_each_other_and_neither_is_believed() -> None:
    found = place(order(coding(RXNORM, "855332"), coding(RXNORM, "197806"), text="Coumadin 5"))
    assert found == "Coumadin 5"


@pytest.mark.parametrize("text", ["warfarin sodium 5 MG Oral Tablet", "WARFARIN SODIUM 5 MG ORAL TABLET", "Percocet"])
def test_an_exact_name_is_recognised_by_name(text: str) -> None:
    found = place(order(text=text))
    assert isinstance(found, Placed)
    assert found.by is RecognisedBy.NAME


def test_the_display_of_an_unknown_code_is_tried_as_a_name() -> None:
    assert placed(place(order(coding(LOCAL, "1", "Lasix")))) == ("202991", RecognisedBy.NAME)


@pytest.mark.parametrize("text", ["warfarin 5", "warfarrin", "warfarin tablets", "St John's wort"])
def test_a_name_that_is_only_similar_is_not_recognised(text: str) -> None:
    assert place(order(text=text)) == text


def test_an_unknown_code_is_named_by_what_the_chart_calls_it() -> None:
    assert place(order(coding(RXNORM, "999999999", "Herbal mixture"))) == "Herbal mixture"
    assert place(order(coding(RXNORM, "999999999"))) == "999999999"
    assert place(order(coding(RXNORM, ""))) == "a drug without a name"
    assert place(MedicationRequest()) == "a drug without a name"


WARFARIN = {"id": "m1", "code": {"coding": [coding(RXNORM, "855332")]}}


def referring(reference: str, display: str | None = None, **members: Any) -> MedicationRequest:
    target = {"reference": reference, **({"display": display} if display else {})}
    return msgspec.convert({"medicationReference": target, **members}, MedicationRequest)


def test_referenced_medications_are_found_however_they_are_referred_to() -> None:
    urls = {"urn:uuid:7f3a": "Medication/m1"}
    for reference in ("Medication/m1", "https://ehr.example/fhir/Medication/m1/_history/2", "urn:uuid:7f3a"):
        assert placed(place(referring(reference), (WARFARIN,), urls=urls)) == ("855332", RecognisedBy.CODE)


def test_contained_medications_are_found() -> None:
    contained = [{"resourceType": "Medication", **WARFARIN}, {"resourceType": "Practitioner", "id": "p"}]
    assert placed(place(referring("#m1", contained=contained)))[0] == "855332"
    assert place(referring("#p", "warfarrin", contained=contained)) == "warfarrin"
    assert place(referring("#other", contained=contained)) == "a drug without a name"


def test_an_external_medication_is_recognised_by_its_display_or_named_by_it() -> None:
    assert placed(place(referring("Medication/x", "Lasix"))) == ("202991", RecognisedBy.NAME)
    assert place(referring("Medication/x", "Herbal mixture")) == "Herbal mixture"


def test_a_medication_that_nobody_can_place_is_named_by_its_own_text() -> None:
    assert place(referring("Medication/m2"), ({"id": "m2", "code": {"text": "Cream 7"}},)) == "Cream 7"
    assert place(referring("Medication/m2"), ({"id": "m2"},)) == "a drug without a name"


def compound(*ingredients: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"id": "c1", "ingredient": ingredients, **members}


def test_a_compound_is_recognised_by_its_ingredients_and_their_strengths() -> None:
    ratio = {"numerator": {"value": 0.5, "unit": "g"}, "denominator": {"value": 5, "unit": "mL"}}
    found = place(
        referring("Medication/c1"),
        (
            compound(
                {"itemCodeableConcept": {"coding": [coding(RXNORM, "161")]}, "strength": ratio},
                {"itemReference": {"reference": "Medication/m1"}},
                code={"text": "Mixture A"},
            ),
            WARFARIN,
        ),
    )
    assert isinstance(found, Placed)
    assert [(each.rxcui, each.strength) for each in found.product.ingredients] == [
        ("161", Strength(100.0, "mg/mL")),  # 500 mg in 5 mL
        ("11289", Strength(5.0, "mg")),
    ]
    assert (found.text, found.left_over, found.by) == ("Mixture A", (), RecognisedBy.CODE)


def test_an_ingredient_that_cannot_be_placed_is_left_over_and_named() -> None:
    found = place(
        referring("Medication/c1"),
        (
            compound(
                {"itemCodeableConcept": {"text": "warfarin"}},
                {"itemCodeableConcept": {"text": "Unobtainium"}},
                {"itemReference": {"reference": "Medication/x", "display": "Base cream"}},
                {},
            ),
        ),
    )
    assert isinstance(found, Placed)
    assert found.by is RecognisedBy.NAME
    assert found.left_over == ("Unobtainium", "Base cream", "a drug without a name")


def test_a_compound_of_unknown_ingredients_is_unrecognised() -> None:
    medication = compound({"itemCodeableConcept": {"text": "Unobtainium"}}, code={"text": "Mixture B"})
    assert place(referring("Medication/c1"), (medication,)) == "Mixture B"


@pytest.mark.parametrize(
    ("numerator", "denominator"),
    [({"value": 1, "unit": "drop"}, {"value": 1}), ({"value": 5, "unit": "mg"}, {"value": 1, "unit": "g"})]
)  # fmt: skip
def test_a_strength_in_other_units_is_not_guessed(numerator: dict[str, Any], denominator: dict[str, Any]) -> None:
    part = {
        "itemCodeableConcept": {"text": "warfarin"},
        "strength": {"numerator": numerator, "denominator": denominator},
    }
    found = place(referring("Medication/c1"), (compound(part),))
    assert isinstance(found, Placed)
    assert found.product.ingredients[0].strength is None
