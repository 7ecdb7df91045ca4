"""A report as JSON for other programs and as CSV for a spreadsheet."""

import csv
import io
from typing import Any

import msgspec

from cds_service.monitoring.counts import NUMBERS
from cds_service.monitoring.hiding import SETTLED
from cds_service.monitoring.rates import Shift
from cds_service.monitoring.report import EVERYTHING, VIEWS, Line, Rate, Report, shift_rates
from cds_service.monitoring.words import HIDDEN

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula."""


def report_as_json(report: Report) -> bytes:
    """The report as one JSON object: null where a count is hidden or a share is not known. Members of `views` have a
    line for each key, with the key's parts named."""
    told = {
        "since": report.span.since,
        "until": report.span.until,
        "tenant": report.span.tenant,
        "least": report.least,
        "overview": {**msgspec.to_builtins(report.overview), "alerts": name_line(report.overview.alerts, ())},
        "views": {name: [name_line(line, VIEWS[name]) for line in lines] for name, lines in report.views.items()},
        "everything": [name_line(line, EVERYTHING) for line in report.everything],
        "offenders": [name_line(line, VIEWS["rule"]) for line in report.offenders],
        "helpful": [name_line(line, VIEWS["rule"]) for line in report.helpful],
        "unknowns": dict(report.unknowns),
        "shifts": [name_shift(shift, report.least) for shift in report.shifts],
    }
    return msgspec.json.encode(told)


def name_line(line: Line, by: tuple[str, ...]) -> dict[str, Any]:
    told: dict[str, Any] = dict(zip(by, line.key, strict=True))
    return {
        **told,
        **line.counts,
        "acceptedShare": msgspec.to_builtins(line.accepted),
        "overriddenShare": msgspec.to_builtins(line.overridden),
        "ignoredShare": msgspec.to_builtins(line.ignored),
        "orders": line.orders,
        "burden": line.burden,
        "interruptions": line.interruptions,
        "reasons": dict(line.reasons),
        "withheld": dict(line.withheld),
    }


def name_shift(shift: Shift, least: int) -> dict[str, Any]:
    before, after = shift_rates(shift, least)
    return {
        "rule": shift.rule,
        "more": shift.more,
        "since": shift.since,
        "noticed": shift.noticed,
        "before": before,
        "after": after,
    }


def report_as_csv(report: Report) -> str:
    """One row for each rule, version, client, role, service and week. Hidden counts read `*`, shares have an interval.

    `orders` are those of the row's client, role, service and week, the same in the row of each rule."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    shares = [f"{name}_{part}" for name in SETTLED for part in ("share", "low", "high")]
    rows.writerow([*EVERYTHING, *NUMBERS, "orders", *shares, "burden", "interruptions", "reasons"])
    for line in report.everything:
        counts = [HIDDEN if count is None else count for count in (*map(line.counts.get, NUMBERS), line.orders)]
        reasons = "; ".join(f"{name}: {HIDDEN if count is None else count}" for name, count in line.reasons.items())
        shared = [part for name in SETTLED for part in spread(getattr(line, name))]
        cells = [*line.key, *counts, *shared, line.burden, line.interruptions, reasons]
        rows.writerow([plain_cell(cell) for cell in cells])
    return out.getvalue()


def spread(rate: Rate | None) -> tuple[float | None, ...]:
    return (None, None, None) if rate is None else (rate.share, rate.low, rate.high)


def plain_cell(cell: object) -> object:
    """Words of a client (a reason's code) must not run in somebody's spreadsheet."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
