"""Calls of CDS clients in the production profile: who is served, as whom, and how everybody else is refused."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.record.decision import DecisionRecord
from cds_service.trust.callers import Presented
from cds_service.trust.client import Client
from cds_service.web.log import log_decision, start_logging
from tests.support.requests import a_patient, body
from tests.support.tokens import (
    BASE,
    CLOCK,
    DISCOVERY,
    EHR,
    ISSUER,
    NOW,
    SIGN,
    VIEW,
    Signer,
    a_client,
    a_gate,
    enclosed,
)

PRODUCTION = {"profile": "production", "public_url": BASE}
ORDER = body(a_patient().taking("855332", "warfarin").ordering("197806", "ibuprofen").order_sign())
THIEF = Signer(kind="P-384 thief")

Serve = Callable[..., FlaskClient]


@pytest.fixture
def serve(client_of: Callable[..., FlaskClient], tmp_path: Path) -> Serve:
    """The service in production behind a gate: `serve(a_client(tenants=["north"]), sources=..., write=...)`."""

    def start(*clients: Client, sources: Any = None, **parts: Any) -> FlaskClient:
        gate = a_gate(tmp_path, *clients, sources=sources)
        return client_of({**PRODUCTION, "allowed_origins": ()}, **{"gate": gate, "clock": lambda: NOW, **parts})

    return start


def post(client: FlaskClient, authorization: str | None, url: str = SIGN, data: bytes = ORDER) -> TestResponse:
    headers = {} if authorization is None else {"Authorization": authorization}
    return client.post(url.removeprefix(BASE), data=data, content_type="application/json", headers=headers)


@pytest.mark.requirement("CH-183")
@pytest.mark.requirement("CH-187")
def test_a_signed_call_is_answered_and_discovery_too(serve: Serve) -> None:
    client = serve()
    assert client.get("/cds-services", headers={"Authorization": EHR.bearer(aud=DISCOVERY)}).status_code == 200
    answer = post(client, EHR.bearer())
    assert answer.status_code == 200
    assert json.loads(answer.data)["cards"]


ATTACKS: dict[str, tuple[Callable[[], str | None], str]] = {
    "no token": (lambda: None, "no Authorization header"),
    "basic authentication": (lambda: "Basic dXNlcjpzZWNyZXQ=", "not one signed token"),
    "no signature": (lambda: f"Bearer {unsigned('none')}.", "not one signed token"),
    "no algorithm": (lambda: f"Bearer {unsigned('none')}.AAAA", "alg 'none'"),
    "HS256": (lambda: f"Bearer {unsigned('HS256')}.AAAA", "alg 'HS256'"),
    "another algorithm": (lambda: Signer("ES256", "P-256").bearer(), "alg 'ES256'"),
    "no typ": (lambda: EHR.bearer({"typ": None}), "`typ`"),
    "wrong typ": (lambda: EHR.bearer({"typ": "at+jwt"}), "typ 'at+jwt'"),
    "no kid": (lambda: EHR.bearer({"kid": None}), "`kid`"),
    "unknown kid": (lambda: EHR.bearer({"kid": "other"}), "kid 'other'"),
    "foreign jku": (lambda: EHR.bearer({"jku": "https://evil.example/jwks"}), "jku 'https://evil.example/jwks'"),
    "another key": (lambda: EHR.bearer(key=THIEF.key), "signature"),
    "no iss": (lambda: EHR.bearer(iss=None), "`iss`"),
    "unknown iss": (lambda: EHR.bearer(iss="https://evil.example"), "iss 'https://evil.example'"),
    "no aud": (lambda: EHR.bearer(aud=None), "`aud`"),
    "for another service": (lambda: EHR.bearer(aud=VIEW), "aud"),
    "for another host": (lambda: EHR.bearer(aud="http://localhost/cds-services/medication-order-sign"), "aud"),
    "no exp": (lambda: EHR.bearer(exp=None), "`exp`"),
    "expired": (lambda: EHR.bearer(exp=CLOCK - 61, iat=CLOCK - 300), "expired 61 s ago"),
    "lives a day": (lambda: EHR.bearer(exp=CLOCK + 86400), "lives 86400 s"),
    "no iat": (lambda: EHR.bearer(iat=None), "`iat`"),
    "from the future": (lambda: EHR.bearer(iat=CLOCK + 61), "iat is 61 s ahead"),
    "no jti": (lambda: EHR.bearer(jti=None), "`jti`"),
    "a tenant": (lambda: EHR.bearer(tenant="south"), "tenant 'south'"),
    "oversized": (lambda: EHR.bearer(note="x" * 5000), "expected at most 4096"),
    "used before": (lambda: EHR.bearer(jti="used"), "the token was used before"),
}


def unsigned(algorithm: str) -> str:
    """Header and claims of a token that says it was signed with `algorithm`."""
    header = json.dumps({"alg": algorithm, "typ": "JWT", "kid": "key-1"}).encode()
    return f"{urlsafe_b64encode(header).decode().rstrip('=')}.{EHR.token().split('.')[1]}"


@pytest.mark.requirement("CH-185")
@pytest.mark.requirement("CH-186")
@pytest.mark.requirement("CH-194")
@pytest.mark.requirement("CH-196")
def test_every_attack_is_answered_with_the_same_bytes_and_only_the_log_says_why(
    serve: Serve, capfd: pytest.CaptureFixture[str]
) -> None:
    start_logging()
    client = serve()
    assert post(client, EHR.bearer(jti="used")).status_code == 200
    reference: tuple[int, list[tuple[str, str]], bytes] | None = None
    for attack, (make, reason) in ATTACKS.items():
        capfd.readouterr()
        authorization = make()
        answer = post(client, authorization)
        seen = (answer.status_code, sorted(answer.headers), answer.data)
        reference = reference or seen
        assert seen == reference, attack
        (line,) = capfd.readouterr().err.splitlines()
        logged = json.loads(line)
        assert (logged["event"], logged["status"], logged["problem"]) == ("refused", 401, "NotTrusted")
        assert reason in logged["why"], attack
        for part in (authorization or "").removeprefix("Bearer ").split("."):
            assert len(part) < 20 or part not in line, attack
    assert reference is not None
    status, headers, content = reference
    assert status == 401
    assert ("WWW-Authenticate", "Bearer") in headers
    assert json.loads(content)["issue"] == [
        {"severity": "error", "code": "login", "diagnostics": "authentication failed"}
    ]


@pytest.mark.requirement("CH-023")
@pytest.mark.requirement("CH-196")
def test_who_is_not_known_learns_nothing_of_services_bodies_and_addresses(serve: Serve) -> None:
    client = serve()
    reference = post(client, None)
    for answer in (
        post(client, None, data=b"{"),
        post(client, None, url="/cds-services/none"),
        client.post("/cds-services/medication-order-sign", data=b"x", content_type="text/plain"),
        client.get("/cds-services"),
        client.get("/cds-services/"),
    ):
        assert (answer.status_code, sorted(answer.headers), answer.data) == (
            401,
            sorted(reference.headers),
            reference.data,
        )


def test_two_authorization_headers_are_refused(serve: Serve) -> None:
    headers = [("Authorization", EHR.bearer()), ("Authorization", EHR.bearer())]
    answer = serve().post(SIGN.removeprefix(BASE), data=ORDER, content_type="application/json", headers=headers)
    assert answer.status_code == 401


@pytest.mark.requirement("CH-187")
def test_the_host_header_does_not_say_who_we_are(serve: Serve) -> None:
    client = serve()
    for host in ("evil.example", "cds.example.org"):
        for audience, status in ((f"https://{host}.evil/cds-services/medication-order-sign", 401), (SIGN, 200)):
            headers = {"Host": host, "X-Forwarded-Host": host, "Authorization": EHR.bearer(aud=audience)}
            answer = client.post(SIGN.removeprefix(BASE), data=ORDER, content_type="application/json", headers=headers)
            assert answer.status_code == status


@pytest.mark.requirement("CH-193")
def test_a_used_token_is_refused_wherever_it_was_used(serve: Serve) -> None:
    one, other = serve(), serve()
    authorization = EHR.bearer()
    assert post(one, authorization).status_code == 200
    assert post(one, authorization).status_code == 401
    assert post(other, authorization).status_code == 401


@pytest.mark.requirement("CH-193")
def test_a_client_in_mode_same_body_may_repeat_its_call(serve: Serve) -> None:
    client = serve(a_client(replay="same-body"))
    authorization = EHR.bearer()
    assert [post(client, authorization, data=data).status_code for data in (ORDER, ORDER, ORDER + b" ")] == [
        200,
        200,
        401,
    ]


def test_without_a_client_production_answers_nobody(client_of: Callable[..., FlaskClient]) -> None:
    client = client_of(PRODUCTION)
    assert client.get("/cds-services").status_code == 401
    assert post(client, EHR.bearer()).status_code == 401


def test_a_client_reaches_only_its_services(serve: Serve) -> None:
    client = serve(a_client(services=["medication-order-sign"]))
    listed = client.get("/cds-services", headers={"Authorization": EHR.bearer(aud=DISCOVERY)}).json
    assert [service["id"] for service in (listed or {})["services"]] == ["medication-order-sign"]
    assert post(client, EHR.bearer()).status_code == 200
    refused = post(client, EHR.bearer(aud=VIEW), VIEW)
    assert refused.status_code == 403
    nowhere = post(client, EHR.bearer(aud=f"{DISCOVERY}/none"), f"{DISCOVERY}/none")
    assert nowhere.status_code == 404
    assert b"medication-order-sign" in nowhere.data
    assert b"medication-patient-view" not in nowhere.data


def test_a_call_carries_its_client_and_tenant(serve: Serve) -> None:
    records: list[DecisionRecord] = []
    client = serve(a_client(tenants=["north", "south"]), write=lambda record, milliseconds: records.append(record))
    for tenant in ("north", "south"):
        assert post(client, EHR.bearer(tenant=tenant)).status_code == 200
    assert [(record.client, record.tenant) for record in records] == [
        ("general-hospital", "general-hospital/north"),
        ("general-hospital", "general-hospital/south"),
    ]


def test_another_clients_key_cannot_speak_for_a_client(serve: Serve) -> None:
    other = Signer(kind="P-384 thief", iss="https://other.example")
    hospital, clinic = a_client(), a_client(name="clinic", issuers=["https://other.example"])
    sources = {"general-hospital": enclosed(EHR.jwk), "clinic": enclosed(other.jwk)}
    client = serve(hospital, clinic, sources=sources)
    assert post(client, other.bearer()).status_code == 200
    assert post(client, other.bearer(iss=ISSUER)).status_code == 401
    assert post(client, EHR.bearer(iss="https://other.example")).status_code == 401


def test_a_client_may_ask_how_an_answer_came_about_if_its_entry_says_so(serve: Serve) -> None:
    asking = body(a_patient().taking("855332").ordering("197806").traced().order_sign())
    assert "extension" not in json.loads(post(serve(), EHR.bearer(), data=asking).data)
    assert "extension" in json.loads(post(serve(a_client(trace=True)), EHR.bearer(), data=asking).data)


def test_a_client_that_calls_too_often_gets_an_error_its_users_see(serve: Serve) -> None:
    client = serve(a_client(calls_per_minute=2, burst=2))
    assert [post(client, EHR.bearer()).status_code for _ in range(3)] == [200, 200, 429]
    answer = post(client, EHR.bearer())
    assert answer.headers["Retry-After"] == "30"
    (issue,) = json.loads(answer.data)["issue"]
    assert (issue["code"], issue["diagnostics"]) == (
        "throttled",
        "more calls than agreed; nothing was checked; call again in 30 s",
    )


def test_a_call_that_came_too_often_may_be_sent_again_with_its_token(serve: Serve) -> None:
    client, later = serve(a_client(calls_per_minute=2, burst=1)), NOW + timedelta(seconds=30)
    post(client, EHR.bearer())
    waiting = EHR.bearer()
    assert post(client, waiting).status_code == 429
    after = serve(a_client(calls_per_minute=2, burst=1), clock=lambda: later)
    assert [post(after, waiting).status_code for _ in range(2)] == [200, 401]


def test_who_cannot_prove_who_they_are_uses_up_no_calls(serve: Serve) -> None:
    client = serve(a_client(calls_per_minute=1, burst=1))
    for _ in range(5):
        assert post(client, EHR.bearer(key=THIEF.key)).status_code == 401
    assert post(client, EHR.bearer()).status_code == 200


@pytest.mark.requirement("CH-180")
def test_answers_tell_browsers_to_come_back_over_tls(serve: Serve) -> None:
    assert serve().get("/cds-services").headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.requirement("CH-195")
def test_an_answered_call_logs_its_client_and_never_its_token(serve: Serve, capfd: pytest.CaptureFixture[str]) -> None:
    start_logging()
    authorization = EHR.bearer(jti="marker-in-the-token")
    assert post(serve(write=log_decision), authorization).status_code == 200
    (line,) = capfd.readouterr().err.splitlines()
    assert json.loads(line)["client"] == "general-hospital"
    assert not [part for part in authorization.removeprefix("Bearer ").split(".") if part in line]


# The public CDS Hooks Sandbox (github.com/cds-hooks/sandbox): a browser, so every call is preceded by a preflight; its
# own client id as `sub`; times rounded to seconds, so `iat` may be half a second ahead; five minutes of life; the key
# set address in `jku`; discovery and feedback are signed too, each for its own URL. Its private key is published, so
# these tests sign with a key of their own.
SANDBOX = Signer(
    kid="44823f3d-0b01-4a6c-a80e-b9d3e8a7226f",
    iss="https://sandbox.cds-hooks.org",
    claims={"sub": "48163c5e-88b5-4cb3-92d3-23b800caa927", "iat": CLOCK + 0.5, "exp": CLOCK + 300.5},
)
SANDBOX_JWKS = "https://sandbox.cds-hooks.org/.well-known/jwks.json"
SANDBOX_ENTRY = a_client(
    name="sandbox",
    issuers=["https://sandbox.cds-hooks.org"],
    key_set=SANDBOX_JWKS,
    origins=["https://sandbox.cds-hooks.org"],
)
ORIGIN = {"Origin": "https://sandbox.cds-hooks.org"}


def sandbox_bearer(url: str) -> str:
    return SANDBOX.bearer({"jku": SANDBOX_JWKS}, aud=url)


@pytest.mark.requirement("CH-198")
@pytest.mark.parametrize(
    ("service", "hook", "request_body"),
    [
        ("medication-patient-view", "patient-view", a_patient().patient_view()),
        ("medication-order-select", "order-select", a_patient().ordering("197806").order_select()),
        ("medication-order-sign", "order-sign", a_patient().ordering("197806").order_sign()),
    ],
)
def test_the_public_sandbox_finds_and_calls_our_services(
    serve: Serve, service: str, hook: str, request_body: dict[str, Any]
) -> None:
    client = serve(SANDBOX_ENTRY, sources={"sandbox": enclosed(SANDBOX.jwk)})
    for url, method in ((DISCOVERY, "GET"), (f"{DISCOVERY}/{service}", "POST")):
        path = url.removeprefix(BASE)
        asked = {
            **ORIGIN,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        preflight = client.options(path, headers=asked)
        assert preflight.status_code == 204
        assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
        assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
        answer = client.open(
            path,
            method=method,
            headers={**ORIGIN, "Accept": "application/json", "Authorization": sandbox_bearer(url)},
            data=json.dumps(request_body).encode() if method == "POST" else None,
            content_type="application/json" if method == "POST" else None,
        )
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
        found = answer.json or {}
        assert found["services"] if method == "GET" else "cards" in found
    assert [each["hook"] for each in client_services(client) if each["id"] == service] == [hook]


def client_services(client: FlaskClient) -> list[dict[str, Any]]:
    answer = client.get("/cds-services", headers={"Authorization": sandbox_bearer(DISCOVERY)})
    return list((answer.json or {})["services"])


def test_the_permission_for_browsers_is_on_refusals_too(serve: Serve) -> None:
    client = serve(SANDBOX_ENTRY, sources={"sandbox": enclosed(SANDBOX.jwk)})
    refused = client.get("/cds-services", headers=ORIGIN)
    assert refused.status_code == 401
    assert refused.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]


@pytest.mark.requirement("CH-173")
def test_feedback_may_be_signed_for_its_own_address_or_for_its_service(tmp_path: Path) -> None:
    gate = a_gate(tmp_path, SANDBOX_ENTRY, sources={"sandbox": enclosed(SANDBOX.jwk)})
    path = "/cds-services/medication-order-sign/feedback"
    for audience in (f"{SIGN}/feedback", f"{SIGN}/feedback/", SIGN):
        presented = Presented(sandbox_bearer(audience), path, lambda: b"")
        assert gate.admit(presented, CLOCK).tenant == "sandbox"


@pytest.mark.requirement("CH-190")
def test_a_client_with_rs384_an_opaque_kid_and_claims_of_its_own_is_served(serve: Serve) -> None:
    """As Epic is said to sign: kid is base64, nbf five minutes before iat, sub (G-30)."""
    epic = Signer(
        "RS384", "RSA-2048", kid="q1+Zx/8bU3sT0hYkP5w9rQ==", claims={"nbf": CLOCK - 300, "sub": "epic-client"}
    )
    records: list[DecisionRecord] = []
    client = serve(
        a_client(dialect="epic"),
        sources={"general-hospital": enclosed(epic.jwk)},
        write=lambda record, milliseconds: records.append(record),
    )
    assert post(client, epic.bearer(exp=CLOCK + 240)).status_code == 200


def test_in_dev_a_call_without_a_token_is_served_and_a_token_is_checked(
    client_of: Callable[..., FlaskClient], tmp_path: Path
) -> None:
    with_clients = client_of({"public_url": BASE}, gate=a_gate(tmp_path), clock=lambda: NOW)
    assert post(with_clients, None).status_code == 200
    assert post(with_clients, EHR.bearer()).status_code == 200
    assert post(with_clients, EHR.bearer(key=THIEF.key)).status_code == 401
    assert post(client_of(), EHR.bearer(key=THIEF.key)).status_code == 200


def test_in_dev_even_a_signed_call_must_come_from_this_machine(
    client_of: Callable[..., FlaskClient], tmp_path: Path
) -> None:
    client = client_of({"public_url": BASE}, gate=a_gate(tmp_path), clock=lambda: NOW)
    headers = {"Authorization": EHR.bearer(aud=DISCOVERY)}
    elsewhere = client.get("/cds-services", headers=headers, environ_base={"REMOTE_ADDR": "10.0.0.4"})
    assert elsewhere.status_code == 403
