"""The key ring: a folder of keys that only its owner may read, outside the database they protect.

`wrap` keys wrap the data keys that records are encrypted with (AES key wrap, RFC 3394), `index` keys make the keyed
hashes of identifiers (HMAC-SHA256), `sign` keys sign checkpoints (Ed25519). Of each kind the newest is current; older
ones still read what they wrote.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from secrets import token_bytes, token_hex

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from cds_service.errors import CdsError

KINDS = ("wrap", "index", "sign")
SECRET_BYTES = 32


@dataclass(unsafe_hash=True)
class BadRing(CdsError):
    """The ring lacks a key or cannot be read; `why` names the file or key id and never what is in it."""

    why: str

    def __str__(self) -> str:
        return f"key ring: {self.why}"


@dataclass(frozen=True, slots=True)
class RingKey:
    """One key. `created` is in seconds since 1970; a representation never shows the secret."""

    kind: str
    id: str
    created: float
    secret: bytes = field(repr=False)


class RingFile(msgspec.Struct, frozen=True):
    """A key file: what the key is for, its id, when it was made, and the secret in base64url."""

    kind: str
    id: str
    created: str
    secret: str


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys by kind, newest first; there is at least one of each."""

    wrap: tuple[RingKey, ...]
    index: tuple[RingKey, ...]
    sign: tuple[RingKey, ...]

    def keyed(self, *parts: str) -> str:
        """The keyed hash of `parts` under the current index key, 64 hex digits. The first part says what it is of, and
        no two lists of parts are hashed alike."""
        return keyed_hash(self.index[0], parts)

    def keyed_by_all(self, *parts: str) -> tuple[str, ...]:
        """The hashes that a row may be found under: the current key's first, then those of keys not yet dropped."""
        return tuple(keyed_hash(key, parts) for key in self.index)

    def wrap_key(self, data_key: bytes) -> tuple[str, bytes]:
        """A data key wrapped under the current wrap key, and the id of that key."""
        current = self.wrap[0]
        return current.id, aes_key_wrap(current.secret, data_key)

    def unwrap_key(self, wrap_key: str, wrapped: bytes) -> bytes:
        """The data key. Raises `BadRing` when the wrap key is not on the ring or did not wrap this."""
        try:
            return aes_key_unwrap(find_key(self.wrap, wrap_key).secret, wrapped)
        except InvalidUnwrap:
            raise BadRing(f"wrap key {wrap_key} does not open this data key") from None

    def sign_text(self, text: bytes) -> tuple[str, str]:
        """The id of the current sign key and its signature, base64url."""
        current = self.sign[0]
        signature = Ed25519PrivateKey.from_private_bytes(current.secret).sign(text)
        return current.id, urlsafe_b64encode(signature).decode()

    def is_signed(self, text: bytes, signed_by: str, signature: str) -> bool:
        """Whether a key of this ring made the signature."""
        try:
            key = Ed25519PrivateKey.from_private_bytes(find_key(self.sign, signed_by).secret)
            key.public_key().verify(urlsafe_b64decode(signature), text)
        except (BadRing, InvalidSignature, ValueError):
            return False
        return True


def keyed_hash(key: RingKey, parts: Iterable[str]) -> str:
    hashed = begin_hash(key.secret).copy()
    hashed.update(b"".join([len(part).to_bytes(4) + part for part in map(str.encode, parts)]))
    return hashed.finalize().hex()


@lru_cache(maxsize=8)
def begin_hash(secret: bytes) -> HMAC:
    """A keyed hash of nothing yet; taking in the key costs as much as the hash itself."""
    return HMAC(secret, SHA256())


def find_key(keys: tuple[RingKey, ...], id: str) -> RingKey:
    for key in keys:
        if key.id == id:
            return key
    raise BadRing(f"there is no key {id}")


def read_ring(folder: Path) -> Ring:
    """The ring in `folder`. Raises `BadRing` when a kind has no key."""
    keys = sorted((read_key(path) for path in folder.glob("*.key")), key=lambda key: (-key.created, key.id))
    by_kind = {kind: tuple(key for key in keys if key.kind == kind) for kind in KINDS}
    if missing := [kind for kind in KINDS if not by_kind[kind]]:
        raise BadRing(
            f"{folder} has no {' and no '.join(missing)} key: put back its backup; where nothing was recorded yet,"
            " `cds keys ring` makes it"
        )
    return Ring(**by_kind)


def read_key(path: Path) -> RingKey:
    if path.stat().st_mode & 0o077:
        raise BadRing(f"{path.name}: others can read this key; expected mode 0600")
    try:
        file = msgspec.json.decode(path.read_bytes(), type=RingFile)
        created = datetime.fromisoformat(file.created).timestamp()
        key = RingKey(file.kind, file.id, created, urlsafe_b64decode(file.secret))
    except (msgspec.MsgspecError, ValueError):
        raise BadRing(f"{path.name}: not a key file of this service") from None
    if key.kind not in KINDS or len(key.secret) != SECRET_BYTES:
        raise BadRing(f"{path.name}: not a key file of this service")
    return key


def complete_ring(folder: Path, now: datetime) -> Ring:
    """The ring in `folder`, made where there is none yet. Processes that start at once end up with the same keys."""
    for kind in missing_kinds(folder):
        write_key(folder, kind, "first", now)
    return read_ring(folder)


def missing_kinds(folder: Path) -> list[str]:
    """The kinds of which there is no key."""
    there = {path.name.partition("-")[0] for path in folder.glob("*.key")}
    return [kind for kind in KINDS if kind not in there]


def rotate_key(folder: Path, kind: str, now: datetime) -> RingKey:
    """A new key of `kind`, current from now on; those before it stay until they are dropped."""
    read_ring(folder)
    return write_key(folder, kind, f"{now:%Y%m%dT%H%M%S}-{token_hex(3)}", now)


def drop_old_keys(folder: Path, kind: str) -> tuple[str, ...]:
    """Delete every key of `kind` but the current one; their ids."""
    old = getattr(read_ring(folder), kind)[1:]
    for key in old:
        (folder / f"{key.id}.key").unlink()
    return tuple(key.id for key in old)


def write_key(folder: Path, kind: str, name: str, now: datetime) -> RingKey:
    """Write a new key so that only its owner can ever read it, whole or not at all; one that is there already stays."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    id = f"{kind}-{name}"
    secret = token_bytes(SECRET_BYTES)
    file = RingFile(kind, id, now.astimezone(UTC).isoformat(), urlsafe_b64encode(secret).decode())
    unfinished = folder / f"{id}.{token_hex(4)}"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as written:
        written.write(msgspec.json.encode(file))
        written.flush()
        os.fsync(written.fileno())
    try:
        os.link(unfinished, folder / f"{id}.key")
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
    return read_key(folder / f"{id}.key")
