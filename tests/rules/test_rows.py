"""Every row of every structured reference is said by a rule, or named in `rules/rows-not-covered.csv` with the reason.

`python -m pytest tests/rules/test_rows.py` prints the count of each reference.
"""

import csv
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache

import pytest

from cds_service.folders import data_folder
from tests.rules.library import shipped
from tests.rules.matching import REFERENCES, name_rows, read_by_hand, said
from tests.support.shared import needs_shared

PAIRS, ROWS_OF_PAIRS = "ddi_pairs_expanded", "ddi_rules"
REFERENCE_NAMES = sorted(REFERENCES)
pytestmark = [needs_shared, pytest.mark.shared]


@cache
def read_named() -> Mapping[tuple[str, str], str]:
    """Table and row of what no rule says, with the reason."""
    path = data_folder("rules") / "rows-not-covered.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [key for key, count in Counter((row["table"], row["row"]) for row in rows).items() if count > 1] == []
    return {(row["table"], row["row"]): row["reason"] for row in rows}


@cache
def unsaid(table: str) -> tuple[str, ...]:
    """The rows of a reference that no rule says. A pair goes by the row of classes that it comes from."""
    column = "id" if table == PAIRS else ""
    return tuple(row[column] if column else name for name, row in name_rows(table) if not said(table, name, row))


@pytest.mark.parametrize("table", REFERENCE_NAMES)
def test_every_row_is_said_by_a_rule_or_named_with_the_reason(
    table: str, record_property: Callable[[str, object], None]
) -> None:
    home = ROWS_OF_PAIRS if table == PAIRS else table
    lost = [name for name in unsaid(table) if (home, name) not in read_named()]
    total = len(name_rows(table))
    record_property("rows", f"{table}: {total} rows, {total - len(unsaid(table))} said, {len(unsaid(table))} named")
    assert lost == []


@pytest.mark.parametrize("table", [table for table in REFERENCE_NAMES if table != PAIRS])
def test_what_is_named_is_there_and_is_not_said(table: str) -> None:
    named = [name for of, name in read_named() if of == table]
    assert [name for name in named if name not in unsaid(table)] == []


def test_every_reason_says_something_and_every_table_is_known() -> None:
    assert [key for key, reason in read_named().items() if len(reason.split()) < 3] == []
    assert {table for table, _ in read_named()} <= set(REFERENCES)


def test_what_was_read_by_hand_names_rows_and_rules_that_are_there() -> None:
    rows = {(table, name) for table in REFERENCES for name, _ in name_rows(table)}
    assert [key for key in read_by_hand() if key not in rows] == []
    rules = shipped().release.rules
    assert [(key, id) for key, ids in read_by_hand().items() for id in ids if id not in rules] == []
