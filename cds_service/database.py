"""The one way this service opens a database: an SQLite file under `CDS_HOME`, or the site's PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from cds_service.errors import BadSettings

T = TypeVar("T")
Insert = sqlite.Insert | postgresql.Insert
INSERTS: dict[str, Callable[[Table], Insert]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
CONNECTIONS = 32
WAIT_S = 2
"""How long a writer waits for another, and for a server that does not answer."""

SURVIVES_A_CRASH = "NORMAL"
SURVIVES_POWER_LOSS = "FULL"
"""SQLite's `synchronous`: with NORMAL a power loss may cost the last rows, never what was written before."""

AT_ONCE = 8
"""Questions that wait for a server side by side."""

IMPATIENT = {"connect_timeout": WAIT_S, "tcp_user_timeout": WAIT_S * 1000}
"""In words of libpq."""


def reach_database(url: str | None, file: Path, synchronous: str) -> Engine:
    """The database at `url` (SQLAlchemy's form), or the SQLite `file` when there is none.

    It holds no open connection, so a process that forks may open it. Raises `BadSettings` without repeating `url`,
    which may hold a password.
    """
    if url is None:
        file.parent.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{file}"
    try:
        kind = make_url(url).get_backend_name()
        if kind not in INSERTS:
            raise BadSettings(f"database_url: found {kind}, expected {' or '.join(INSERTS)}")
        server = kind == "postgresql"
        engine = create_engine(url, pool_size=CONNECTIONS, connect_args=IMPATIENT if server else {})
    except (SQLAlchemyError, ImportError) as error:
        raise cannot_use(error) from None
    prepare = prepare_postgresql if server else prepare_sqlite
    event.listen(engine, "connect", lambda connection, _: prepare(connection, synchronous))
    return engine


def prepare_sqlite(connection: Any, synchronous: str) -> None:
    """Workers write at the same time: the log is written ahead, and a writer waits for another. What is deleted is
    overwritten: retention means it."""
    connection.execute(f"PRAGMA busy_timeout = {WAIT_S * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA secure_delete = ON")


def prepare_postgresql(connection: Any, synchronous: str) -> None:
    """The same promise as SQLite's, whatever the server's default is."""
    connection.execute(f"SET synchronous_commit = {'on' if synchronous == SURVIVES_POWER_LOSS else 'off'}")
    connection.commit()


def cannot_use(error: Exception) -> BadSettings:
    """The error for a database that cannot be opened; its text names the kind of cause and nothing of the address."""
    cause = getattr(error, "orig", None) or error
    return BadSettings(f"database_url: the database cannot be used: {type(cause).__name__}")


def insert_into(table: Table, database: Engine) -> Insert:
    """The insert of this database's dialect, which knows `on_conflict_do_nothing`."""
    return INSERTS[database.dialect.name](table)


class Questions:
    """Questions to one database, each waited for only so long.

    A server that is frozen takes connections and never answers, and no setting of its driver ends that wait. While one
    question stays without an answer no other is put. SQLite is asked directly: it gives up by itself after `WAIT_S`.
    """

    def __init__(self, database: Engine) -> None:
        self.pool = ThreadPoolExecutor(AT_ONCE, "database") if database.dialect.name == "postgresql" else None
        self.unanswered: Future[Any] | None = None

    def ask(self, question: Callable[[], T], within: float) -> T:
        """The answer. Raises `TimeoutError` after `within` seconds, and what the question raises.

        A question that was given up may still be answered later: only what may happen unseen is put this way.
        """
        if self.pool is None:
            return question()
        if self.unanswered is not None and not self.unanswered.done():
            raise TimeoutError
        asked = self.pool.submit(question)
        try:
            return asked.result(within)
        except TimeoutError:
            if not asked.cancel():
                self.unanswered = asked
            raise
