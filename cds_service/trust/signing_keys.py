"""The keys with which this service proves who it is to authorization servers (SMART digest section 14).

One file per pair in a folder only its owner may read. Rotating makes new pairs and leaves the last ones published, so
that an authorization server that still holds our old key set loses nothing.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from cds_service.errors import CdsError

SigningKey = ECKey | RSAKey
KEY_TYPES: dict[str, type[ECKey] | type[RSAKey]] = {"EC": ECKey, "RSA": RSAKey}
ALGORITHMS = ("ES384", "RS384")
RSA_BITS = 3072
GENERATIONS = 2
"""How many pairs of each algorithm are published: the one that signs and the one before."""


@dataclass(unsafe_hash=True)
class BadKeys(CdsError):
    """The key folder is not as it should be; `why` names the file and never what is in it."""

    why: str

    def __str__(self) -> str:
        return self.why


@dataclass(frozen=True, slots=True)
class OwnKey:
    """One pair. `created` is in seconds since 1970; a representation never shows the key."""

    kid: str
    algorithm: str
    created: float
    key: SigningKey

    def __repr__(self) -> str:
        return f"OwnKey({self.kid}, {self.algorithm})"

    def public(self) -> dict[str, Any]:
        """The public half as a JSON Web Key (SM-122)."""
        return {**self.key.as_dict(private=False), "kid": self.kid, "alg": self.algorithm, "use": "sig"}


class KeyFile(msgspec.Struct, frozen=True):
    """A key file: when the pair was made, and the pair."""

    created: str
    key: dict[str, Any]


def make_key(algorithm: str, now: datetime) -> OwnKey:
    """A new pair; its `kid` is the thumbprint of RFC 7638."""
    key: SigningKey = ECKey.generate_key("P-384") if algorithm == "ES384" else RSAKey.generate_key(RSA_BITS)
    return OwnKey(key.thumbprint(), algorithm, now.timestamp(), key)


def read_keys(folder: Path) -> tuple[OwnKey, ...]:
    """The pairs in `folder`, newest first; none when there is no folder. Raises `BadKeys`."""
    keys = [read_key(path) for path in sorted(folder.glob("*.json"))]
    return tuple(sorted(keys, key=lambda each: (-each.created, each.algorithm)))


def read_key(path: Path) -> OwnKey:
    if path.stat().st_mode & 0o077:
        raise BadKeys(f"{path.name}: others can read this private key; expected mode 0600")
    try:
        file = msgspec.json.decode(path.read_bytes(), type=KeyFile)
        created = datetime.fromisoformat(file.created).timestamp()
        kind = KEY_TYPES[file.key["kty"]]
        key = kind.import_key(file.key)
    except (msgspec.MsgspecError, JoseError, ValueError, KeyError):
        raise BadKeys(f"{path.name}: not a key file of this service") from None
    return OwnKey(file.key["kid"], file.key["alg"], created, key)


def write_key(folder: Path, own: OwnKey) -> None:
    """Write a pair so that only its owner can ever read it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    members = {**own.key.as_dict(private=True), "kid": own.kid, "alg": own.algorithm, "use": "sig"}
    content = msgspec.json.encode(KeyFile(datetime.fromtimestamp(own.created, UTC).isoformat(), members))
    descriptor = os.open(folder / f"{own.algorithm}-{own.kid}.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def create_keys(folder: Path, now: datetime) -> tuple[OwnKey, ...]:
    """The first pair of each algorithm. Raises `BadKeys` when there are some."""
    if read_keys(folder):
        raise BadKeys("there are keys already; `cds keys rotate` makes new ones beside them")
    return add_keys(folder, now)


def rotate_keys(folder: Path, now: datetime) -> tuple[OwnKey, ...]:
    """A new pair of each algorithm, which signs from now on; the last ones stay published, older ones are deleted."""
    if not read_keys(folder):
        raise BadKeys("there are no keys to rotate; `cds keys create` makes the first")
    made = add_keys(folder, now)
    keys = read_keys(folder)
    kept = {own.kid for own in published(keys)}
    for old in [own for own in keys if own.kid not in kept]:
        (folder / f"{old.algorithm}-{old.kid}.json").unlink()
    return made


def add_keys(folder: Path, now: datetime) -> tuple[OwnKey, ...]:
    made = tuple(make_key(algorithm, now) for algorithm in ALGORITHMS)
    for own in made:
        write_key(folder, own)
    return made


def published(keys: Iterable[OwnKey]) -> tuple[OwnKey, ...]:
    """Of each algorithm the newest pairs, newest first."""
    keys = tuple(keys)
    return tuple(own for name in ALGORITHMS for own in [key for key in keys if key.algorithm == name][:GENERATIONS])


def signing_key(keys: Iterable[OwnKey], algorithm: str) -> OwnKey | None:
    """The newest pair of an algorithm."""
    return next((own for own in keys if own.algorithm == algorithm), None)


def key_set(keys: Iterable[OwnKey]) -> bytes:
    """Our JSON Web Key Set: public halves only."""
    return msgspec.json.encode({"keys": [own.public() for own in published(keys)]})
