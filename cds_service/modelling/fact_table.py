"""A site's own patients as a CSV file: one row per stay, one column per fact.

Columns: `patient` and `outcome` (0 or 1); `date` if rows have an order; `group:<name>` for what results are reported
by; and one column named after each fact of the model (`Predictor.fact`), a number in the fact's unit, a word, or
`true` or `false`. An empty cell is not known.
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.errors import BadData
from cds_service.knowledge.bundle import Bundle, Predictor
from cds_service.modelling.rows import Row

NOT_GIVEN = Unknown(Reason.NOT_RECORDED)
TRUTHS = {"true": True, "false": False, "1": True, "0": False}
GROUP = "group:"


def read_fact_table(path: Path, bundle: Bundle) -> tuple[Row, ...]:
    """The rows of the file. Raises `BadData` with file, line and column for what cannot be read."""
    facts = {predictor.fact: predictor for predictor in bundle.predictors}
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        columns = set(reader.fieldnames or ())
        check_columns(path.name, columns, set(facts))
        return tuple(read_row(path.name, line, row, facts) for line, row in enumerate(reader, 2))


def check_columns(name: str, columns: set[str], facts: set[str]) -> None:
    lacking = ({"patient", "outcome"} | facts) - columns
    strange = {column for column in columns - facts if column not in ("patient", "outcome", "date")}
    strange = {column for column in strange if not column.startswith(GROUP)}
    if lacking:
        raise BadData(f"{name}: line 1: expected the columns {', '.join(sorted(lacking))}, which are not there")
    if strange:
        raise BadData(f"{name}: line 1: {', '.join(sorted(strange))}: not a fact of this model, nor {GROUP}<name>")


def read_row(name: str, line: int, row: Mapping[str, str | None], facts: Mapping[str, Predictor]) -> Row:
    cells = {column: (cell or "").strip() for column, cell in row.items() if column is not None}
    outcome = TRUTHS.get(cells["outcome"].lower())
    if outcome is None:
        raise BadData(f"{name}: line {line}: outcome: found {cells['outcome']!r}, expected 0 or 1")
    if not cells["patient"]:
        raise BadData(f"{name}: line {line}: patient: expected an id, found nothing")
    return Row(
        patient=cells["patient"],
        facts={fact: read_cell(name, line, predictor, cells[fact]) for fact, predictor in facts.items()},
        outcome=outcome,
        order=cells.get("date", ""),
        groups={column.removeprefix(GROUP): cell for column, cell in cells.items() if column.startswith(GROUP)},
    )


def read_cell(name: str, line: int, predictor: Predictor, cell: str) -> Fact[Any]:
    """One fact: a word, yes or no, or a number in the unit of the model."""
    if not cell:
        return NOT_GIVEN
    if predictor.words:
        return Known(cell)
    if predictor.unit is None:
        truth = TRUTHS.get(cell.lower())
        if truth is None:
            raise BadData(f"{name}: line {line}: {predictor.fact}: found {cell!r}, expected true or false")
        return Known(truth)
    try:
        return Known(float(cell), predictor.unit)
    except ValueError:
        raise BadData(f"{name}: line {line}: {predictor.fact}: found {cell!r}, expected a number") from None
