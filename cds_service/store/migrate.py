"""Bring a database to the tables of this code."""

from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from cds_service.database import cannot_use
from cds_service.errors import BadSettings

NEWEST = "0006"
FOLDER = Path(__file__).with_name("migrations")
TURNS = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(4711)"}
"""Processes may start at once: the second waits here and then finds nothing left to do."""


def find_version(database: Engine) -> str | None:
    """The last step that was taken in this database. Raises `BadSettings` when it cannot be asked."""
    try:
        with database.connect() as connection:
            if not inspect(connection).has_table("store_version"):
                return None
            return connection.execute(text("SELECT version_num FROM store_version")).scalar()
    except SQLAlchemyError as error:
        raise cannot_use(error, database.url) from None


def upgrade(database: Engine) -> None:
    """Take every step that is missing. Raises `BadSettings`, also for a database that is newer than this code."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    found = find_version(database)
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        with database.connect() as connection:
            connection.exec_driver_sql(TURNS[database.dialect.name])
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except CommandError:
        where = database.url.database
        raise BadSettings(
            f"database {where}: found version {found!r}, which is newer than this code or damaged"
        ) from None
    except SQLAlchemyError as error:
        raise cannot_use(error, database.url) from None


def prepare_database(database: Engine) -> None:
    """The tables of an SQLite file are brought up to date; a server's only by `cds store upgrade`, when nobody calls.

    Raises `BadSettings`.
    """
    if find_version(database) == NEWEST:
        return
    if database.dialect.name == "postgresql":
        raise BadSettings("database_url: the database does not have this version's tables; run `cds store upgrade`")
    upgrade(database)
