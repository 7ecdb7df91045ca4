"""The databases that tokens and rates are kept in: SQLite always, PostgreSQL where one is named."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cds_service.trust.database import TABLES, open_database

POSTGRESQL = os.environ.get("TEST_DATABASE_URL")
needs_postgresql = pytest.mark.skipif(not POSTGRESQL, reason="TEST_DATABASE_URL names no PostgreSQL to test with")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs_postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database, dropped afterwards."""
    engine = open_database(POSTGRESQL if request.param == "postgresql" else None, tmp_path)
    yield engine
    TABLES.drop_all(engine)
    engine.dispose()
