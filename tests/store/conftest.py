"""Every store test runs on SQLite and on PostgreSQL."""

from pathlib import Path

import pytest

from cds_service.database import SURVIVES_POWER_LOSS, reach_database
from cds_service.store.migrate import upgrade
from cds_service.store.store import Places
from tests.store.entries import places_in
from tests.support.databases import database_url, postgresql

__all__ = ["database_url", "places", "postgresql"]


@pytest.fixture
def places(database_url: str, tmp_path: Path) -> Places:
    """An empty database with the tables of the store, and folders for the rest."""
    if database_url.startswith("postgresql"):
        engine = reach_database(database_url, tmp_path / "unused", SURVIVES_POWER_LOSS)
        upgrade(engine)
        engine.dispose()
        return places_in(tmp_path, database_url)
    return places_in(tmp_path)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a commit may take longer than a call waits; the record would then be found a second later."""
    monkeypatch.setattr("cds_service.store.writing.COMMIT_WITHIN_S", 20.0)
    monkeypatch.setattr("cds_service.store.feedback.WITHIN_S", 20.0)
    monkeypatch.setattr("cds_service.store.store.HEALTH_WITHIN_S", 20.0)
