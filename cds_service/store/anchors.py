"""Where checkpoints go: a file on another volume, the system's log, or another server."""

import os
import syslog
from collections.abc import Callable
from pathlib import Path

from cds_service.errors import BadSettings

SYSLOG = "syslog"
IDENTITY = "cds-audit"
Anchor = Callable[[str], None]
"""Takes one line for good. Raises `OSError` or a `CdsError` when it cannot."""


def find_anchor(address: str, home: Path, post: Anchor) -> Anchor:
    """The anchor of a setting; `post` sends a line to an https address. Raises `BadSettings`."""
    if address == SYSLOG:
        return write_to_syslog
    if address.startswith("https://"):
        return post
    if "://" in address:
        raise BadSettings(f"audit_anchor: found {address!r}, expected a file, {SYSLOG} or an https address")
    path = Path(address)
    if path.resolve().is_relative_to(home.resolve()):
        raise BadSettings(f"audit_anchor: found {address!r} inside home ({home}): it must outlive what it vouches for")
    return lambda line: append_line(path, line)


def append_line(path: Path, line: str) -> None:
    """Add a line to a file, on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(descriptor, f"{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_to_syslog(line: str) -> None:
    syslog.openlog(IDENTITY, 0, syslog.LOG_AUTH)
    syslog.syslog(syslog.LOG_NOTICE, line)
