"""The steps of `store/migrations` lead to the tables of `store/tables.py`."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from cds_service.database import SURVIVES_POWER_LOSS, reach_database
from cds_service.errors import BadSettings
from cds_service.store.migrate import NEWEST, find_version, prepare_database, upgrade
from cds_service.store.tables import STORE


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
