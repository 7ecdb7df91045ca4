"""SMART Backend Services: a fresh one-time assertion per request, a token used until shortly before its end."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from cds_service.errors import NoToken
from cds_service.fhir.addresses import why_refused
from cds_service.outbound import Outbound
from cds_service.trust.backend_token import BackendTokens, Registration
from cds_service.trust.signing_keys import create_keys, key_set, read_keys, signing_key

NOW = 1_795_000_000
TOKEN = "own-token-marker"


@dataclass
class AuthorizationServer:
    """Names its token endpoint at the FHIR base, and grants what is signed with a key of `folder`."""

    server: HTTPServer
    keys: KeySet
    requests: list[dict[str, str]] = field(default_factory=list)
    assertions: list[jwt.Token] = field(default_factory=list)
    configuration: dict[str, Any] = field(default_factory=lambda: {"token_endpoint": "token"})
    answer: tuple[int, dict[str, Any]] = (200, {})
    waiting: Event | None = None

    @property
    def base(self) -> str:
        return self.server.url_for("/fhir")

    def grant(self, request: Request) -> Response:
        if self.waiting:
            self.waiting.wait(10)
        form = {name: values[0] for name, values in parse_qs(request.get_data(as_text=True)).items()}
        self.requests.append(form)
        self.assertions.append(jwt.decode(form["client_assertion"], self.keys, algorithms=["ES384", "RS384"]))
        status, members = self.answer
        granted = {"access_token": TOKEN, "token_type": "bearer", "expires_in": 300, "scope": "system/Condition.rs"}
        return Response(json.dumps({**granted, **members} if status == 200 else members), status=status)


@dataclass
class Clock:
    """Monotonic seconds that tests move on."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "keys"
    create_keys(folder, datetime(2026, 11, 20, tzinfo=UTC))
    return folder


@pytest.fixture
def authority(http_servers: tuple[HTTPServer, HTTPServer], folder: Path) -> Iterator[AuthorizationServer]:
    server = http_servers[0]
    server.clear()
    authority = AuthorizationServer(server, KeySet.import_key_set(json.loads(key_set(read_keys(folder)))))
    server.expect_request("/fhir/.well-known/smart-configuration").respond_with_handler(
        lambda request: Response(json.dumps(authority.configuration))
    )
    server.expect_request("/fhir/token", method="POST").respond_with_handler(authority.grant)
    yield authority
    if authority.waiting:
        authority.waiting.set()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(folder: Path, clock: Clock) -> BackendTokens:
    return BackendTokens(
        Outbound(clock),
        signing_key=lambda algorithm: signing_key(read_keys(folder), algorithm),
        why_refused=lambda url: why_refused(url, dev=True),
        now=lambda: NOW,
    )


def registration(authority: AuthorizationServer, algorithm: str = "ES384") -> Registration:
    return Registration(authority.base, "our-client-id", "system/*.rs", algorithm)


