"""What is encrypted, with which key: AES-256-GCM under one data key for each day and worker."""

from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_bytes, token_hex
from threading import Lock
from time import gmtime, strftime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from isal.isal_zlib import compress, decompress
from msgspec import Struct

from cds_service.errors import CdsError
from cds_service.store.ring import Ring

NONCE_BYTES = 12
KEY_BITS = 256
LEVEL = 1
"""Of the packing, in zlib's format: as small as zlib's own third level in a quarter of its time."""


@dataclass(unsafe_hash=True)
class Unopened(CdsError):
    """A ciphertext that its key does not open: it, or what it is bound to, was changed."""

    what: str

    def __str__(self) -> str:
        return f"{self.what}: was changed after it was written, or belongs elsewhere"


class WrappedKey(Struct, frozen=True):
    """A data key as it is kept: its id, the wrap key it is wrapped under, and the wrapped bytes."""

    data_key: str
    wrap_key: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class DayKey:
    """The data key of one day (`2026-11-21`), ready for use."""

    day: str
    kept: WrappedKey
    cipher: AESGCM = field(repr=False)


class Seals:
    """Encrypts with the data key of the day, and opens what was encrypted before. `ring` gives the ring as it is now.

    Keys are drawn for each process, so that no key is used by two, and nothing has to be asked before a record is
    encrypted.
    """

    def __init__(self, ring: Callable[[], Ring]) -> None:
        self.ring = ring
        self.lock = Lock()
        self.today: DayKey | None = None
        self.opened: dict[str, AESGCM] = {}

    def key_of(self, at: float) -> DayKey:
        """The key that encrypts at `at` (epoch seconds)."""
        day = strftime("%Y-%m-%d", gmtime(at))
        with self.lock:
            if self.today is None or self.today.day != day:
                secret = AESGCM.generate_key(KEY_BITS)
                wrap_key, wrapped = self.ring().wrap_key(secret)
                kept = WrappedKey(f"{day}-{token_hex(8)}", wrap_key, wrapped)
                self.today = DayKey(day, kept, AESGCM(secret))
            return self.today

    def open(self, kept: WrappedKey, ciphertext: bytes, bound_to: bytes) -> bytes:
        """What was sealed. Raises `Unopened`, or `BadRing` when the ring has not its wrap key any more."""
        cipher = self.opened.get(kept.data_key)
        if cipher is None:
            cipher = self.opened[kept.data_key] = AESGCM(self.ring().unwrap_key(kept.wrap_key, kept.wrapped))
        try:
            return decompress(cipher.decrypt(ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:], bound_to))
        except InvalidTag:
            raise Unopened(kept.data_key) from None


def seal(key: DayKey, content: bytes, bound_to: bytes) -> bytes:
    """`content` packed and encrypted; it opens only together with `bound_to`."""
    nonce = token_bytes(NONCE_BYTES)
    return nonce + key.cipher.encrypt(nonce, compress(content, LEVEL), bound_to)
