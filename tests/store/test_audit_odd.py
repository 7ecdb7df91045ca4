"""An audit names what no column should hold, and goes on: one bad row hides no other, whatever stands in it."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from shutil import copy, rmtree
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table

from cds_service.errors import BadSettings
from cds_service.store.accesses import record_access
from cds_service.store.anchors import append_line
from cds_service.store.audit import Audit, Terms
from cds_service.store.feedback import Reported, Reporter, keep_feedback
from cds_service.store.releases import SHIPPED, Activation, Kept, Releases
from cds_service.store.store import FILE, Duties, Places, open_store
from cds_service.store.tables import (
    ACCESSES,
    ACTIVATIONS,
    CARDS,
    CHAINS,
    CHECKPOINTS,
    DATA_KEYS,
    DECISIONS,
    FEEDBACK,
    FEEDBACK_ENTRIES,
    FINDINGS,
    RELEASE_ENTRIES,
    RELEASES,
)
from cds_service.store.verifying import verify
from tests.store.entries import NOON, Clock, Told, a_store, an_entry, decision_id, places_in, who_of

TABLES = (
    *(DECISIONS, FINDINGS, CARDS, DATA_KEYS, CHAINS, ACCESSES, CHECKPOINTS, FEEDBACK, FEEDBACK_ENTRIES),
    *(RELEASES, ACTIVATIONS, RELEASE_ENTRIES),
)
ODD = ("cast(x'ff' as text)", "x'fffe'", "1000000000000000000", "9e999")
UNWATCHED = {
    *(("decision", "call_key"), ("decision", "answered"), ("card", "topic")),
    *(("chain", "began"), ("chain", "checkpointed"), ("checkpoint", "at"), ("checkpoint", "anchored")),
}
"""Marks of the store's own work: of these an audit sees the wrong kind, not the wrong value."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Six decisions, two looks at them, two events of feedback and two releases under two checkpoints."""
    folder = tmp_path_factory.mktemp("written")
    places = places_in(folder)
    duties = Duties(anchor=lambda line: append_line(folder / "anchor", line))
    for first in (1, 4):
        with a_store(places, duties=duties) as store:
            for number in range(first, first + 3):
                store.write(an_entry(number))
            record_access(store.database, "auditor", "show", decision_id(first), NOON)
            told = Reported(decision_id(900 + first), "overridden", NOON, (), "a", "b", {"comment": "c"})
            keep_feedback(store, Reporter("general", "general", "medication-order-sign"), [told])
            releases, digest = Releases(store.database), f"{first:064x}"
            releases.keep(Kept(digest, NOON, None, "", "why", "Ann", SHIPPED), b"content")
            releases.append(Activation(first, NOON, digest, None, 0, "", "Ann", "why"))
    with closing(sqlite3.connect(places.home / FILE)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    return places


def copy_of(places: Places, folder: Path) -> Places:
    """Each in a folder of its own: a connection that ends late takes away the files that SQLite made beside it."""
    spoilt = Places(None, Path(mkdtemp(dir=folder)), places.ring, folder / "spool")
    copy(places.home / FILE, spoilt.home / FILE)
    return spoilt


def audit(spoilt: Places, written: Places) -> Audit:
    lines = (written.home.parent / "anchor").read_text().splitlines()
    try:
        store = open_store(spoilt, Clock(), Told())
        found = verify(store.records, lambda: lines, Terms(store.ring, NOON + 100, who_of=who_of))
        store.close()
    finally:
        rmtree(spoilt.home)
    return found


def spoil(file: Path, table: str, column: str, value: str) -> bool:
    """Put `value` into a row; False where the database itself refuses it or it is what was there."""
    with closing(sqlite3.connect(file)) as connection:
        connection.text_factory = bytes
        which = f"rowid = (SELECT max(rowid) FROM {table})"
        try:
            before = connection.execute(f"SELECT quote({column}) FROM {table} WHERE {which}").fetchone()
            connection.execute(f"UPDATE {table} SET {column} = {value} WHERE {which}")
            connection.commit()
        except sqlite3.Error:
            return False
        return bool(before != connection.execute(f"SELECT quote({column}) FROM {table} WHERE {which}").fetchone())


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_whatever_stands_in_a_column_the_audit_names_it_and_comes_to_its_end(
    written: Places, tmp_path: Path, table: Table
) -> None:
    unseen = []
    for column in table.columns.keys():  # noqa: SIM118  # a column collection
        for value in ODD:
            spoilt = copy_of(written, tmp_path)
            if spoil(spoilt.home / FILE, table.name, column, value):
                found = audit(spoilt, written)
                if not found.problems and (table.name, column) not in UNWATCHED:
                    unseen.append((column, value))
                assert found.checked == 6, (column, value, found.problems)
    assert unseen == []


def test_a_row_that_is_no_text_is_named_and_the_others_are_checked(written: Places, tmp_path: Path) -> None:
    spoilt = copy_of(written, tmp_path)
    with closing(sqlite3.connect(spoilt.home / FILE)) as connection:
        broken = "cast(x'ff' as text) || substr(ciphertext_sha256, 2)"
        connection.execute(f"UPDATE decision SET ciphertext_sha256 = {broken} WHERE decision_id = ?", [decision_id(2)])
        connection.execute("UPDATE decision SET tenant = 'x' WHERE decision_id = ?", [decision_id(5)])
        connection.execute("UPDATE decision SET reached = 'x' WHERE decision_id = ?", [decision_id(6)])
        connection.commit()
    found = audit(spoilt, written)
    assert found.checked == 6
    named = [number for number in range(1, 7) if any(f"record {decision_id(number)} " in it for it in found.problems)]
    assert named == [2, 5, 6]
    assert any("its reached holds text, expected bytes" in problem for problem in found.problems)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(min_value=4096), bit=st.integers(0, 7))
def test_a_bit_that_turned_anywhere_in_the_file_ends_no_audit(
    written: Places, tmp_path: Path, place: int, bit: int
) -> None:
    """Behind its first page. Where that leaves no database, the command says so."""
    spoilt = copy_of(written, tmp_path)
    content = bytearray((spoilt.home / FILE).read_bytes())
    content[place % len(content)] ^= 1 << bit
    (spoilt.home / FILE).write_bytes(content)
    with suppress(BadSettings):
        assert audit(spoilt, written).checked <= 6
