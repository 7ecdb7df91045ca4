"""Every test runs on SQLite and on PostgreSQL."""

from tests.quieting.conftest import application, database_url, patient, places, postgresql, unhurried, ward

__all__ = ["application", "database_url", "patient", "places", "postgresql", "unhurried", "ward"]
