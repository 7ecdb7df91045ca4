"""Each writer's records form a chain: the hash of one covers the hash of the one before.

It covers what neither rotation of keys nor retention changes: place, time, id, release and the digest of the
ciphertext. So a chain stays valid when ciphertexts are removed, and shows any other change.
"""

from hashlib import sha256

import msgspec


def begin(writer: str) -> str:
    """The hash before a writer's first record."""
    return sha256(f"cds-service chain {writer}".encode()).hexdigest()


def link(before: str, seq: int, at: float, id: str, release_digest: str, content_sha256: str) -> str:
    """The hash of record number `seq` (from 1), written at `at` (epoch seconds)."""
    return sha256(msgspec.json.encode([before, seq, at, id, release_digest, content_sha256])).hexdigest()


def access_digest(who: str, what: str, of: str) -> str:
    """What the chain covers of somebody's look at records."""
    return sha256(msgspec.json.encode([who, what, of])).hexdigest()
