"""Every store test runs on SQLite and on PostgreSQL."""

import shutil
from pathlib import Path

import pytest

from cds_service.store.store import Places
from tests.store.entries import places_in
from tests.support.databases import make_tables


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


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a commit may take longer than a call waits; the record would then be found a second later."""
    monkeypatch.setattr("cds_service.store.writing.COMMIT_WITHIN_S", 20.0)
    monkeypatch.setattr("cds_service.store.feedback.WITHIN_S", 20.0)
    monkeypatch.setattr("cds_service.store.store.HEALTH_WITHIN_S", 20.0)
