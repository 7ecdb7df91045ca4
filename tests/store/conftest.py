"""Every store test runs on SQLite and on PostgreSQL."""

from tests.support.databases import database_url, postgresql

__all__ = ["database_url", "postgresql"]
