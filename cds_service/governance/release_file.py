"""The release file: the checked sources with the digests they were checked under.

A production server starts from this file only, so editing a rule changes nothing until `cds check` passed.
"""

import os
from pathlib import Path
from typing import Any

import msgspec

from cds_service.errors import BadSettings
from cds_service.knowledge.sources import Sources, canonical


class ReleaseFile(msgspec.Struct, frozen=True):
    """`digest` is that of the sources; `terminology` that of the index they were checked with."""

    digest: str
    terminology: str
    documents: dict[str, dict[str, Any]]
    rows: dict[str, tuple[dict[str, str], ...]]

    @property
    def sources(self) -> Sources:
        return Sources(self.documents, self.rows)


def write_release(path: Path, sources: Sources, terminology: str) -> None:
    """Write the release file so that a reader sees the old one or the new one, never half of it."""
    content = {
        "digest": sources.digest,
        "terminology": terminology,
        "documents": sources.documents,
        "rows": sources.rows,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(canonical(content))
    unfinished.replace(path)


def read_release(path: Path) -> ReleaseFile:
    """Raises `BadSettings` when there is no release file, or it was changed after it was written."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=ReleaseFile)
    except FileNotFoundError:
        raise BadSettings(f"{path}: there is no checked release; run `cds check`") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadSettings(f"{path}: not a release file; run `cds check`") from None
    if file.sources.digest != file.digest:
        raise BadSettings(f"{path}: was changed after it was written; run `cds check`")
    return file


def read_checked_sources(path: Path, folders: Sources, terminology: str) -> Sources:
    """The sources of the release file. Raises `BadSettings` when they are not what the data folders hold now."""
    file = read_release(path)
    if file.digest != folders.digest:
        raise BadSettings(f"{path}: rules, cards or services were edited after the last check; run `cds check`")
    if file.terminology != terminology:
        raise BadSettings(f"{path}: was checked with another terminology index; run `cds check`")
    return file.sources
