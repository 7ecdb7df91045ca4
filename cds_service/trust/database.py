"""What all workers must know of callers, kept over restarts: SQLite in `CDS_HOME`, or the site's PostgreSQL."""

from contextlib import suppress
from pathlib import Path

from sqlalchemy import Column, Double, Engine, MetaData, QueuePool, String, Table, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.sql.dml import ReturningInsert

from cds_service.database import SURVIVES_A_CRASH, cannot_use, insert_into, reach_database

TABLES = MetaData()
SHA256_HEX = 64
NAME = 60

USED_TOKENS = Table(
    "used_token",
    TABLES,
    Column("client", String(NAME), primary_key=True),
    Column("jti_sha256", String(SHA256_HEX), primary_key=True),
    Column("call_sha256", String(SHA256_HEX), nullable=False),
    Column("usable_until", Double, nullable=False, index=True),
)
"""One row for each token that was accepted; times are epoch seconds."""

ALLOWANCES = Table(
    "call_allowance",
    TABLES,
    Column("client", String(NAME), primary_key=True),
    Column("paid_until", Double, nullable=False),
)
"""Up to when the calls of each client so far have used its rate."""


def insert_once(table: Table, database: Engine) -> ReturningInsert[tuple[str]]:
    """Inserts a row and returns its client; returns no row if there is one of the same key already."""
    return insert_into(table, database).on_conflict_do_nothing().returning(table.c.client)


def open_database(url: str | None, home: Path) -> Engine:
    """The database at `url`, or `trust.sqlite` in `home`, with its tables. A power loss may cost the last rows, whose
    tokens expire within the hour; a crash of the process costs none. Raises `BadSettings`."""
    engine = reach_database(url, home / "trust.sqlite", SURVIVES_A_CRASH)
    try:
        create_tables(engine)
    except (SQLAlchemyError, ImportError) as error:
        raise cannot_use(error, engine.url) from None
    engine.dispose()
    return engine


def open_memory() -> Engine:
    """A database in the memory of this process, with its tables. It is one connection: threads take turns."""
    engine = create_engine(
        "sqlite://", poolclass=QueuePool, pool_size=1, max_overflow=0, connect_args={"check_same_thread": False}
    )
    create_tables(engine)
    return engine


def create_tables(database: Engine) -> None:
    """Processes may start at once: what another makes meanwhile is found by a second look."""
    with suppress(DBAPIError):
        TABLES.create_all(database)
    TABLES.create_all(database)
