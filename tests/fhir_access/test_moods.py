"""An EHR in twelve moods: what is not known is said with its reason, and the answer comes in time."""

import time
from collections.abc import Callable

import pytest
from pytest_httpserver import HTTPServer

from cds_service.fhir.received import KeyResult, Reason
from tests.fhir_access.conftest import Door
from tests.support import fake_ehr
from tests.support.fake_ehr import FakeEhr, Mood
from tests.support.requests import PatientCase, a_patient, bundle

DEADLINE_S = 0.4
WARFARIN, IBUPROFEN = "855332", "310965"

LISTS = ("medications", "statements", "allergies", "conditions", "labs", "vitals")


def on_warfarin() -> PatientCase:
    return a_patient("P1").taking(WARFARIN, "warfarin", dose=1, per_day=1).ordering(IBUPROFEN, "ibuprofen")


@pytest.mark.parametrize(
    ("mood", "expected"),
    [
        (fake_ehr.slow, Reason.TIMED_OUT),
        (fake_ehr.dripping, Reason.TIMED_OUT),
        (fake_ehr.unauthorized, Reason.REFUSED),
        (fake_ehr.forbidden, Reason.REFUSED),
        (fake_ehr.not_found, Reason.NOT_SENT),
        (fake_ehr.busy, Reason.REFUSED),
        (fake_ehr.broken, Reason.MALFORMED),
        (fake_ehr.html, Reason.MALFORMED),
    ],
)
@pytest.mark.requirement("CH-075")
def test_every_failure_leaves_every_list_unknown_with_its_reason(
    door_with: Callable[..., Door], ehr: FakeEhr, mood: Mood, expected: Reason
) -> None:
    door, ehr.case, ehr.moods["*"] = door_with(seconds=DEADLINE_S), on_warfarin(), mood
    request = door.request(on_warfarin().order_sign(prefetch={}))
    started = time.monotonic()
    received = door.fetch(request)
    assert time.monotonic() - started < DEADLINE_S + 1
    assert {key: received.prefetch[key] for key in LISTS} == {key: KeyResult(reason=expected) for key in LISTS}


@pytest.mark.requirement("CH-037")
@pytest.mark.parametrize(
    "mood",
    [
        fake_ehr.slow,
        fake_ehr.dripping,
        fake_ehr.unauthorized,
        fake_ehr.forbidden,
        fake_ehr.not_found,
        fake_ehr.busy,
        fake_ehr.broken,
        fake_ehr.html,
        fake_ehr.truncated,
        fake_ehr.of_another_patient,
    ],
)
def test_the_answer_goes_out_in_time_and_names_the_allergies_that_could_not_be_checked(
    door_with: Callable[..., Door], ehr: FakeEhr, mood: Mood
) -> None:
    case = on_warfarin().allergic_to("7980", "penicillin G")
    door, ehr.case, ehr.moods["AllergyIntolerance"] = door_with(seconds=DEADLINE_S), case, mood
    started = time.monotonic()
    response = door.answer(door.request(case.order_sign(prefetch={})))
    assert time.monotonic() - started < DEADLINE_S + 1
    said = " ".join(card.summary + (card.detail or "") for card in response.cards)
    assert "allergy list" in said
    assert any(card.indicator != "info" for card in response.cards)  # the rest was checked: warfarin with ibuprofen


@pytest.mark.requirement("CH-038")
@pytest.mark.requirement("CH-076")
@pytest.mark.requirement("CH-088")
def test_a_good_server_gives_the_cards_that_prefetch_gives(door: Door, ehr: FakeEhr) -> None:
    ehr.case = (
        on_warfarin()
        .allergic_to("7980", "penicillin G")
        .with_lab("6301-6", 4.8, "{INR}", "2026-11-18")
        .with_condition("40930008", "hypothyroidism")
    )
    by_prefetch = door.answer(ehr.case.order_sign())
    assert ehr.asked == []
    by_token = door.answer(door.request(ehr.case.order_sign(prefetch={})))
    assert [(card.summary, card.detail) for card in by_token.cards] == [
        (card.summary, card.detail) for card in by_prefetch.cards
    ]
    assert by_token.cards
    assert {request.headers["Authorization"] for request in ehr.asked} == {f"Bearer {fake_ehr.TOKEN}"}


@pytest.mark.requirement("CH-070")
@pytest.mark.requirement("CH-072")
@pytest.mark.requirement("CH-076")
def test_exactly_what_is_missing_is_asked_for(door: Door, ehr: FakeEhr) -> None:
    ehr.case = on_warfarin()
    received = door.fetch(door.request(ehr.case.without("allergies", "labs").order_sign()))
    assert ehr.types_asked == ["AllergyIntolerance", "Observation"]
    assert received.prefetch["allergies"].complete
    assert received.prefetch["labs"].complete
    assert "read from the FHIR server: allergies, labs" in received.notes


@pytest.mark.requirement("CH-079")
def test_a_truncated_prefetch_is_read_to_its_end(door: Door, ehr: FakeEhr) -> None:
    ehr.case = on_warfarin().taking("308136", "amlodipine")
    first, second = ehr.case.lists["medications"]
    cut = bundle(first, link=[{"relation": "next", "url": f"{ehr.base}/MedicationRequest?page=2"}])
    received = door.fetch(door.request(ehr.case.key("medications", cut).order_sign()))
    assert [each.id for each in received.prefetch["medications"].resources] == [first["id"], second["id"]]
    assert received.prefetch["medications"].complete


