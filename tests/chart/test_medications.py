"""Which drugs count as taken, which drafts as ordered, and when two records are one drug."""

from typing import Any

import pytest

from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Items, Reason
from tests.support.gathered import chart_of, daily, the_drug, the_order
from tests.support.requests import PatientCase, a_patient, bundle, coded, dosage, medication_request, outcome

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
WARFARIN, IBUPROFEN = "855332", "197806"
PATIENT = a_patient("P1")


def statement(id: str, rxcui: str, status: str = "active", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationStatement",
        "id": id,
        "status": status,
        "medicationCodeableConcept": coded(RXNORM, rxcui),
        "subject": {"reference": "Patient/P1"},
        **members,
    }


def references(items: Items[Drug]) -> list[str]:
    return [drug.reference for drug in items.items]


@pytest.mark.parametrize("status", ["active", "on-hold", "unknown", None])
def test_an_active_or_paused_order_is_on_the_list_with_its_status(status: str | None) -> None:
    drug = the_drug(chart_of(PATIENT.taking(WARFARIN, status=status)))
    assert drug.status == (status or "unknown")


@pytest.mark.parametrize("status", ["stopped", "completed", "cancelled", "entered-in-error", "draft"])
def test_an_order_that_is_over_or_never_was_is_not_on_the_list(status: str) -> None:
    chart = chart_of(PATIENT.taking(WARFARIN, status=status))
    assert chart.medications == Items((), complete=True, reason=None)


@pytest.mark.parametrize("intent", ["order", "original-order", "reflex-order", "filler-order", "instance-order", None])
def test_orders_of_every_kind_are_taken(intent: str | None) -> None:
    assert the_drug(chart_of(PATIENT.taking(WARFARIN, intent=intent))).reference == "MedicationRequest/med1"


@pytest.mark.parametrize("intent", ["proposal", "plan", "option"])
def test_what_is_only_planned_is_not_taken(intent: str) -> None:
    chart = chart_of(PATIENT.taking(WARFARIN, intent=intent))
    assert chart.medications.items == ()
    assert f"MedicationRequest/med1 is a {intent}" in chart.notes


@pytest.mark.parametrize(
    "who",
    [
        {"reportedBoolean": True},
        {"requester": {"reference": "Patient/P1"}},
        {"requester": {"reference": "https://ehr.example/fhir/RelatedPerson/7"}},
    ],
)
def test_a_plan_that_reports_what_the_patient_takes_counts(who: dict[str, Any]) -> None:
    assert the_drug(chart_of(PATIENT.taking(IBUPROFEN, intent="plan", **who))).rxcui == IBUPROFEN


def test_an_order_not_to_give_a_drug_is_not_taken() -> None:
    assert chart_of(PATIENT.taking(WARFARIN, doNotPerform=True)).medications.items == ()


@pytest.mark.parametrize(
    ("status", "taken"), [("active", True), ("intended", True), ("not-taken", False), ("stopped", False)]
)
def test_statements_say_what_is_taken_too(status: str, taken: bool) -> None:
    chart = chart_of(PATIENT.adding("statements", statement("s1", WARFARIN, status)))
    assert references(chart.medications) == (["MedicationStatement/s1"] if taken else [])


def test_stu3_not_taken_is_believed() -> None:
    assert chart_of(PATIENT.adding("statements", statement("s1", WARFARIN, taken="n"))).medications.items == ()


def test_a_missing_medication_list_is_not_an_empty_one() -> None:
    assert chart_of(PATIENT.without("medications")).medications == Items((), reason=Reason.NOT_SENT)
    assert chart_of(PATIENT).medications == Items((), complete=True, reason=None)


@pytest.mark.requirement("CH-073")
def test_null_means_asked_and_none_recorded() -> None:
    assert chart_of(PATIENT.key("medications", None)).medications == Items((), complete=True, reason=None)


@pytest.mark.requirement("CH-074")
def test_an_error_in_place_of_the_list_leaves_it_unread() -> None:
    chart = chart_of(PATIENT.key("medications", outcome("forbidden")))
    assert (chart.medications.complete, chart.medications.reason) == (False, Reason.REFUSED)


@pytest.mark.parametrize("unsent", [{"without": True}, {"refused": True}])
def test_statements_that_never_arrived_are_noted_and_leave_the_list_whole(unsent: dict[str, bool]) -> None:
    case = PATIENT.taking(WARFARIN)
    chart = chart_of(
        case.without("statements") if "without" in unsent else case.key("statements", outcome("forbidden"))
    )
    assert chart.medications.complete
    assert any(note.startswith("medication statements: ") for note in chart.notes)


