"""Who may be asked with which token, and what stays secret."""

import logging
from collections.abc import Callable

import pytest
from pytest_httpserver import HTTPServer

from cds_service.errors import NoToken
from cds_service.fhir.fetch import FhirAccess
from cds_service.fhir.received import KeyResult, Reason
from cds_service.hooks.authorization import Authorization
from tests.fhir_access.conftest import Door, authorization
from tests.support import fake_ehr
from tests.support.fake_ehr import TOKEN, FakeEhr
from tests.support.requests import RXNORM, a_patient, bundle, coded, medication_request

BARE = a_patient("P1").without("allergies")
WARFARIN = {"resourceType": "Medication", "id": "m1", "code": coded(RXNORM, "855332")}
NOT_LISTED = "FHIR server not asked: fhirServer is not one of this client's FHIR servers"


@pytest.mark.requirement("CH-094")
@pytest.mark.parametrize(
    "server",
    [
        "http://127.0.0.1:{port}/fhir",
        "http://localhost:{port}/fhir",
        "http://[::1]:{port}/fhir",
        "http://2130706433:{port}/fhir",
        "http://169.254.169.254/latest/meta-data",
        "http://ehr.example.org@127.0.0.1:{port}/fhir",
        "http://127.0.0.1:{port}/fhir/../admin",
        "http://127.0.0.1:{port}\\@ehr.example.org/fhir",
        "https://ehr.example.org.evil.example/fhir",
    ],
)
def test_a_server_that_is_not_listed_gets_no_request(
    door_with: Callable[..., Door], elsewhere_server: HTTPServer, server: str
) -> None:
    door = door_with(access=FhirAccess(bases=("https://ehr.example.org/fhir",)))
    request = door.request(BARE.patient_view(), fhirServer=server.format(port=elsewhere_server.port))
    received = door.fetch(request)
    assert received.prefetch["allergies"] == KeyResult()
    assert NOT_LISTED in received.notes
    assert elsewhere_server.log == []
    assert door.fall_back.clients == {}


@pytest.mark.requirement("CH-094")
def test_a_listed_server_on_this_machine_gets_no_request_outside_dev(
    door_with: Callable[..., Door], ehr: FakeEhr
) -> None:
    door = door_with(dev=False)
    assert NOT_LISTED in door.fetch(door.request(BARE.patient_view())).notes
    assert ehr.asked == []


@pytest.mark.requirement("CH-093")
def test_a_token_for_another_patient_is_not_used(door: Door, ehr: FakeEhr) -> None:
    request = door.request(BARE.patient_view(), fhirAuthorization=authorization(patient="P2"))
    received = door.fetch(request)
    assert received.prefetch["allergies"] == KeyResult()
    assert "fhirAuthorization not used: it is for another patient" in received.notes
    assert ehr.asked == []


@pytest.mark.requirement("CH-092")
def test_a_token_issued_to_another_oauth_client_is_not_used(door_with: Callable[..., Door], ehr: FakeEhr) -> None:
    door = door_with(access=FhirAccess(bases=(ehr.base,), client_id="our-client-id"))
    stolen = authorization(subject="another-app")
    received = door.fetch(door.request(BARE.patient_view(), fhirAuthorization=stolen))
    assert "FHIR server not asked: no token: fhirAuthorization was issued to another OAuth client" in received.notes
    assert ehr.asked == []
    assert door.fetch(door.request(BARE.patient_view())).prefetch["allergies"].complete


@pytest.mark.requirement("CH-085")
@pytest.mark.requirement("CH-086")
def test_without_a_token_nothing_is_asked(door: Door, ehr: FakeEhr) -> None:
    request = BARE.patient_view(fhirServer=ehr.base)
    assert door.fetch(request).prefetch["allergies"] == KeyResult()
    broken = door.request(BARE.patient_view(), fhirAuthorization={"access_token": TOKEN})
    assert door.fetch(broken).prefetch["allergies"] == KeyResult()
    assert ehr.asked == []


@pytest.mark.requirement("CH-091")
@pytest.mark.parametrize("scope", ["patient/Condition.rs", "patient/AllergyIntolerance.r", "patient/*.write", "openid"])
def test_what_the_scopes_do_not_grant_is_refused_without_asking(door: Door, ehr: FakeEhr, scope: str) -> None:
    received = door.fetch(door.request(BARE.patient_view(), fhirAuthorization=authorization(scope=scope)))
    assert received.prefetch["allergies"] == KeyResult(reason=Reason.REFUSED)
    assert ehr.asked == []


