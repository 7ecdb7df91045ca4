"""Every test runs on SQLite and on PostgreSQL."""

from tests.quieting.conftest import patient, places, unhurried, ward

__all__ = ["patient", "places", "unhurried", "ward"]
