"""The databases that tokens and rates are kept in: SQLite and PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cds_service.trust.database import open_database


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Engine]:
    """An empty database, dropped afterwards."""
    engine = open_database(database_url, tmp_path)
    yield engine
    engine.dispose()