@pytest.mark.requirement("CH-091")
@pytest.mark.parametrize("scope", ["patient/AllergyIntolerance.read", "user/*.*", "user/AllergyIntolerance.s"])
def test_what_either_version_of_scopes_grants_is_asked(door: Door, ehr: FakeEhr, scope: str) -> None:
    received = door.fetch(door.request(BARE.patient_view(), fhirAuthorization=authorization(scope=scope)))
    assert received.prefetch["allergies"] == KeyResult(complete=True, reason=None)
    assert ehr.types_asked == ["AllergyIntolerance"]


def test_scopes_for_one_category_give_values_but_prove_no_absence(door: Door, ehr: FakeEhr) -> None:
    ehr.case = a_patient("P1").with_lab("6301-6", 2.4, "{INR}", "2026-11-18")
    scope = "patient/Observation.rs?category=laboratory"
    request = door.request(ehr.case.without("labs").patient_view(), fhirAuthorization=authorization(scope=scope))
    labs = door.fetch(request).prefetch["labs"]
    assert (len(labs.resources), labs.complete, labs.reason) == (1, False, Reason.REFUSED)
    assert ehr.asked[0].args["category"] == "laboratory"


@pytest.mark.requirement("CH-083")
def test_an_encounter_nobody_named_is_not_asked_for(door: Door, ehr: FakeEhr) -> None:
    received = door.fetch(door.request(BARE.patient_view()))
    assert received.prefetch["encounter"] == KeyResult(reason=Reason.NOT_REQUESTED)
    assert "Encounter" not in ehr.types_asked


def test_a_code_that_the_client_never_asked_for_is_asked_for(door: Door, ehr: FakeEhr) -> None:
    """Clients keep discovery: the self link of what they send shows the code list they still have."""
    old = {"relation": "self", "url": f"{ehr.base}/Observation?patient=P1&code=http://loinc.org|6301-6"}
    ehr.case = a_patient("P1").with_lab("2160-0", 1.1, "mg/dL", "2026-11-18")
    received = door.fetch(door.request(ehr.case.key("labs", bundle(link=[old])).patient_view()))
    assert [each.id for each in received.prefetch["labs"].resources] == ["labs1"]


def test_what_the_client_sent_is_kept_when_the_server_gives_less(door: Door, ehr: FakeEhr) -> None:
    cut = bundle(*a_patient("P1").taking("855332").lists["medications"], total=7)
    ehr.moods["MedicationRequest"] = fake_ehr.broken
    found = door.fetch(door.request(a_patient("P1").key("medications", cut).patient_view())).prefetch["medications"]
    assert (len(found.resources), found.reason) == (1, Reason.TRUNCATED)


class TestMedicationsReferredTo:
    """`medicationReference` to a Medication that did not come along."""

    def order(self, reference: str) -> dict[str, object]:
        order = medication_request("r1", "0", subject={"reference": "Patient/P1"})
        del order["medicationCodeableConcept"]
        return {**order, "medicationReference": {"reference": reference, "display": "the pink one"}}

    def test_they_are_read_in_one_search_and_recognised(self, door: Door, ehr: FakeEhr) -> None:
        ehr.medications = (WARFARIN,)
        case = a_patient("P1").adding("medications", self.order("Medication/m1"))
        case = case.adding("medications", {**self.order(f"{ehr.base}/Medication/m2"), "id": "r2"})
        door.answer(door.request(case.ordering("310965").order_sign()))
        assert [request.args["_id"] for request in ehr.asked] == ["m1,m2"]
        assert [drug.rxcui for drug in door.records[0].chart.medications.items] == ["855332"]
        assert [each.text for each in door.records[0].chart.medications.unrecognised] == ["the pink one"]

    def test_they_are_read_when_nothing_else_is_lacking_fifty_at_most(self, door: Door, ehr: FakeEhr) -> None:
        case = a_patient("P1").key("encounter", None)
        for number in range(60):
            case = case.adding("medications", {**self.order(f"Medication/m{number}"), "id": f"r{number}"})
        received = door.fetch(door.request(case.patient_view()))
        assert len(ehr.asked[0].args["_id"].split(",")) == 50
        assert "medications referred to: only the first 50 of 60 were asked for" in received.notes

    def test_those_of_fetched_requests_are_read_too(self, door: Door, ehr: FakeEhr) -> None:
        ehr.medications = (WARFARIN,)
        ehr.case = a_patient("P1").adding("medications", self.order("Medication/m1"))
        received = door.fetch(door.request(ehr.case.without("medications").patient_view()))
        assert [each.id for each in received.supporting] == ["m1"]
        assert "medications referred to: read 1 of 1" in received.notes

    @pytest.mark.requirement("CH-095")
    @pytest.mark.parametrize(
        "reference", ["https://other.example/fhir/Medication/m1", "#m1", "urn:uuid:7", "Substance/m1"]
    )
    def test_references_that_lead_elsewhere_are_left_alone(self, door: Door, ehr: FakeEhr, reference: str) -> None:
        case = a_patient("P1").adding("medications", self.order(reference))
        door.fetch(door.request(case.patient_view()))
        assert ehr.asked == []

    def test_without_the_scope_they_stay_unrecognised(self, door: Door, ehr: FakeEhr) -> None:
        case = a_patient("P1").adding("medications", self.order("Medication/m1"))
        narrow = authorization(scope="patient/MedicationRequest.rs")
        received = door.fetch(door.request(case.patient_view(), fhirAuthorization=narrow))
        assert "medications referred to: read 0 of 1: refused" in received.notes
        assert ehr.asked == []


