"""Can all that waits in the spool still be read? It is looked at without being touched."""

import os
from collections.abc import Iterator
from fcntl import LOCK_SH, flock
from pathlib import Path

from cds_service.store.spool import DAMAGED, FILE, HEADER_FILE, REFUSED
from cds_service.store.spool_file import read_header, read_on, read_stretches


def find_damage(folder: Path) -> Iterator[str]:
    """What is wrong with the spool in `folder`: nothing where there never was one."""
    yield from find_unreadable(folder)
    for path in sorted(folder.glob(f"{DAMAGED}*")):
        yield f"spool: {path.name} stands aside: a piece of the spool that was damaged while records waited in it"
    for path in sorted(folder.glob(f"{REFUSED}*")):
        yield f"spool: {path.name} stands aside: a record that the database did not take"


def find_unreadable(folder: Path) -> Iterator[str]:
    """The pieces of what waits that cannot be read, and how many records that is."""
    paths = [path for name in (FILE, HEADER_FILE) if (path := folder / name).is_file()]
    files = [os.open(path, os.O_RDONLY) for path in paths]
    try:
        if files:
            flock(files[0], LOCK_SH)
        known = [header for file in files if (header := read_header(file)) is not None]
        if not known:
            yield from [f"spool: {FILE} has no header: nobody knows what waits in it"] * (folder / FILE in paths)
            return
        header = read_on(files[0], max(known))
        stretches = list(read_stretches(files[0], header, header.end))
    finally:
        for file in files:
            os.close(file)
    missing = header.waiting - sum(each.record is not None for each in stretches)
    if unreadable := [f"{each.begin} to {each.after - 1}" for each in stretches if each.record is None]:
        places = ", ".join(unreadable)
        yield f"spool: {missing} of {header.waiting} records that wait cannot be read: bytes {places} of {FILE}"
