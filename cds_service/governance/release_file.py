"""The release file: the checked sources, word for word, with the digests they were checked against.

A server compiles its rules from this file only, so editing a rule changes nothing until `cds check` passed.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from cds_service.errors import BadSettings
from cds_service.knowledge.sources import Sources, canonical


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """`sources` is the digest of what is in `documents` and `rows`; `terminology` that of the index it was checked with."""

    sources: str
    terminology: str
    documents: dict[str, dict[str, Any]]
    rows: dict[str, tuple[dict[str, str], ...]]


def write_release(path: Path, sources: Sources, terminology: str) -> None:
    """Write the release file so that a reader sees the old one or the new one, never half of it."""
    content = {
        "sources": sources.digest,
        "terminology": terminology,
        "documents": sources.documents,
        "rows": sources.rows,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(canonical(content))
    unfinished.replace(path)


def read_release(path: Path, terminology: str) -> Sources | None:
    """The sources of the release file, None if there is none.

    Raises `BadSettings` when the file was changed after it was written, or checked with another terminology index.
    """
    if not path.is_file():
        return None
    try:
        file = msgspec.json.decode(path.read_bytes(), type=ReleaseFile)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadSettings(f"{path.name}: not a release file; run `cds check`") from None
    sources = Sources(file.documents, file.rows)
    if sources.digest != file.sources:
        raise BadSettings(f"{path.name}: was changed after it was written; run `cds check`")
    if file.terminology != terminology:
        raise BadSettings(f"{path.name}: was checked with another terminology index; run `cds check`")
    return sources