@pytest.mark.requirement("CH-079")
def test_pages_are_followed_to_the_last(door: Door, ehr: FakeEhr) -> None:
    def two_pages(ehr: FakeEhr, request: fake_ehr.Request) -> fake_ehr.Response:
        first, second = ehr.case.lists["medications"]
        if "page" in request.args:
            return fake_ehr.send(bundle(second, total=2))
        return fake_ehr.send(bundle(first, total=2, link=[{"relation": "next", "url": f"{request.url}&page=2"}]))

    ehr.case, ehr.moods["MedicationRequest"] = on_warfarin().taking("308136", "amlodipine"), two_pages
    received = door.fetch(door.request(ehr.case.without("medications").order_sign()))
    assert len(received.prefetch["medications"].resources) == 2
    assert received.prefetch["medications"].complete
    assert ehr.types_asked == ["MedicationRequest", "MedicationRequest"]


def test_a_last_page_that_never_comes_leaves_the_list_truncated(door_with: Callable[..., Door], ehr: FakeEhr) -> None:
    def second_page_slow(ehr: FakeEhr, request: fake_ehr.Request) -> fake_ehr.Response:
        return (fake_ehr.slow if "page" in request.args else fake_ehr.truncated)(ehr, request)

    ehr.case, ehr.moods["MedicationRequest"] = on_warfarin(), second_page_slow
    door = door_with(seconds=DEADLINE_S)
    found = door.fetch(door.request(ehr.case.without("medications").order_sign())).prefetch["medications"]
    assert (len(found.resources), found.complete, found.reason) == (1, False, Reason.TRUNCATED)


def test_pages_without_end_are_given_up_as_truncated(door: Door, ehr: FakeEhr) -> None:
    def endless(ehr: FakeEhr, request: fake_ehr.Request) -> fake_ehr.Response:
        return fake_ehr.send({**ehr.good_body(request), "link": [{"relation": "next", "url": request.url}]})

    ehr.case, ehr.moods["MedicationRequest"] = on_warfarin(), endless
    found = door.fetch(door.request(ehr.case.without("medications").order_sign())).prefetch["medications"]
    assert (found.complete, found.reason) == (False, Reason.TRUNCATED)
    assert len(ehr.asked) == 10


def test_an_answer_without_end_is_given_up_as_truncated(door: Door, ehr: FakeEhr) -> None:
    def flood(ehr: FakeEhr, request: fake_ehr.Request) -> fake_ehr.Response:
        return fake_ehr.Response((b" " * 100_000 for _ in range(1_000)), content_type="application/fhir+json")

    ehr.moods["Condition"] = flood
    found = door.fetch(door.request(a_patient("P1").without("conditions").patient_view())).prefetch["conditions"]
    assert found == KeyResult(reason=Reason.TRUNCATED)


@pytest.mark.requirement("CH-079")
@pytest.mark.requirement("CH-095")
def test_a_next_link_to_another_origin_is_not_followed(door: Door, ehr: FakeEhr, elsewhere_server: HTTPServer) -> None:
    ehr.case = on_warfarin()
    ehr.moods["MedicationRequest"] = fake_ehr.elsewhere(elsewhere_server.url_for("/fhir/MedicationRequest?page=2"))
    found = door.fetch(door.request(ehr.case.without("medications").order_sign())).prefetch["medications"]
    assert (len(found.resources), found.complete, found.reason) == (1, False, Reason.TRUNCATED)
    assert elsewhere_server.log == []


@pytest.mark.requirement("CH-094")
def test_a_redirect_is_not_followed(door: Door, ehr: FakeEhr, elsewhere_server: HTTPServer) -> None:
    def redirect(ehr: FakeEhr, request: fake_ehr.Request) -> fake_ehr.Response:
        return fake_ehr.Response(status=302, headers={"Location": elsewhere_server.url_for("/fhir/Condition")})

    ehr.moods["Condition"] = redirect
    found = door.fetch(door.request(a_patient("P1").without("conditions").patient_view())).prefetch["conditions"]
    assert found == KeyResult(reason=Reason.MALFORMED)
    assert elsewhere_server.log == []


@pytest.mark.requirement("CH-081")
def test_another_patients_data_is_dropped_and_nothing_is_concluded(door: Door, ehr: FakeEhr) -> None:
    ehr.case, ehr.moods["*"] = on_warfarin().allergic_to("7980", "penicillin G"), fake_ehr.of_another_patient
    door.answer(door.request(ehr.case.order_sign(prefetch={})))
    chart = door.records[0].chart
    assert (chart.medications.items, chart.medications.complete) == ((), False)
    assert (chart.allergies.items, chart.allergies.complete) == ((), False)


def test_an_encounter_that_is_not_there_is_none_and_a_patient_that_is_not_there_is_unknown(
    door: Door, ehr: FakeEhr
) -> None:
    ehr.moods = {"Encounter": fake_ehr.not_found, "Patient": fake_ehr.not_found}
    request = door.request(a_patient("P1").without("patient").patient_view())
    request["context"]["encounterId"] = "E1"
    prefetch = door.fetch(request).prefetch
    assert prefetch["encounter"] == KeyResult(complete=True, reason=None)
    assert prefetch["patient"] == KeyResult(reason=Reason.MALFORMED)


def test_null_from_a_server_is_not_none_recorded(door: Door, ehr: FakeEhr) -> None:
    ehr.moods["Condition"] = lambda ehr, request: fake_ehr.send(None)
    found = door.fetch(door.request(a_patient("P1").without("conditions").patient_view())).prefetch["conditions"]
    assert found == KeyResult(reason=Reason.MALFORMED)
