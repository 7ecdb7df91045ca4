"""What all workers must know of callers, kept over restarts: SQLite in `CDS_HOME`, or the site's PostgreSQL."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Double, Engine, MetaData, String, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.sql.dml import ReturningInsert

from cds_service.errors import BadSettings

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


INSERTS: dict[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def insert_once(table: Table, database: Engine) -> ReturningInsert[tuple[str]]:
    """Inserts a row and returns its client; returns no row if there is one of the same key already."""
    return INSERTS[database.dialect.name](table).on_conflict_do_nothing().returning(table.c.client)


def open_database(url: str | None, home: Path) -> Engine:
    """The database at `url`, or `trust.sqlite` in `home`, with its tables. It holds no open connection, so a process
    that forks may open it. Raises `BadSettings` without repeating `url`, which may hold a password."""
    if url is None:
        home.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{home / 'trust.sqlite'}"
    try:
        kind = make_url(url).get_backend_name()
        if kind not in INSERTS:
            raise BadSettings(f"database_url: found {kind}, expected {' or '.join(INSERTS)}")
        engine = create_engine(url, pool_size=32)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", prepare_sqlite)
        create_tables(engine)
    except (SQLAlchemyError, ImportError) as error:
        cause = getattr(error, "orig", None) or error
        raise BadSettings(f"database_url: the database cannot be used: {type(cause).__name__}") from None
    engine.dispose()
    return engine


def create_tables(database: Engine) -> None:
    """Processes may start at once: what another makes meanwhile is found by a second look."""
    with suppress(DBAPIError):
        TABLES.create_all(database)
    TABLES.create_all(database)


def prepare_sqlite(connection: Any, _record: Any) -> None:
    """Workers write at the same time: the log is written ahead, and a writer waits for another. A power loss may cost
    the last rows, whose tokens expire within the hour; a crash of the process costs none."""
    connection.execute("PRAGMA busy_timeout = 2000")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