@pytest.fixture
def obtain(authority: AuthorizationServer, tokens: BackendTokens, clock: Clock) -> Callable[..., Any]:
    def obtain(algorithm: str = "ES384", seconds: float = 5.0) -> Any:
        return tokens.obtain(registration(authority, algorithm), clock() + seconds)

    return obtain


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_the_assertion_is_what_smart_asks_for(
    obtain: Callable[..., Any], authority: AuthorizationServer, algorithm: str, folder: Path
) -> None:
    """SMART App Launch 2.2, asymmetric client authentication (digest section 14, SM-120, SM-121)."""
    obtain(algorithm)
    assertion = authority.assertions[0]
    own = signing_key(read_keys(folder), algorithm)
    assert own is not None
    assert assertion.header == {"typ": "JWT", "alg": algorithm, "kid": own.kid}
    claims = dict(assertion.claims)
    assert len(claims.pop("jti")) >= 20
    assert claims == {
        "iss": "our-client-id",
        "sub": "our-client-id",
        "aud": f"{authority.base}/token",
        "iat": NOW,
        "exp": NOW + 240,
    }
    assert authority.requests[0]["grant_type"] == "client_credentials"
    assert authority.requests[0]["scope"] == "system/*.rs"
    assert authority.requests[0]["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def test_a_token_carries_the_scopes_that_were_granted_not_those_asked_for(obtain: Callable[..., Any]) -> None:
    authorization = obtain()
    assert authorization.access_token == TOKEN
    assert authorization.scope == "system/Condition.rs"
    assert authorization.subject == "our-client-id"
    assert TOKEN not in repr(authorization)


def test_a_token_is_used_until_shortly_before_its_end_and_no_assertion_is_used_twice(
    obtain: Callable[..., Any], authority: AuthorizationServer, clock: Clock
) -> None:
    obtain()
    clock.ahead += 269
    obtain()
    assert len(authority.requests) == 1
    clock.ahead += 2
    obtain()
    assert len(authority.requests) == 2
    assert len({assertion.claims["jti"] for assertion in authority.assertions}) == 2


def test_calls_at_the_same_time_ask_once(obtain: Callable[..., Any], authority: AuthorizationServer) -> None:
    authority.waiting = Event()
    started, got = Barrier(5), []

    def one() -> None:
        started.wait()
        got.append(obtain().access_token)

    threads = [Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    started.wait()
    authority.waiting.set()
    for thread in threads:
        thread.join()
    assert got == [TOKEN] * 4
    assert len(authority.requests) == 1


def test_a_call_that_cannot_wait_leaves_the_token_to_the_next(
    obtain: Callable[..., Any], authority: AuthorizationServer
) -> None:
    authority.waiting = Event()
    with pytest.raises(NoToken, match="the authorization server has not answered yet"):
        obtain(seconds=0.05)
    authority.waiting.set()
    assert obtain().access_token == TOKEN
    assert len(authority.requests) == 1


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((400, {"error": "invalid_client"}), "the authorization server refused: invalid_client"),
        ((400, {"error": "<b>what?</b>"}), "the authorization server refused: no error code"),
        ((500, {}), "the authorization server refused: no error code"),
        ((302, {}), "the authorization server refused: no error code"),
        ((200, {"token_type": "mac"}), "the authorization server refused: no error code"),
        ((200, {"access_token": None}), "the authorization server refused: no error code"),
        ((200, {"expires_in": "soon"}), "the authorization server refused: no error code"),
    ],
)
def test_a_refusal_is_said_and_not_repeated_at_once(
    obtain: Callable[..., Any],
    authority: AuthorizationServer,
    clock: Clock,
    answer: tuple[int, dict[str, Any]],
    why: str,
) -> None:
    """SM-126: the app surfaces the error and does not loop."""
    authority.answer = answer
    for _ in range(2):
        with pytest.raises(NoToken) as raised:
            obtain()
        assert raised.value.why == why
    assert len(authority.requests) == 1
    clock.ahead += 11
    authority.answer = (200, {})
    assert obtain().access_token == TOKEN


@pytest.mark.parametrize(
    ("configuration", "why"),
    [
        ({}, "the SMART configuration names no token endpoint"),
        ({"token_endpoint": "https://user@auth.example.org/token"}, "token endpoint: expected an https URL"),
        ({"token_endpoint": "file:///token"}, "token endpoint: expected an https URL"),
    ],
)
def test_a_configuration_without_a_sound_token_endpoint_is_refused(
    obtain: Callable[..., Any], authority: AuthorizationServer, configuration: dict[str, Any], why: str
) -> None:
    """SM-003, SM-004."""
    authority.configuration = configuration
    with pytest.raises(NoToken, match=why):
        obtain()


def test_outside_dev_the_token_endpoint_is_neither_http_nor_this_machine(
    authority: AuthorizationServer, folder: Path, clock: Clock
) -> None:
    for endpoint in ("http://auth.example.org/token", "https://169.254.169.254/token", "https://localhost/token"):
        tokens = BackendTokens(Outbound(clock), lambda algorithm: None, lambda url: why_refused(url, False), time.time)
        authority.configuration = {"token_endpoint": endpoint}
        with pytest.raises(NoToken, match="token endpoint: "):
            tokens.obtain(registration(authority), clock() + 5)


def test_a_server_that_cannot_be_reached_is_said(tokens: BackendTokens, clock: Clock) -> None:
    nowhere = Registration("http://127.0.0.1:1/fhir", "our-client-id", "system/*.rs", "ES384")
    with pytest.raises(NoToken, match="SMART configuration cannot be reached"):
        tokens.obtain(nowhere, clock() + 5)


def test_without_a_key_nothing_is_sent(authority: AuthorizationServer, clock: Clock) -> None:
    tokens = BackendTokens(Outbound(clock), lambda algorithm: None, lambda url: "", time.time)
    with pytest.raises(NoToken, match="there is no ES384 key; `cds keys create` makes one"):
        tokens.obtain(registration(authority), clock() + 5)
    assert authority.requests == []
