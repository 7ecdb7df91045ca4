"""When the token of a request is used, and when the call goes on without it."""

from typing import Any

import pytest

from cds_service.errors import BadRequest
from cds_service.hooks.request import HookRequest, parse_request
from tests.support.requests import a_patient, body

TOKEN = {
    "access_token": "some-opaque-token",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "user/Patient.read user/Observation.read",
    "subject": "cds-service4",
}


def with_token(fhir_server: str | None = "https://ehr.example.org/fhir", **changes: Any) -> HookRequest:
    token = {name: value for name, value in {**TOKEN, **changes}.items() if value is not None}
    request = a_patient("P1").patient_view(fhirServer=fhir_server, fhirAuthorization=token)
    return parse_request(body(request), "patient-view")


def test_a_complete_token_is_used() -> None:
    request = with_token()
    assert request.authorization is not None
    assert request.authorization.expires_in == 300
    assert request.authorization.subject == "cds-service4"
    assert request.notes == ()


@pytest.mark.requirement("CH-089")
def test_the_token_does_not_show_when_the_request_is_printed() -> None:
    assert "some-opaque-token" not in repr(with_token())


@pytest.mark.requirement("CH-085")
@pytest.mark.parametrize("name", ["access_token", "token_type", "scope", "subject"])
def test_a_token_that_lacks_a_member_is_not_used(name: str) -> None:
    request = with_token(**{name: None})
    assert request.authorization is None
    assert request.notes == (f"fhirAuthorization not used: {name} missing",)


@pytest.mark.parametrize(
    ("lifetime", "read"), [(None, 60), (0, 60), (-5, 60), ("soon", 60), ("9" * 12, 60), ("3600", 3600), (3600, 3600)]
)
def test_a_lifetime_that_is_missing_or_odd_is_taken_as_short(lifetime: Any, read: int) -> None:
    request = with_token(expires_in=lifetime)
    assert request.authorization is not None
    assert request.authorization.expires_in == read


@pytest.mark.requirement("CH-093")
def test_a_token_for_another_patient_is_not_used() -> None:
    assert with_token(patient="P2").authorization is None
    used = with_token(patient="Patient/P1").authorization
    assert used is not None
    assert used.patient == "P1"


def test_a_token_that_is_no_bearer_token_or_no_object_is_not_used() -> None:
    assert with_token(token_type="MAC").authorization is None
    assert with_token(scope=["a"]).authorization is None
    request = a_patient().patient_view(fhirServer="https://ehr.example.org", fhirAuthorization="token")
    assert parse_request(body(request), "patient-view").authorization is None


@pytest.mark.requirement("CH-033")
def test_a_token_without_a_server_to_send_it_to_is_refused() -> None:
    with pytest.raises(BadRequest) as caught:
        with_token(fhir_server=None)
    assert caught.value.element == "fhirServer"
