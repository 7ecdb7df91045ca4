"""Every store test runs on SQLite and on PostgreSQL."""

import shutil
from pathlib import Path

import pytest

from cds_service.database import SURVIVES_POWER_LOSS, reach_database
from cds_service.store.migrate import upgrade
from cds_service.store.store import FILE, Places
from tests.store.entries import places_in


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the tables of the store and no row. A copy is made sooner than the tables are."""
    file = tmp_path_factory.mktemp("tables") / FILE
    make_tables(None, file)
    return file


@pytest.fixture
def places(database_url: str, tmp_path: Path, empty_file: Path) -> Places:
    """An empty database with the tables of the store, and folders for the rest."""
    if database_url.startswith("postgresql"):
        make_tables(database_url, tmp_path / "unused")
        return places_in(tmp_path, database_url)
    places = places_in(tmp_path)
    places.home.mkdir()
    shutil.copy(empty_file, places.home)
    return places


def make_tables(url: str | None, file: Path) -> None:
    engine = reach_database(url, file, SURVIVES_POWER_LOSS)
    upgrade(engine)
    engine.dispose()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a commit may take longer than a call waits; the record would then be found a second later."""
    monkeypatch.setattr("cds_service.store.writing.COMMIT_WITHIN_S", 20.0)
    monkeypatch.setattr("cds_service.store.feedback.WITHIN_S", 20.0)
    monkeypatch.setattr("cds_service.store.store.HEALTH_WITHIN_S", 20.0)
