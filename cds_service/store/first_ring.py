"""The ring is made once, before anything is kept with it: keys made later in the place of lost ones open nothing."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from cds_service.database import SURVIVES_POWER_LOSS, reach_database
from cds_service.store.migrate import find_version
from cds_service.store.ring import BadRing, Ring, complete_ring, missing_kinds
from cds_service.store.tables import DATA_KEYS


def make_ring(folder: Path, url: str | None, file: Path, now: datetime) -> Ring:
    """The ring in `folder`, made where there is none yet and the database at `url`, or the SQLite `file`, holds nothing
    that was kept with another.

    Raises `BadRing`, or `BadSettings` when that cannot be asked.
    """
    missing = missing_kinds(folder)
    if missing and holds_records(url, file):
        raise BadRing(
            f"{folder} has no {' and no '.join(missing)} key, though records were kept with one: put back the backup of"
            " the ring, for without it they cannot be read; to begin anew, name another home or database"
        )
    return complete_ring(folder, now)


def holds_records(url: str | None, file: Path) -> bool:
    """Whether anything was encrypted there. A file that is not there is not made."""
    if url is None and not file.is_file():
        return False
    database = reach_database(url, file, SURVIVES_POWER_LOSS)
    try:
        if find_version(database) is None:
            return False
        with database.connect() as connection:
            return connection.execute(select(DATA_KEYS).limit(1)).first() is not None
    finally:
        database.dispose()
