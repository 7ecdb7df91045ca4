"""Tables of the index file, and the digest of what they hold."""

import hashlib
import sqlite3

VERSION = "1"

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE route (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE form (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
-- place: rank in typed search; current: 0 for retired codes
CREATE TABLE concept (
    rxcui INTEGER PRIMARY KEY, tty TEXT NOT NULL, name TEXT NOT NULL, form INTEGER, route INTEGER NOT NULL,
    brand TEXT, quantity REAL, quantity_unit TEXT, current INTEGER NOT NULL, source INTEGER NOT NULL,
    place INTEGER NOT NULL
);
CREATE TABLE part (
    rxcui INTEGER, ordinal INTEGER, ingredient INTEGER NOT NULL, value REAL, unit TEXT,
    PRIMARY KEY (rxcui, ordinal)
) WITHOUT ROWID;
-- product: first 9 of 11 digits; packages: the last two of each known code, one byte each
CREATE TABLE ndc (product INTEGER, rxcui INTEGER, packages BLOB NOT NULL, PRIMARY KEY (product, rxcui)) WITHOUT ROWID;
CREATE TABLE class (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, name TEXT NOT NULL);
CREATE TABLE member (class INTEGER, ingredient INTEGER, PRIMARY KEY (class, ingredient)) WITHOUT ROWID;
CREATE TABLE name (key INTEGER PRIMARY KEY, rxcui INTEGER NOT NULL);
CREATE TABLE word (text TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE posting (word INTEGER, place INTEGER, PRIMARY KEY (word, place)) WITHOUT ROWID;
"""

INDEXES = """
CREATE UNIQUE INDEX concept_place ON concept (place) WHERE place > 0;
CREATE INDEX member_ingredient ON member (ingredient);
"""

_TABLES = ("class", "concept", "form", "member", "name", "ndc", "part", "posting", "route", "source", "word")


def digest_of(connection: sqlite3.Connection) -> str:
    """sha256 over every row, table by table in key order; file layout and SQLite version play no part."""
    digest = hashlib.sha256(VERSION.encode())
    for table in _TABLES:
        digest.update(table.encode())
        for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2"):
            digest.update(repr(row).encode())
    return digest.hexdigest()
