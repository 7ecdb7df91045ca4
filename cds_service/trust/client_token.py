"""The signed token a CDS client shows with every call (CH-183..196).

Checked in this order: issuer and key set address against the allow-list, before anything is fetched; audience; times;
tenant; signature. What is wrong is said to the operator's log and never to the caller.
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec
from joserfc import jws
from joserfc.errors import JoseError

from cds_service.errors import NotTrusted
from cds_service.trust.client import Client
from cds_service.trust.key_set import PublicKey
from cds_service.trust.key_sources import KeySource

LONGEST_HEADER = 4096
LEEWAY_S = 60
LONGEST_LIFE_S = 3600
BEARER = re.compile(r"bearer +([\w-]+)\.([\w-]+)\.([\w-]+)", re.IGNORECASE | re.ASCII)
Part = TypeVar("Part", "Header", "Claims")


class Header(msgspec.Struct, frozen=True):
    """The members of a JOSE header that count; keys that a token brings along (`jwk`, `x5c`) never do."""

    alg: str
    kid: str
    typ: str
    jku: str | None = None
    crit: list[str] | None = None


class Claims(msgspec.Struct, frozen=True):
    """The claims that count; others may be there (G-30)."""

    iss: str
    aud: str | list[str]
    exp: float
    iat: float
    jti: Annotated[str, msgspec.Meta(min_length=1)]
    nbf: float | None = None
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it came, read but not believed."""

    header: Header
    claims: Claims
    text: str


@dataclass(frozen=True, slots=True)
class Proven:
    """A token that was checked: whose it is, for which tenant, and until when it may not be used again."""

    client: Client
    tenant: str | None
    jti: str
    usable_until: float


def verify_token(
    authorization: str | None,
    audiences: Collection[str],
    now: float,
    clients: Mapping[str, Client],
    key_sources: Mapping[str, KeySource],
) -> Proven:
    """Check the `Authorization` header of a call to an endpoint whose URLs are `audiences`, at `now` (epoch seconds).

    `clients` are the trusted clients by issuer, `key_sources` their keys by client name. Raises `NotTrusted`.
    """
    token = read_token(authorization)
    client = find_client(token, clients)
    try:
        check_header(token.header, client)
        check_audience(token.claims, {*audiences, *client.extra_audiences})
        check_times(token.claims, now)
        check_tenant(token.claims, client)
        check_signature(token, key_sources[client.name].find(token.header.kid))
    except NotTrusted as error:
        raise NotTrusted(error.why, client.name) from None
    return Proven(client, token.claims.tenant, token.claims.jti, token.claims.exp + LEEWAY_S)


def read_token(authorization: str | None) -> Token:
    """Two `Authorization` headers arrive joined by a comma, which no token holds."""
    if authorization is None:
        raise NotTrusted("no Authorization header")
    if len(authorization) > LONGEST_HEADER:
        raise NotTrusted(f"Authorization of {len(authorization)} characters, expected at most {LONGEST_HEADER}")
    match = BEARER.fullmatch(authorization)
    if match is None:
        raise NotTrusted("Authorization is not one signed token (Bearer and three parts)")
    text = ".".join(match.groups())
    return Token(read_part(match[1], "header", Header), read_part(match[2], "claims", Claims), text)


def read_part(encoded: str, name: str, kind: type[Part]) -> Part:
    try:
        return msgspec.json.decode(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)), type=kind)
    except msgspec.ValidationError as error:
        raise NotTrusted(f"{name}: {error}") from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise NotTrusted(f"{name}: not JSON") from None


def find_client(token: Token, clients: Mapping[str, Client]) -> Client:
    """The client whose issuer this is (CH-191). A `jku` must be the address its entry names (CH-192)."""
    client = clients.get(token.claims.iss)
    if client is None:
        raise NotTrusted(f"iss {token.claims.iss[:200]!r} is not trusted")
    if token.header.jku is not None and token.header.jku != client.key_set:
        raise NotTrusted(f"jku {token.header.jku[:200]!r}, expected {client.key_set!r}", client.name)
    return client


def check_header(header: Header, client: Client) -> None:
    """CH-185, CH-188..190."""
    if header.typ != "JWT":
        raise NotTrusted(f"typ {header.typ[:20]!r}, expected 'JWT'")
    if header.alg not in client.algorithms:
        raise NotTrusted(f"alg {header.alg[:20]!r}, expected {', '.join(client.algorithms)}")
    if header.crit is not None:
        raise NotTrusted("crit: this service knows no critical extension")


def check_audience(claims: Claims, accepted: Collection[str]) -> None:
    """One of the audiences is this endpoint; a slash at the end makes no difference (CH-187, G-07)."""
    named = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if not {audience.removesuffix("/") for audience in named} & {audience.removesuffix("/") for audience in accepted}:
        raise NotTrusted(f"aud {', '.join(named)[:300]!r}, expected {' or '.join(sorted(accepted))}")


def check_times(claims: Claims, now: float) -> None:
    """Clocks may differ by a minute; the public Sandbox stamps `iat` up to half a second ahead."""
    if now >= claims.exp + LEEWAY_S:
        raise NotTrusted(f"expired {now - claims.exp:.0f} s ago")
    for name, moment in (("iat", claims.iat), ("nbf", claims.nbf)):
        if moment is not None and moment > now + LEEWAY_S:
            raise NotTrusted(f"{name} is {moment - now:.0f} s ahead of this service's clock")
    if claims.exp - claims.iat > LONGEST_LIFE_S:
        raise NotTrusted(f"lives {claims.exp - claims.iat:.0f} s, expected at most {LONGEST_LIFE_S} s from iat to exp")


def check_tenant(claims: Claims, client: Client) -> None:
    """A client with tenants must name one of them, a client without them must name none."""
    if client.tenants and claims.tenant not in client.tenants:
        raise NotTrusted(f"tenant {(claims.tenant or 'not named')[:100]!r}, expected one of the entry's tenants")
    if not client.tenants and claims.tenant is not None:
        raise NotTrusted(f"tenant {claims.tenant[:100]!r}, but the entry lists no tenants")


def check_signature(token: Token, key: PublicKey) -> None:
    """The key must be made for the algorithm of the token (CH-184, CH-190). Keys the token brings count for nothing."""
    algorithm = token.header.alg
    if key.alg not in (None, algorithm):
        raise NotTrusted(f"alg {algorithm!r}, but the key is for {key.alg!r}")
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = LONGEST_HEADER
    try:
        jws.deserialize_compact(token.text, key, registry=registry)
    except JoseError as error:
        raise NotTrusted(f"signature: {error.description or error.error}") from None
    except (ValueError, TypeError):
        raise NotTrusted("signature: not readable") from None
