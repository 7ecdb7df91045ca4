"""The one way this service opens a database: an SQLite file under `CDS_HOME`, or the site's PostgreSQL."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

from cds_service.errors import BadSettings
from cds_service.turns import Turns

T = TypeVar("T")
Insert = sqlite.Insert | postgresql.Insert
INSERTS: dict[str, Callable[[Table], Insert]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
CONNECTIONS = 32
WAIT_S = 2
"""How long a writer waits for another, and for a server that does not answer."""

SURVIVES_A_CRASH = "NORMAL"
SURVIVES_POWER_LOSS = "FULL"
"""SQLite's `synchronous`: with NORMAL a power loss may cost the last rows, never what was written before."""

LOG_PAGES = 4000
"""Pages of SQLite's log, 16 MB, after which it is moved into the database: the call that meets this waits for it, so it
comes to one in two hundred instead of one in fifty."""

AT_ONCE = 8
"""Questions that wait for a server side by side."""

CAUSES = {
    "Connection refused": "nothing listens there",
    "No such file or directory": "nothing listens there",
    "Name or service not known": "no machine of that name is known",
    "could not translate host name": "no machine of that name is known",
    "failed to resolve": "no machine of that name is known",
    "No route to host": "there is no way to it through the network",
    "Network is unreachable": "there is no way to it through the network",
    "timeout expired": "it does not answer",
    "timed out": "it does not answer",
    "password authentication failed": "it refuses the user or the password",
    "no password supplied": "it wants a password",
    "pg_hba.conf": "it does not let this machine or user in",
    "does not exist": "it has no such database or user",
    "too many clients": "it has no connection left",
    "connection slots": "it has no connection left",
    "starting up": "it is starting",
    "shutting down": "it is stopping",
    "SSL": "an encrypted connection did not come about",
}
"""What a server's driver says when there is no connection, in part, and what it means."""
DEFAULT_PORT = 5432

IMPATIENT = {"connect_timeout": WAIT_S, "tcp_user_timeout": WAIT_S * 1000}
"""In words of libpq."""


def reach_database(url: str | None, file: Path, synchronous: str) -> Engine:
    """The database at `url` (SQLAlchemy's form), or the SQLite `file` when there is none.

    It holds no open connection, so a process that forks may open it. Raises `BadSettings` without user and password.
    """
    if url is None:
        make_folder(file.parent)
        make_private(file)
        url = f"sqlite:///{file}"
    address = None
    try:
        address = make_url(url)
        kind = address.get_backend_name()
        if kind not in INSERTS:
            raise BadSettings(f"database_url: found {kind}, expected {' or '.join(INSERTS)}")
        server = kind == "postgresql"
        engine = create_engine(address, pool_size=CONNECTIONS, connect_args=IMPATIENT if server else {})
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise cannot_use(error, address) from None
    prepare = prepare_postgresql if server else prepare_sqlite
    event.listen(engine, "connect", lambda connection, _: prepare(connection, synchronous))
    return engine


def prepare_sqlite(connection: Any, synchronous: str) -> None:
    """Workers write at the same time: the log is written ahead, and a writer waits for another. What is deleted is
    overwritten: retention means it."""
    connection.execute(f"PRAGMA busy_timeout = {WAIT_S * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA secure_delete = ON")


def prepare_postgresql(connection: Any, synchronous: str) -> None:
    """The same promise as SQLite's, whatever the server's default is."""
    connection.execute(f"SET synchronous_commit = {'on' if synchronous == SURVIVES_POWER_LOSS else 'off'}")
    connection.commit()


def make_folder(folder: Path) -> None:
    """Only its owner may look into it. Raises `BadSettings`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadSettings(f"home: {folder} cannot be made: {error.strerror}") from None


def make_private(file: Path) -> None:
    """Only its owner may read a database that is made here, and the files that SQLite makes beside it. Where it cannot
    be made, whoever opens it is told why."""
    with suppress(OSError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def cannot_use(error: Exception, address: URL | None) -> BadSettings:
    """The error for a database that cannot be opened: where it is, and the kind of cause.

    It repeats neither user and password nor what a server says, which may hold them.
    """
    cause = getattr(error, "orig", None) or error
    kind = type(cause).__name__
    if address is None:
        return BadSettings(f"database_url: expected postgresql+psycopg://USER:PASSWORD@HOST/DATABASE: {kind}")
    if address.get_backend_name() == "sqlite":
        return BadSettings(f"{address.database}: the database in this file cannot be used: {cause}")
    if isinstance(error, ImportError | NoSuchModuleError):
        why = "its driver is not installed; the address begins with postgresql+psycopg"
    else:
        why = next((meaning for said, meaning in CAUSES.items() if said in str(cause)), kind)
    return BadSettings(f"database_url: the database at {host_of(address)} cannot be used: {why}")


def host_of(address: URL) -> str:
    """The machine and the port, or the folder of the local socket."""
    host = address.host or address.query.get("host") or "this machine"
    return f"{host if isinstance(host, str) else ', '.join(host)}:{address.port or DEFAULT_PORT}"


def insert_into(table: Table, database: Engine) -> Insert:
    """The insert of this database's dialect, which knows `on_conflict_do_nothing`."""
    return INSERTS[database.dialect.name](table)


class Questions:
    """Questions to one database, each waited for only so long.

    A server that is frozen takes connections and never answers, and no setting of its driver ends that wait. While one
    question stays without an answer no other is put. SQLite is asked directly: it gives up by itself after `WAIT_S`.
    """

    def __init__(self, database: Engine, turns: Turns | None = None) -> None:
        self.turns = turns or Turns()
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
        if self.turns.wait(lambda seconds: bool(wait([asked], seconds).done), within):
            return asked.result()
        if not asked.cancel():
            self.unanswered = asked
        raise TimeoutError
