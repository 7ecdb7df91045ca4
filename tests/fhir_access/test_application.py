"""The service as it is put together: each client's own FHIR servers, and one clock for the whole call."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from cds_service.app import Application
from cds_service.edge import access_of, open_backend_tokens, open_fall_back, refuse_addresses
from cds_service.errors import BadSettings
from cds_service.record.decision import DecisionRecord
from cds_service.settings import Settings
from cds_service.trust.callers import Caller
from cds_service.trust.client import Client
from cds_service.trust.signing_keys import create_keys
from tests.fhir_access.conftest import authorization
from tests.support import fake_ehr
from tests.support.fake_ehr import FakeEhr
from tests.support.requests import a_patient, body

PRODUCTION = Settings(profile="production")


def a_client(**members: Any) -> Client:
    return Client(name="general-hospital", issuers=("https://ehr.example.org",), **members)


@pytest.fixture
def application(application: Application, tmp_path: Path) -> Application:
    """The service with a home of its own."""
    settings = application.settings.model_copy(update={"home": tmp_path})
    return replace(application, settings=settings)


@pytest.fixture
def ask(application: Application, ehr: FakeEhr) -> Callable[..., DecisionRecord]:
    """Sign an order as a client with these members, its request with these; gives the decision."""

    def ask(client: Client, asking: Client | None = None, within_ms: int = 3000, **members: Any) -> DecisionRecord:
        settings = application.settings.model_copy(update={"answer_within_ms": within_ms})
        records: list[DecisionRecord] = []
        served = replace(
            application,
            settings=settings,
            fetch=open_fall_back(settings, (client,)),
            write=lambda record, milliseconds: records.append(record),
        )
        service = next(each for each in served.release.services if each.hook == "order-sign")
        request = {"fhirServer": ehr.base, "fhirAuthorization": authorization(), **members}
        case = a_patient("P1").ordering("310965").without("allergies")
        caller = Caller(asking or client, (asking or client).name)
        served.answer(body(case.order_sign(**request)), service, caller)
        return records[0]

    return ask


def test_a_clients_own_server_is_asked(ask: Callable[..., DecisionRecord], ehr: FakeEhr) -> None:
    ehr.case = a_patient("P1").allergic_to("7980", "penicillin G")
    record = ask(a_client(fhir_servers=(ehr.base,)))
    assert record.key_states["allergies"] == "read, 1 item"


def test_another_clients_server_is_not(ask: Callable[..., DecisionRecord], ehr: FakeEhr) -> None:
    other = a_client(fhir_servers=("https://other.example.org/fhir",)).model_copy(update={"name": "other"})
    record = ask(a_client(fhir_servers=(ehr.base,)), asking=other)
    assert record.key_states["allergies"] == "not sent"
    assert ehr.asked == []


@pytest.mark.requirement("CH-037")
def test_a_silent_server_leaves_time_to_answer(ask: Callable[..., DecisionRecord], ehr: FakeEhr) -> None:
    ehr.moods["*"] = fake_ehr.slow
    started = time.monotonic()
    record = ask(a_client(fhir_servers=(ehr.base,)), within_ms=400)
    assert time.monotonic() - started < 0.4 + 1
    assert record.key_states["allergies"] == "timed out"


def test_a_call_without_a_token_is_answered_with_one_of_our_own(
    application: Application, ask: Callable[..., DecisionRecord], ehr: FakeEhr
) -> None:
    """Backend Services from end to end: SMART configuration, signed request, FHIR queries."""

    def grant(ehr: FakeEhr, request: fake_ehr.Request) -> fake_ehr.Response:
        assertion = jwt.decode(request.form["client_assertion"], keys, algorithms=["RS384"])
        granted = assertion.claims["iss"] == "us" and request.form["scope"] == "system/*.read"
        token = {"access_token": fake_ehr.TOKEN, "token_type": "bearer", "expires_in": 300, "scope": "system/*.read"}
        return fake_ehr.send(token if granted else {"error": "invalid_client"})

    own = create_keys(application.settings.key_folder, application.clock())
    keys = KeySet([each.key for each in own])
    ehr.case = a_patient("P1").allergic_to("7980", "penicillin G")
    ehr.moods[".well-known"] = lambda ehr, request: fake_ehr.send({"token_endpoint": f"{ehr.base}/token"})
    ehr.moods["token"] = grant
    client = a_client(
        fhir_servers=(ehr.base,), oauth_client_id="us", backend_scope="system/*.read", backend_algorithm="RS384"
    )
    record = ask(client, fhirAuthorization=None)
    assert record.key_states["allergies"] == "read, 1 item"
    assert fake_ehr.TOKEN not in repr(record)


@pytest.mark.parametrize(
    ("client", "said"),
    [
        (a_client(fhir_servers=("http://ehr.example.org/fhir",)), "fhir_servers: .*: expected https"),
        (a_client(fhir_servers=("https://169.254.169.254/",)), "loopback, link-local, unspecified or multicast"),
        (a_client(fhir_servers=("https://me@ehr.example.org/",)), "without user, query"),
        (a_client(backend_scope="system/*.rs"), "backend_scope needs an oauth_client_id"),
    ],
)
def test_an_entry_that_would_send_tokens_astray_refuses_to_start(client: Client, said: str) -> None:
    with pytest.raises(BadSettings, match=rf"clients\.toml: client 'general-hospital': .*{said}"):
        refuse_addresses(PRODUCTION, (client,))


def test_a_client_gets_tokens_of_our_own_only_where_its_entry_says_so() -> None:
    tokens = open_backend_tokens(PRODUCTION)
    plain = access_of(a_client(oauth_client_id="us"), tokens)
    backend = access_of(a_client(oauth_client_id="us", backend_scope="system/*.rs"), tokens)
    assert plain.own_token is None
    assert backend.own_token is not None
    assert backend.client_id == "us"
