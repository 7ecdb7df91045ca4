"""Rows as the database holds them, whatever somebody put there: a column of SQLite takes values of every kind."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from sqlalchemy import Boolean, Double, Engine, Integer, Label, LargeBinary, String, Table, create_engine, event
from sqlalchemy import type_coerce as as_type
from sqlalchemy.types import NullType, TypeEngine

KINDS: tuple[tuple[type[TypeEngine[Any]], type | tuple[type, ...], str], ...] = (
    (Boolean, (bool, int), "true or false"),
    (Integer, int, "a whole number"),
    (Double, (float, int), "a number"),
    (LargeBinary, bytes, "bytes"),
    (String, str, "text"),
)
FOUND = {str: "text", bytes: "bytes", int: "a whole number", float: "a number", type(None): "nothing"}


def raw_columns(table: Table, prefix: str = "") -> list[Label[Any]]:
    """The columns of a table, read without making anything of their values."""
    return [as_type(column, NullType()).label(f"{prefix}{column.name}") for column in table.columns]


def reading_damaged_text(database: Engine) -> Engine:
    """The same database, read so that text which is no UTF-8 comes out as other text instead of an error."""
    if database.dialect.name != "sqlite":
        return database
    engine = create_engine(database.url)
    event.listen(engine, "connect", lambda connection, _: setattr(connection, "text_factory", read_text))
    return engine


def read_text(content: bytes) -> str:
    return content.decode(errors="backslashreplace")


def find_odd(table: Table, row: Mapping[Any, Any], prefix: str = "") -> tuple[str, ...]:
    """What is in `row` that no column of this kind holds: `its seq holds text, expected a whole number`."""
    odd = []
    for column in table.columns:
        value = row.get(f"{prefix}{column.name}")
        if (value is None and column.nullable) or f"{prefix}{column.name}" not in row:
            continue
        kinds, expected = next((kinds, name) for kind, kinds, name in KINDS if isinstance(column.type, kind))
        if not isinstance(value, kinds) or not is_plausible(value, column.type):
            found = FOUND.get(type(value), "something else")
            odd.append(f"its {column.name} holds {value if found == expected else found}, expected {expected}")
    return tuple(odd)


def is_plausible(value: Any, kind: TypeEngine[Any]) -> bool:
    if isinstance(kind, Boolean):
        return value in (0, 1)
    if isinstance(kind, Integer):
        return bool(value >= 0)  # counts and places
    return not isinstance(value, float) or isfinite(value)
