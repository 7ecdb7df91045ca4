"""Every scenario runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from cds_service.app import Application
from cds_service.store.store import Places
from tests.store.conftest import database_url, patient, places, postgresql
from tests.support.service import application
from tests.support.ward import Ward, a_ward

__all__ = ["application", "database_url", "patient", "places", "postgresql"]


@pytest.fixture
def ward(application: Application, places: Places) -> Iterator[Ward]:
    with a_ward(application, places) as opened:
        yield opened
