"""A JSON Web Key Set as clients publish it: which of its keys can be believed, and why not the others (CH-197)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from cds_service.errors import CdsError

PublicKey = ECKey | RSAKey
KEY_TYPES: dict[str, type[ECKey] | type[RSAKey]] = {"EC": ECKey, "RSA": RSAKey}
SMALLEST_RSA_BITS = 2048

PUBLISHED_PRIVATE_KEYS = {
    "s9fOe-KDYD1myZ8YCzleUqJQgrYZL49kVijBxhnZvZc": "the public CDS Hooks Sandbox (ES384)",
    "WUEVfFenRfMtdDhwPUzCCfmqEN45h61hdHclwVoqfes": "the public CDS Hooks Sandbox of earlier years (ES256)",
}
"""RFC 7638 thumbprints of keys whose private half lies in a public repository: anybody can sign with them."""


@dataclass(unsafe_hash=True)
class BadKeySet(CdsError):
    """What was received is no key set."""

    found: str

    def __str__(self) -> str:
        return f"found {self.found}, expected a JSON Web Key Set"


@dataclass(frozen=True, slots=True)
class KeySet:
    """Keys that may be used, by `kid`; `ignored` says in words which others are there and why they are not used."""

    keys: Mapping[str, PublicKey] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


def decode_key_set(body: bytes, accept_published: bool) -> KeySet:
    """The key set in a JSON `body`. Raises `BadKeySet`."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise BadKeySet("something that is not JSON") from None
    if not isinstance(content, dict) or not isinstance(content.get("keys"), list):
        raise BadKeySet("JSON without an array 'keys'")
    return read_key_set(content, accept_published)


def read_key_set(content: Mapping[str, Any], accept_published: bool) -> KeySet:
    """Sort the `keys` of a key set. A `kid` found twice names no key: exactly one must match (CH-197)."""
    entries = content["keys"]
    times = Counter(str(entry.get("kid")) for entry in entries if isinstance(entry, dict))
    keys: dict[str, PublicKey] = {}
    ignored = []
    for number, entry in enumerate(entries, 1):
        why = next(find_defects(entry, times), "") if isinstance(entry, dict) else "found no JSON object"
        key = None if why else import_key(entry)
        why = why or why_not_believed(key, accept_published)
        if why or key is None:
            ignored.append(f"key {number}{describe_kid(entry)}: {why}")
        else:
            keys[entry["kid"]] = key
    return KeySet(keys, tuple(ignored))


def is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def describe_kid(entry: object) -> str:
    kid = entry.get("kid") if isinstance(entry, dict) else None
    return f" ({kid[:80]!r})" if isinstance(kid, str) else ""


def find_defects(entry: Mapping[str, Any], times: Mapping[str, int]) -> Iterator[str]:
    """Why an entry is of no use, from what is written in it; the first reason counts."""
    kty, kid = entry.get("kty"), entry.get("kid")
    if kty == "oct":
        yield "a symmetric key; whoever can check with it can also sign with it"
    if "d" in entry:
        yield "a private key; it is no longer a secret, make a new pair and publish the public half only"
    if kty not in ("EC", "RSA"):
        yield f"found kty {str(kty)[:20]!r}, expected 'EC' or 'RSA'"
    if not is_text(kid):
        yield "no kid"
    elif times[str(kid)] > 1:
        yield "another key of the set has the same kid"
    if entry.get("use", "sig") != "sig":
        yield "not for signatures (use)"
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        yield "not for checking signatures (key_ops)"


def import_key(entry: Mapping[str, Any]) -> PublicKey | None:
    """The key, None when its numbers make none."""
    known = {name: value for name, value in entry.items() if name in ("kty", "crv", "x", "y", "n", "e", "alg", "kid")}
    try:
        key = KEY_TYPES[entry["kty"]].import_key(known)
        key.thumbprint()
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    return key


def why_not_believed(key: PublicKey | None, accept_published: bool) -> str:
    """Why a readable key is not used; empty if it is."""
    if key is None:
        return "its numbers are no key"
    if isinstance(key, RSAKey) and key.raw_value.key_size < SMALLEST_RSA_BITS:
        return f"an RSA key of {key.raw_value.key_size} bits, expected at least {SMALLEST_RSA_BITS}"
    owner = PUBLISHED_PRIVATE_KEYS.get(key.thumbprint())
    if owner and not accept_published:
        return f"the key of {owner}, whose private half anybody can read; accept_published_keys = true accepts it"
    return ""
