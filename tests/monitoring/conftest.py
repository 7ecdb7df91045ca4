"""Every report is made from SQLite and from PostgreSQL."""

from collections.abc import Iterator

import pytest

from cds_service.store.store import Places
from tests.monitoring.traffic import Traffic
from tests.store.conftest import patient, places
from tests.store.entries import Clock, a_store

__all__ = ["patient", "places"]


@pytest.fixture
def traffic(places: Places) -> Iterator[Traffic]:
    clock = Clock()
    with a_store(places, clock) as store:
        yield Traffic(store, clock)