def test_a_truncated_list_keeps_what_it_has_and_is_not_whole() -> None:
    more = [{"relation": "next", "url": "https://ehr.example/2"}]
    pages = {
        "medications": bundle(medication_request("1", WARFARIN), link=more),
        "statements": bundle(statement("1", WARFARIN), link=more),
    }
    for key, page in pages.items():
        items = chart_of(PATIENT.key(key, page)).medications
        assert (items.complete, items.reason) == (False, Reason.TRUNCATED)
        assert len(items.items) == 1


def test_a_resource_that_cannot_be_read_leaves_an_unrecognised_item() -> None:
    page = bundle(medication_request("1", WARFARIN), "not a resource")  # type: ignore[arg-type]
    items = chart_of(PATIENT.key("medications", page)).medications
    assert len(items.items) == 1
    assert len(items.unrecognised) == 1
    assert not items.complete


@pytest.mark.requirement("CH-081")
@pytest.mark.parametrize("key", ["medications", "statements"])
def test_another_patients_drug_is_dropped_and_the_list_is_not_whole(key: str) -> None:
    foreign = {"subject": {"reference": "Patient/P2"}}
    resource = (
        medication_request("9", WARFARIN, **foreign) if key == "medications" else statement("9", WARFARIN, **foreign)
    )
    chart = chart_of(PATIENT.taking(IBUPROFEN).adding(key, resource))
    assert [drug.rxcui for drug in chart.medications.items] == [IBUPROFEN]
    assert (chart.medications.complete, chart.medications.reason) == (False, Reason.MALFORMED)
    assert any("/9 is another patient's" in note for note in chart.notes)


@pytest.mark.parametrize("subject", ["Patient/P1", "https://ehr.example/fhir/Patient/P1", None])
def test_the_patients_own_drug_is_kept_however_the_patient_is_referred_to(subject: str | None) -> None:
    reference = {"subject": {"reference": subject}} if subject else {}
    case = PATIENT.adding("medications", medication_request("1", WARFARIN, **reference))
    assert the_drug(chart_of(case)).rxcui == WARFARIN


def test_urn_references_to_patient_and_medication_are_resolved_in_the_bundle() -> None:
    request = {
        "resourceType": "MedicationRequest",
        "id": "1",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "urn:uuid:pppp"},
        "medicationReference": {"reference": "urn:uuid:mmmm"},
    }
    medication = {"resourceType": "Medication", "id": "m", "code": coded(RXNORM, WARFARIN)}
    page = bundle(request)
    page["entry"] += [
        {"fullUrl": "urn:uuid:mmmm", "resource": medication, "search": {"mode": "include"}},
        {"fullUrl": "urn:uuid:pppp", "resource": PATIENT.patient, "search": {"mode": "include"}},
    ]
    assert the_drug(chart_of(PATIENT.key("medications", page))).rxcui == WARFARIN


def test_what_is_dated_after_now_is_ignored_and_noted() -> None:
    future = "2026-11-20T12:00:01Z"
    case = PATIENT.taking(WARFARIN, authoredOn=future).adding(
        "statements", statement("s", IBUPROFEN, dateAsserted=future)
    )
    chart = chart_of(case.adding("statements", statement("t", IBUPROFEN, effectiveDateTime="2026-12-01")))
    assert chart.medications.items == ()
    assert {note for note in chart.notes if "after now" in note} == {
        "MedicationRequest/med1 is dated after now",
        "MedicationStatement/s is dated after now",
        "MedicationStatement/t is dated after now",
    }


def test_an_intended_drug_may_start_later() -> None:
    later = statement("s", IBUPROFEN, "intended", effectivePeriod={"start": "2026-12-01"})
    assert the_drug(chart_of(PATIENT.adding("statements", later))).rxcui == IBUPROFEN


def in_bounds(end: str | None) -> dict[str, Any]:
    given = dosage(1, 2)
    if end:
        given["timing"]["repeat"]["boundsPeriod"] = {"start": "2020-01-01", "end": end}
    return given


def test_a_course_that_is_certainly_over_is_left_out_and_noted() -> None:
    chart = chart_of(PATIENT.taking(WARFARIN, dosageInstruction=[in_bounds("2020-01-10")]))
    assert chart.medications.items == ()
    assert "MedicationRequest/med1 is over by its own dates" in chart.notes


@pytest.mark.parametrize("ends", [["2026-11-20"], ["2020-01-10", None], ["someday"], ["2027-01-01"]])
def test_a_course_that_may_still_run_stays(ends: list[str | None]) -> None:
    assert the_drug(chart_of(PATIENT.taking(WARFARIN, dosageInstruction=[in_bounds(end) for end in ends])))


