"""The steps of `store/migrations` lead to the tables of `store/tables.py`."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect

from cds_service.database import SURVIVES_POWER_LOSS, reach_database
from cds_service.errors import BadSettings
from cds_service.store.migrate import FOLDER, NEWEST, find_version, prepare_database, upgrade
from cds_service.store.store import FILE, Places
from cds_service.store.tables import STORE
from tests.store.entries import a_store, an_entry, decision_id


@pytest.fixture
def engine(database_url: str, tmp_path: Path) -> Engine:
    return reach_database(database_url, tmp_path / "unused.sqlite", SURVIVES_POWER_LOSS)


def test_the_steps_lead_to_the_tables_of_the_code(engine: Engine) -> None:
    assert find_version(engine) is None
    upgrade(engine)
    assert find_version(engine) == NEWEST
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "store_version", "compare_type": True})
        assert compare_metadata(context, STORE) == []
    engine.dispose()


def test_records_of_an_older_version_are_read_after_an_upgrade(places: Places) -> None:
    """Orders are counted since step 0003: before it nobody knows how many there were."""
    engine = reach_database(places.url, places.home / FILE, SURVIVES_POWER_LOSS)
    with a_store(places) as store:
        store.write(an_entry(1))
    with engine.connect() as connection:
        command.downgrade(steps_on(connection), "0002")
        connection.commit()
    assert "orders" not in {column["name"] for column in inspect(engine).get_columns("decision")}
    upgrade(engine)
    engine.dispose()
    with a_store(places) as store:
        assert store.records.envelope(decision_id(1)).row.orders is None
        assert store.read(decision_id(1)) == an_entry(1).payload


def steps_on(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def test_a_second_start_changes_nothing(engine: Engine) -> None:
    upgrade(engine)
    before = sorted(inspect(engine).get_table_names())
    upgrade(engine)
    prepare_database(engine)
    assert sorted(inspect(engine).get_table_names()) == before
    engine.dispose()


def test_a_server_is_changed_by_command_only(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        prepare_database(engine)
        assert find_version(engine) == NEWEST
    else:
        with pytest.raises(BadSettings, match="run `cds store upgrade`"):
            prepare_database(engine)
        assert find_version(engine) is None
    engine.dispose()
