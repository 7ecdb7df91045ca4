"""Whose rows: a client's are those of its tenants too."""

from sqlalchemy import ColumnElement, or_
from sqlalchemy.sql.schema import Column


def is_of(column: Column[str], tenant: str) -> ColumnElement[bool]:
    """Whether a row's tenant is this one, or one of this client (`client/tenant`)."""
    return or_(column == tenant, column.startswith(f"{tenant}/", autoescape=True))
