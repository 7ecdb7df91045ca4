"""Access tokens of our own: SMART Backend Services (SMART digest section 15), signed with `private_key_jwt`.

Asked for in threads of their own, so that a call which cannot wait any longer still leaves the token to the next.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from typing import TypeVar
from urllib.parse import urljoin

import msgspec
from authlib.oauth2.rfc7523 import private_key_jwt_sign

from cds_service.errors import CdsError, NoToken
from cds_service.hooks.authorization import Authorization
from cds_service.outbound import Answer, NoAnswer, Outbound
from cds_service.trust.signing_keys import OwnKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFE_S = 240
"""SMART allows at most five minutes."""
SPARE_S = 30
"""How long before its end a token is no longer used."""
COOL_DOWN_S = 10
"""How long after a failure nobody asks again."""
PATIENCE_S = 5.0
MOST_BYTES = 100_000
SHORT_LIFE_S = 60
T = TypeVar("T")


class SmartConfiguration(msgspec.Struct, frozen=True):
    token_endpoint: str | None = None


class TokenResponse(msgspec.Struct, frozen=True):
    access_token: str | None = None
    token_type: str | None = None
    expires_in: float | None = None
    scope: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """How this service is registered at the authorization server of one FHIR base."""

    base: str
    client_id: str
    scope: str
    algorithm: str


@dataclass(frozen=True, slots=True)
class Held:
    """The last token of a registration, or why there is none, and until when (on the clock) that stands."""

    authorization: Authorization | None
    why: str
    until: float


class BackendTokens:
    """Tokens in memory, each used until shortly before its end, each asked for once however many calls wait for it.

    `signing_key` gives our newest key for an algorithm; `why_refused` says why an address must not be called (empty if
    it may); `now` is in epoch seconds, the clock of `outbound` counts lifetimes.
    """

    def __init__(
        self,
        outbound: Outbound,
        signing_key: Callable[[str], OwnKey | None],
        why_refused: Callable[[str], str],
        now: Callable[[], float],
    ) -> None:
        self.outbound = outbound
        self.signing_key = signing_key
        self.why_refused = why_refused
        self.now = now
        self.held: dict[Registration, Held] = {}
        self.asked: dict[Registration, Future[Held]] = {}
        self.threads = ThreadPoolExecutor(4, thread_name_prefix="backend-token")
        self.lock = Lock()

    def obtain(self, registration: Registration, deadline: float) -> Authorization:
        """A token for one base, waiting for it until `deadline` at most. Raises `NoToken`."""
        held = self._find(registration)
        if isinstance(held, Future):
            try:
                held = held.result(timeout=max(0.0, deadline - self.outbound.clock()))
            except NotYet:
                raise NoToken("the authorization server has not answered yet") from None
        if held.authorization is None:
            raise NoToken(held.why)
        return held.authorization

    def _find(self, registration: Registration) -> "Held | Future[Held]":
        with self.lock:
            held = self.held.get(registration)
            if held is not None and self.outbound.clock() < held.until:
                return held
            future = self.asked.get(registration)
            if future is None or future.done():
                future = self.asked[registration] = self.threads.submit(self._ask, registration)
            return future

    def _ask(self, registration: Registration) -> Held:
        try:
            held = self._request(registration)
        except CdsError as error:
            why = error.why if isinstance(error, NoToken) else str(error)
            held = Held(None, why, self.outbound.clock() + COOL_DOWN_S)
        with self.lock:
            self.held[registration] = held
        return held

    def _request(self, registration: Registration) -> Held:
        deadline = self.outbound.clock() + PATIENCE_S
        endpoint = self._discover(registration.base, deadline)
        form = {
            "grant_type": "client_credentials",
            "scope": registration.scope,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._assert_identity(registration, endpoint),
        }
        try:
            answer = self.outbound.post(endpoint, form, deadline, MOST_BYTES)
        except NoAnswer as error:
            raise NoToken(f"token endpoint {error}") from None
        return self._read(answer, registration)

    def _discover(self, base: str, deadline: float) -> str:
        """The token endpoint that the FHIR server names (SM-001..004)."""
        url = f"{base}/.well-known/smart-configuration"
        try:
            answer = self.outbound.get(url, "application/json", deadline, MOST_BYTES)
        except NoAnswer as error:
            raise NoToken(f"SMART configuration {error}") from None
        found = decode(answer, SmartConfiguration) if answer.status == HTTPStatus.OK else None
        if found is None or not found.token_endpoint:
            raise NoToken("the SMART configuration names no token endpoint")
        endpoint = urljoin(f"{base}/", found.token_endpoint)
        if why := self.why_refused(endpoint):
            raise NoToken(f"token endpoint: {why}")
        return endpoint

    def _assert_identity(self, registration: Registration, endpoint: str) -> str:
        """A one-time JWT (SM-120, SM-121). No claims are passed in: Authlib would keep them, and with them the jti."""
        own = self.signing_key(registration.algorithm)
        if own is None:
            raise NoToken(f"there is no {registration.algorithm} key; `cds keys create` makes one")
        return str(
            private_key_jwt_sign(
                own.key,
                client_id=registration.client_id,
                token_endpoint=endpoint,
                alg=own.algorithm,
                header={"kid": own.kid, "typ": "JWT"},
                issued_at=int(self.now()),
                expires_in=ASSERTION_LIFE_S,
            )
        )

    def _read(self, answer: Answer, registration: Registration) -> Held:
        found = decode(answer, TokenResponse) or TokenResponse()
        if answer.status != HTTPStatus.OK or not found.access_token or (found.token_type or "").lower() != "bearer":
            raise NoToken(f"the authorization server refused: {error_code(found.error)}")
        lifetime = int(found.expires_in) if found.expires_in and found.expires_in > 0 else SHORT_LIFE_S
        authorization = Authorization(
            access_token=found.access_token,
            scope=found.scope or registration.scope,  # left out when all that was asked for is granted
            expires_in=lifetime,
            subject=registration.client_id,
        )
        return Held(authorization, "", self.outbound.clock() + max(lifetime - SPARE_S, lifetime / 2))


def decode(answer: Answer, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def error_code(error: str | None) -> str:
    """An OAuth error code; anything longer or odder is not repeated."""
    return error if error and error.replace("_", "").isalpha() and len(error) < 40 else "no error code"
