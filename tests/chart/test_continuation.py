"""A draft that renews an active medication takes its place and knows how the dose changed."""

from typing import Any

import pytest

from tests.support.gathered import chart_of, the_order
from tests.support.requests import a_patient, medication_request

PATIENT = a_patient("P1")
FUROSEMIDE_40, FUROSEMIDE_20, LASIX_40 = "313988", "310429", "315971"


def test_the_same_id_continues() -> None:
    chart = chart_of(PATIENT.taking(FUROSEMIDE_40, id="f").ordering(FUROSEMIDE_20, id="f"))
    order = the_order(chart)
    assert order.continues == "MedicationRequest/f"
    assert chart.medications.items == ()
    assert chart.continued[order.reference].rxcui == FUROSEMIDE_40


@pytest.mark.parametrize(
    "link",
    [
        {"priorPrescription": {"reference": "MedicationRequest/med1"}},
        {"priorPrescription": {"reference": "https://ehr.example/fhir/MedicationRequest/med1"}},
        {"basedOn": [{"reference": "CarePlan/1"}, {"reference": "MedicationRequest/med1"}]},
    ],
)
def test_a_link_to_the_earlier_order_continues_in_another_strength(link: dict[str, Any]) -> None:
    case = PATIENT.taking(FUROSEMIDE_40, dose=1, per_day=1).ordering(FUROSEMIDE_20, dose=1, per_day=1, **link)
    order = the_order(chart_of(case))
    assert (order.continues, order.dose_change) == ("MedicationRequest/med1", "decreased")


@pytest.mark.parametrize("active", [FUROSEMIDE_40, LASIX_40])
def test_equal_ingredient_strength_and_form_continue(active: str) -> None:
    chart = chart_of(PATIENT.taking(active).ordering(FUROSEMIDE_40))
    assert the_order(chart).continues == "MedicationRequest/med1"
    assert chart.medications.items == ()
    assert len(chart.drugs) == 1


@pytest.mark.parametrize("active", [FUROSEMIDE_20, "1719286", "4603", "861007"])
def test_another_strength_form_or_drug_is_new(active: str) -> None:
    chart = chart_of(PATIENT.taking(active).ordering(FUROSEMIDE_40))
    order = the_order(chart)
    assert (order.continues, order.dose_change) == (None, None)
    assert len(chart.drugs) == 2


@pytest.mark.parametrize(
    ("before", "after", "change"), [(1, 1, "same"), (1, 2, "increased"), (2, 1, "decreased"), (None, 1, "unknown")]
)
def test_the_dose_change_is_known_when_both_doses_are(before: int | None, after: int, change: str) -> None:
    members = {"dose": before, "per_day": 1} if before else {}
    case = PATIENT.taking(FUROSEMIDE_40, **members).ordering(FUROSEMIDE_40, dose=after, per_day=1)
    assert the_order(chart_of(case)).dose_change == change


def test_one_medication_is_continued_by_one_draft_only() -> None:
    chart = chart_of(PATIENT.taking(FUROSEMIDE_40).ordering(FUROSEMIDE_40).ordering(FUROSEMIDE_40))
    assert [order.continues for order in chart.orders.items] == ["MedicationRequest/med1", None]


def test_a_stated_link_goes_before_likeness() -> None:
    linked = {"priorPrescription": {"reference": "MedicationRequest/med1"}}
    chart = chart_of(PATIENT.taking(FUROSEMIDE_40).ordering(FUROSEMIDE_40).ordering(FUROSEMIDE_40, **linked))
    assert [order.continues for order in chart.orders.items] == [None, "MedicationRequest/med1"]


def test_a_link_to_a_record_that_was_merged_continues_the_one_that_stayed() -> None:
    case = PATIENT.taking(FUROSEMIDE_40, id="old", authoredOn="2024-01-01")
    case = case.taking(FUROSEMIDE_40, id="new", authoredOn="2025-01-01")
    chart = chart_of(case.ordering(FUROSEMIDE_20, priorPrescription={"reference": "MedicationRequest/old"}))
    assert the_order(chart).continues == "MedicationRequest/new"


def test_a_prior_prescription_of_another_drug_is_replaced_and_the_change_is_unknown() -> None:
    case = PATIENT.taking("855332", dose=1, per_day=1)
    order = the_order(
        chart_of(case.ordering("1364445", dose=1, per_day=2, priorPrescription={"reference": "MedicationRequest/med1"}))
    )
    assert (order.continues, order.dose_change) == ("MedicationRequest/med1", "unknown")


def test_an_unrecognised_medication_that_a_draft_replaces_is_no_longer_listed() -> None:
    local = {**medication_request("x", "0"), "medicationCodeableConcept": {"text": "Local furosemide"}}
    chart = chart_of(
        PATIENT.adding("medications", local).ordering(
            FUROSEMIDE_40, priorPrescription={"reference": "MedicationRequest/x"}
        )
    )
    assert chart.medications.unrecognised == ()


def test_the_same_product_is_continued_before_another_with_the_same_content() -> None:
    case = PATIENT.taking(LASIX_40, id="component").taking(FUROSEMIDE_40, id="tablet")
    assert the_order(chart_of(case.ordering(FUROSEMIDE_40))).continues == "MedicationRequest/tablet"
