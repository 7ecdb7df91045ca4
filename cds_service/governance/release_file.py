"""The release file: what a production server starts from.

It is compiled by `cds check`, so editing a rule changes nothing until the check passed.
"""

import os
from datetime import date
from pathlib import Path

from cds_service.errors import BadRelease, BadSettings
from cds_service.knowledge.compile import compile_release, is_current
from cds_service.knowledge.release import Release
from cds_service.knowledge.sources import Sources
from cds_service.knowledge.stored import read_release, write_release
from cds_service.terminology.products import Terminology


def save_release(path: Path, release: Release) -> None:
    """Write the release file so that a reader sees the old one or the new one, never half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(write_release(release))
    unfinished.replace(path)


def load_release(path: Path, terminology: Terminology) -> Release:
    """Raises `BadSettings` when there is no release file, it was changed, or it goes with another drug index."""
    try:
        return read_release(path.read_bytes(), terminology)
    except FileNotFoundError:
        raise BadSettings(f"{path}: there is no checked release; run `cds check`") from None
    except BadRelease as why:
        raise BadSettings(f"{path}: {why}; run `cds check`") from None


def load_checked_release(path: Path, folders: Sources, terminology: Terminology, today: date) -> Release:
    """The release of the file. Raises `BadSettings` when it is not of what the data folders hold now.

    A change of the site that ended since the check is no edit: what was checked answers without it. Only for a day
    before that of the check it is compiled anew.
    """
    release = load_release(path, terminology).on(today)
    if release.sources != folders.digest:
        raise BadSettings(f"{path}: rules, cards or services were edited after the last check; run `cds check`")
    return release if is_current(release, folders, today) else compile_release(folders, terminology, today)