def test_a_statement_of_a_period_that_ended_is_left_out() -> None:
    ended = statement("s", WARFARIN, effectivePeriod={"start": "2019-01-01", "end": "2019-02-01"})
    assert chart_of(PATIENT.adding("statements", ended)).medications.items == ()


def test_a_prescription_that_may_no_longer_be_dispensed_stays_and_is_noted() -> None:
    chart = chart_of(PATIENT.taking(WARFARIN, dispenseRequest={"validityPeriod": {"end": "2024-01-01"}}))
    assert the_drug(chart).rxcui == WARFARIN
    assert "MedicationRequest/med1 may no longer be dispensed; it is still active" in chart.notes


def test_one_odd_member_never_loses_an_order() -> None:
    chart = chart_of(PATIENT.taking(WARFARIN, authoredOn={"odd": True}))
    assert the_drug(chart).rxcui == WARFARIN
    assert "MedicationRequest/med1: authoredOn could not be read" in chart.notes


def test_records_without_an_id_get_a_reference_of_their_own() -> None:
    nameless = {key: value for key, value in medication_request("", WARFARIN).items() if key != "id"}
    other = {key: value for key, value in medication_request("", IBUPROFEN).items() if key != "id"}
    chart = chart_of(PATIENT.adding("medications", nameless).adding("medications", other))
    assert references(chart.medications) == ["MedicationRequest/unnamed-1", "MedicationRequest/unnamed-2"]


def test_the_same_resource_twice_is_one() -> None:
    chart = chart_of(PATIENT.taking(WARFARIN, id="1", per_day=1, dose=1).taking(WARFARIN, id="1", per_day=2, dose=1))
    assert daily(the_drug(chart)) == {"11289": 5}


def test_yearly_renewals_of_one_product_are_one_drug_the_newest() -> None:
    case = PATIENT
    for year in (2023, 2025, 2024):
        case = case.taking(WARFARIN, id=str(year), authoredOn=f"{year}-01-01", dose=1, per_day=1)
    chart = chart_of(case)
    assert the_drug(chart).reference == "MedicationRequest/2025"
    assert "MedicationRequest/2023 is the same as MedicationRequest/2025" in chart.notes


def test_the_same_product_in_two_doses_is_two_orders() -> None:
    chart = chart_of(PATIENT.taking(WARFARIN, dose=1, per_day=1).taking(WARFARIN, dose=2, per_day=1))
    assert len(chart.medications.items) == 2


def test_the_same_product_scheduled_and_as_needed_is_two_orders() -> None:
    scheduled, needed = ({**dosage(1, 4), "asNeededBoolean": flag} for flag in (False, True))
    case = PATIENT.taking("1049221", dosageInstruction=[scheduled]).taking("1049221", dosageInstruction=[needed])
    assert len(chart_of(case).medications.items) == 2


def test_two_strengths_are_two_orders() -> None:
    assert len(chart_of(PATIENT.taking("313988").taking("310429")).medications.items) == 2


def test_brand_and_generic_orders_are_two_for_both_may_be_taken() -> None:
    assert len(chart_of(PATIENT.taking("855633").taking("206905").taking("310965")).medications.items) == 3


@pytest.mark.parametrize("said", ["313988", "4603", "315971"])
def test_a_statement_of_what_is_ordered_is_the_same_drug(said: str) -> None:
    case = PATIENT.taking("313988", dose=1, per_day=1).adding("statements", statement("s", said))
    chart = chart_of(case)
    assert the_drug(chart).reference == "MedicationRequest/med1"
    assert "MedicationStatement/s is the same as MedicationRequest/med1" in chart.notes


@pytest.mark.parametrize("said", ["310429", "1719286", "861007"])
def test_a_statement_of_another_strength_form_or_drug_is_another_drug(said: str) -> None:
    case = PATIENT.taking("313988", dose=1, per_day=1).adding("statements", statement("s", said))
    assert len(chart_of(case).medications.items) == 2


def test_a_statement_based_on_an_order_is_that_order() -> None:
    based = statement("s", "310429", basedOn=[{"reference": "MedicationRequest/med1"}])
    chart = chart_of(PATIENT.taking("313988").adding("statements", based))
    assert the_drug(chart).reference == "MedicationRequest/med1"


def test_a_record_with_a_dose_is_preferred_and_one_on_hold_is_not() -> None:
    dosed = PATIENT.taking(WARFARIN, id="bare").taking(WARFARIN, id="dosed", dose=1, per_day=1)
    held = PATIENT.taking(WARFARIN, id="held", status="on-hold", dose=1, per_day=1).taking(WARFARIN, id="active")
    assert the_drug(chart_of(dosed)).reference == "MedicationRequest/dosed"
    assert the_drug(chart_of(held)).reference == "MedicationRequest/active"