class TestTokensOfOurOwn:
    """Backend Services: where a call brings no token and the client is set up for it."""

    OWN = Authorization(access_token=TOKEN, scope="system/*.rs", subject="our-client-id")

    def test_they_are_used_when_the_call_brings_none(self, door_with: Callable[..., Door], ehr: FakeEhr) -> None:
        bases = []

        def own_token(base: str, deadline: float) -> Authorization:
            bases.append(base)
            return self.OWN

        door = door_with(access=FhirAccess((ehr.base,), "our-client-id", own_token))
        assert door.fetch(BARE.patient_view()).prefetch["allergies"].complete
        assert bases == [ehr.base]

    def test_they_are_not_asked_for_when_nothing_is_lacking(self, door_with: Callable[..., Door], ehr: FakeEhr) -> None:
        def own_token(base: str, deadline: float) -> Authorization:
            raise AssertionError("not needed")

        whole = a_patient("P1").key("encounter", None)
        door_with(access=FhirAccess((ehr.base,), None, own_token)).fetch(whole.patient_view())

    @pytest.mark.requirement("CH-093")
    def test_they_do_not_stand_in_for_a_token_of_another_patient(
        self, door_with: Callable[..., Door], ehr: FakeEhr
    ) -> None:
        def own_token(base: str, deadline: float) -> Authorization:
            raise AssertionError("a token came, for somebody else")

        foreign = {"access_token": TOKEN, "token_type": "Bearer", "scope": "user/*.read", "subject": "s"}
        request = BARE.patient_view(fhirServer=ehr.base, fhirAuthorization={**foreign, "patient": "SOMEBODY-ELSE"})
        received = door_with(access=FhirAccess((ehr.base,), None, own_token)).fetch(request)
        assert not received.prefetch["allergies"].complete
        assert ehr.asked == []

    def test_a_server_that_gives_none_is_noted(self, door_with: Callable[..., Door], ehr: FakeEhr) -> None:
        def own_token(base: str, deadline: float) -> Authorization:
            raise NoToken("invalid_client")

        door = door_with(access=FhirAccess((ehr.base,), None, own_token))
        received = door.fetch(BARE.patient_view())
        assert "FHIR server not asked: no token: invalid_client" in received.notes
        assert received.prefetch["allergies"] == KeyResult()

    def test_the_server_of_the_call_must_be_listed_all_the_same(
        self, door_with: Callable[..., Door], ehr: FakeEhr, elsewhere_server: HTTPServer
    ) -> None:
        door = door_with(access=FhirAccess((ehr.base,), None, lambda base, deadline: self.OWN))
        received = door.fetch(BARE.patient_view(fhirServer=elsewhere_server.url_for("/fhir")))
        assert NOT_LISTED in received.notes
        assert elsewhere_server.log == []


@pytest.mark.requirement("CH-089")
def test_the_token_is_in_no_log_line_no_record_and_no_representation(
    door: Door, ehr: FakeEhr, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ehr.case = a_patient("P1").allergic_to("7980", "penicillin G").ordering("310965")
    response = door.answer(door.request(ehr.case.without("allergies").order_sign()))
    ours = [record.getMessage() for record in caplog.records if record.name != "werkzeug"]  # the fake EHR's own log
    seen = f"{ours} {response} {door.records} {door.fall_back.run_ahead.kept} {vars(door.fall_back)}"
    assert ehr.asked
    assert TOKEN not in seen
    assert not any("P1" in line for line in ours)


@pytest.mark.requirement("CH-089")
def test_cookies_of_one_patients_answer_do_not_travel_with_the_next(door: Door, ehr: FakeEhr) -> None:
    def setting_a_cookie(ehr: FakeEhr, request: fake_ehr.Request) -> fake_ehr.Response:
        response = fake_ehr.good(ehr, request)
        response.set_cookie("session", "of-patient-1")
        return response

    ehr.moods["*"] = setting_a_cookie
    door.fetch(door.request(BARE.patient_view()))
    door.fetch(door.request(a_patient("P1").without("conditions").patient_view()))
    assert len(ehr.asked) == 2
    assert not any("Cookie" in request.headers for request in ehr.asked)
