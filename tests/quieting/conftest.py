"""Every scenario runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from cds_service.app import Application
from cds_service.store.store import Places
from tests.store.conftest import patient, places
from tests.support.ward import Ward, a_ward

__all__ = ["patient", "places"]


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a look into the database may take longer than a call waits; then everything is said."""
    monkeypatch.setattr("cds_service.remembering.WITHIN_S", 20.0)
    monkeypatch.setattr("cds_service.store.memory.WITHIN_MS", 20_000)


@pytest.fixture
def ward(application: Application, places: Places) -> Iterator[Ward]:
    with a_ward(application, places) as opened:
        yield opened
