"""CDS clients for tests: real key pairs, entries of `clients.toml`, and tokens right or wrong in one thing.

EHR.token(aud=SIGN)                       # accepted
EHR.token(aud=SIGN, iss=None)             # a claim left out
EHR.token(aud=SIGN, header={"typ": "at+jwt"})
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from cds_service.trust.client import Client
from cds_service.trust.database import open_database
from cds_service.trust.gate import Gate
from cds_service.trust.key_set import read_key_set
from cds_service.trust.key_sources import Enclosed, KeySource
from cds_service.trust.ledger import Ledger

NOW = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
CLOCK = NOW.timestamp()
BASE = "https://cds.example.org"
DISCOVERY = f"{BASE}/cds-services"
VIEW = f"{BASE}/cds-services/medication-patient-view"
SIGN = f"{BASE}/cds-services/medication-order-sign"
ISSUER = "https://ehr.example.org"
KEY_SET_URL = "https://ehr.example.org/jwks.json"
ALGORITHMS = ("ES384", "RS384", "ES256", "RS256", "PS384")
NUMBERS = count(1)

Key = ECKey | RSAKey


@cache
def make_key(kind: str) -> Key:
    """A key pair of `P-384`, `P-256`, `RSA-2048` or another size. The same for all tests of a run, for RSA is slow;
    `P-384 other` gives another one."""
    name, _, _ = kind.partition(" ")
    if name.startswith("RSA-"):
        return RSAKey.generate_key(int(name[4:]), private=True)
    return ECKey.generate_key(name, private=True)


def sign(header: Mapping[str, Any], claims: Mapping[str, Any] | bytes, key: Key) -> str:
    """A token with exactly these members; those that are None are left out."""
    kept = {name: value for name, value in header.items() if value is not None}
    if isinstance(claims, Mapping):
        claims = json.dumps({name: value for name, value in claims.items() if value is not None}).encode()
    registry = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    registry.max_header_length = 100_000
    return jws.serialize_compact(kept, claims, key, registry=registry)


@dataclass(frozen=True)
class Signer:
    """An EHR that signs its calls."""

    alg: str = "ES384"
    kind: str = "P-384"
    kid: str = "key-1"
    iss: str = ISSUER
    claims: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return make_key(self.kind)

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half as it is published."""
        return {**self.key.as_dict(private=False), "kid": self.kid, "alg": self.alg, "use": "sig"}

    @property
    def private_jwk(self) -> dict[str, Any]:
        return {**self.key.as_dict(private=True), "kid": self.kid}

    def token(self, header: Mapping[str, Any] | None = None, key: Key | None = None, **claims: Any) -> str:
        """A token that was signed now and lives five minutes; a member that is None is left out."""
        members = {"alg": self.alg, "typ": "JWT", "kid": self.kid, **(header or {})}
        usual = {"iss": self.iss, "aud": SIGN, "exp": CLOCK + 300, "iat": CLOCK, "jti": f"token-{next(NUMBERS)}"}
        return sign(members, {**usual, **self.claims, **claims}, key or self.key)

    def bearer(self, header: Mapping[str, Any] | None = None, key: Key | None = None, **claims: Any) -> str:
        """The same as the value of an `Authorization` header."""
        return f"Bearer {self.token(header, key, **claims)}"


EHR = Signer()


def a_client(**members: Any) -> Client:
    """The entry of `EHR`; `members` replace or add keys."""
    entry = {"name": "general-hospital", "issuers": [ISSUER], "key_set": KEY_SET_URL, **members}
    return Client.model_validate(entry)


def enclosed(*jwks: Mapping[str, Any], accept_published: bool = False) -> KeySource:
    """Keys that need no fetching."""
    return Enclosed(read_key_set({"keys": list(jwks)}, accept_published))


def a_gate(home: Path, *clients: Client, sources: Mapping[str, KeySource] | None = None) -> Gate:
    """A gate with its database in `home`. Without `sources` each client has the key of `EHR`."""
    trusted = clients or (a_client(),)
    database = open_database(None, home)
    return Gate(
        base_url=BASE,
        clients={issuer: client for client in trusted for issuer in client.issuers},
        key_sources=sources or {client.name: enclosed(EHR.jwk) for client in trusted},
        ledger=Ledger(database, lambda event, about: None),
    )
