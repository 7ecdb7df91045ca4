"""Joining predictions with what happened afterwards.

Predictions: CSV with `decision`, `patient`, `date` (ISO), `model`, `version`, `probability`, and any further columns,
such as the inputs, which are kept. Outcomes: CSV with `date`, `outcome` (0 or 1) and `decision` or `patient`.
By decision, the outcome is that of the prediction. By patient, an outcome of 1 dated after the prediction and within
the horizon makes an event; without one the prediction is labelled 0 once the outcomes reach beyond its horizon, and
left out before that: its label is not mature.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from cds_service.errors import BadData

PREDICTION_COLUMNS = ("decision", "patient", "date", "model", "version", "probability")


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What happened: 0 or 1 by decision, days of events by patient, and how far the file reaches."""

    by_decision: Mapping[str, int]
    events: Mapping[str, tuple[date, ...]]
    until: date


def read_csv(path: Path, wanted: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV file that has at least these columns. Raises `BadData` for another one."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        lacking = [column for column in wanted if column not in (reader.fieldnames or ())]
        if lacking:
            raise BadData(f"{path.name}: line 1: expected the columns {', '.join(lacking)}, which are not there")
        return [{key: (cell or "").strip() for key, cell in row.items() if key is not None} for row in reader]


def read_outcomes(path: Path) -> Outcomes:
    """Raises `BadData` with the line of what cannot be read."""
    by_decision: dict[str, int] = {}
    events: dict[str, list[date]] = {}
    days = []
    for line, row in enumerate(read_csv(path, ("date", "outcome")), 2):
        day = read_date(path.name, line, row["date"])
        if row["outcome"] not in ("0", "1"):
            raise BadData(f"{path.name}: line {line}: outcome: found {row['outcome']!r}, expected 0 or 1")
        if not (row.get("decision") or row.get("patient")):
            raise BadData(f"{path.name}: line {line}: expected a decision or a patient, found neither")
        days.append(day)
        if row.get("decision"):
            by_decision[row["decision"]] = int(row["outcome"])
        elif row["outcome"] == "1":
            events.setdefault(row["patient"], []).append(day)
    if not days:
        raise BadData(f"{path.name}: no rows")
    return Outcomes(by_decision, {patient: tuple(found) for patient, found in events.items()}, max(days))


def label_predictions(path: Path, outcomes: Outcomes, horizon: timedelta) -> tuple[list[dict[str, str]], int]:
    """The predictions whose label is known, with `outcome` added, and how many are left out."""
    labelled, waiting = [], 0
    for line, row in enumerate(read_csv(path, PREDICTION_COLUMNS), 2):
        made = read_date(path.name, line, row["date"])
        label = outcomes.by_decision.get(row["decision"])
        if label is None:
            label = label_by_patient(outcomes, row["patient"], made, horizon)
        if label is None:
            waiting += 1
        else:
            labelled.append({**row, "outcome": str(label)})
    return labelled, waiting


def label_by_patient(outcomes: Outcomes, patient: str, made: date, horizon: timedelta) -> int | None:
    if any(made < day <= made + horizon for day in outcomes.events.get(patient, ())):
        return 1
    return 0 if outcomes.events and made + horizon <= outcomes.until else None


def write_rows(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else [*PREDICTION_COLUMNS, "outcome"])
        writer.writeheader()
        writer.writerows(rows)


def read_date(name: str, line: int, text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise BadData(f"{name}: line {line}: date: found {text!r}, expected YYYY-MM-DD") from None