def test_unrecognised_drugs_are_named() -> None:
    chart = chart_of(
        PATIENT.adding(
            "medications", {**medication_request("1", "0"), "medicationCodeableConcept": {"text": "Herbal tea"}}
        )
    )
    (item,) = chart.medications.unrecognised
    assert (item.text, item.reference) == ("Herbal tea", "MedicationRequest/1")


def test_a_compound_is_a_drug_and_names_what_is_left_over() -> None:
    contained = {
        "resourceType": "Medication",
        "id": "c",
        "ingredient": [{"itemCodeableConcept": coded(RXNORM, "161")}, {"itemCodeableConcept": {"text": "Unobtainium"}}],
    }
    request = medication_request("1", "0", contained=[contained], medicationReference={"reference": "#c"})
    del request["medicationCodeableConcept"]
    chart = chart_of(PATIENT.adding("medications", request))
    assert the_drug(chart).ingredient_rxcuis == ("161",)
    assert [item.text for item in chart.medications.unrecognised] == ["Unobtainium"]


def test_drafts_become_orders_with_their_received_bytes() -> None:
    order = the_order(chart_of(PATIENT.ordering(IBUPROFEN, dose=1, per_day=3)))
    assert (order.reference, order.is_draft, order.name) == ("MedicationRequest/order1", True, "ibuprofen 600 mg")
    assert b'"resourceType": "MedicationRequest"' in order.original
    assert daily(order) == {"5640": 1800}


def test_the_selected_draft_of_an_order_select_call_is_marked() -> None:
    chart = chart_of(PATIENT.ordering(IBUPROFEN).ordering(WARFARIN).order_select("MedicationRequest/order1"))
    assert [order.selected for order in chart.orders.items] == [True, False]
    assert [order.rxcui for order in chart.focus] == [IBUPROFEN]


@pytest.mark.parametrize(
    "drug", [{}, {"medicationCodeableConcept": {"text": "Herbal tea"}}, {"medicationReference": {}}]
)
def test_a_draft_nobody_can_place_is_unrecognised_and_never_lost(drug: dict[str, Any]) -> None:
    draft = {"resourceType": "MedicationRequest", "id": "d", "status": "draft", "intent": "order", **drug}
    orders = chart_of(PATIENT.drafting(draft)).orders
    assert orders.items == ()
    assert [item.reference for item in orders.unrecognised] == ["MedicationRequest/d"]


def test_drafts_of_other_kinds_are_no_drugs() -> None:
    other = {"resourceType": "ServiceRequest", "id": "s", "status": "draft", "intent": "order"}
    assert chart_of(PATIENT.drafting(other)).orders == Items((), complete=True, reason=None)


def test_a_draft_that_cannot_be_read_is_unrecognised() -> None:
    orders = chart_of(PATIENT.drafting("rubbish").ordering(WARFARIN)).orders
    assert len(orders.items) == 1
    assert len(orders.unrecognised) == 1


@pytest.mark.parametrize("end", [{"status": "stopped"}, {"status": "cancelled"}, {"doNotPerform": True}])
def test_a_draft_that_stops_an_order_takes_it_off_the_list(end: dict[str, Any]) -> None:
    chart = chart_of(PATIENT.taking(WARFARIN, id="w").ordering(WARFARIN, **{"id": "w", **end}))
    assert chart.orders.items == ()
    assert chart.medications.items == ()
    assert "MedicationRequest/w is withdrawn by a draft" in chart.notes


def test_a_stopped_draft_without_an_id_stops_nothing() -> None:
    draft = {key: value for key, value in medication_request("", WARFARIN, status="stopped").items() if key != "id"}
    assert the_drug(chart_of(PATIENT.taking(WARFARIN).drafting(draft))).rxcui == WARFARIN


@pytest.mark.parametrize(
    ("category", "inpatient"),
    [(None, False), ("inpatient", True), ("outpatient", False), ("community", False), ("unheard-of", False)],
)
def test_the_category_says_where_an_order_is_carried_out(category: str | None, inpatient: bool) -> None:
    members = {"category": {"coding": [{"code": category}]}} if category else {}  # an object, as the sandbox sends it
    assert the_order(chart_of(PATIENT.ordering(WARFARIN, **members))).inpatient is inpatient


def hospital(case: PatientCase) -> PatientCase:
    return case.key(
        "encounter", {"resourceType": "Encounter", "id": "E1", "status": "in-progress", "class": {"code": "IMP"}}
    )


def test_without_a_category_the_encounter_says_it() -> None:
    request = hospital(PATIENT.ordering(WARFARIN)).order_sign()
    request["context"]["encounterId"] = "E1"
    chart = chart_of(request)
    assert chart.inpatient
    assert the_order(chart).inpatient
