"""Each writer's records form a chain: the hash of one covers the hash of the one before.

It covers what neither rotation of keys nor retention changes: place, time, id, release and the digest of the
ciphertext. So a chain stays valid when ciphertexts are removed, and shows any other change.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

TOLD = ("tenant", "client", "service", "card", "decision_id", "outcome", "accepted", "reason_code", "reason_system")
"""What an event of feedback says, besides its times and what was typed."""


def begin(writer: str) -> str:
    """The hash before a writer's first record."""
    return sha256(f"cds-service chain {writer}".encode()).hexdigest()


def link(before: str, seq: int, at: float, id: str, release_digest: str, content_sha256: str) -> str:
    """The hash of record number `seq` (from 1), written at `at` (epoch seconds)."""
    return sha256(msgspec.json.encode([before, seq, at, id, release_digest, content_sha256])).hexdigest()


def access_digest(who: str, what: str, of: str) -> str:
    """What the chain covers of somebody's look at records."""
    return sha256(msgspec.json.encode([who, what, of])).hexdigest()


def feedback_digest(row: Mapping[str, Any], words_sha256: str) -> str:
    """What the chain covers of an event of feedback; `words_sha256` is the digest of what was typed, encrypted.

    SQLite hands back a whole number of seconds as it was written or as a float, so times are made floats first.
    """
    times = [float(row["received"]), float(row["at"])]
    return sha256(msgspec.json.encode([*times, *(row[name] for name in TOLD), words_sha256])).hexdigest()
