"""The reviewed tables: one line for each rule and drugs that speak up, with a verdict and why."""

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.quiet.alerts import Alert, Answer

HERE = Path(__file__).parent
SERIES = ("new", "continued")
VERDICTS = ("defensible", "silly")
COLUMNS = ("indicator", "rule", "drugs", "count", "verdict", "why")
INDICATORS = ("critical", "warning", "info")

# Most cards per 100 draft orders.
LIMITS = {
    "new": {"critical": 1.0, "warning": 12.0, "info": 20.0},
    "continued": {"critical": 0.5, "warning": 4.0, "info": 10.0},
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table. `verdict` and `why` are empty until somebody has judged it."""

    alert: Alert
    count: int
    verdict: str = ""
    why: str = ""


def path_of(series: str) -> Path:
    return HERE / f"{series}.csv"


def read(series: str) -> list[Line]:
    """The reviewed table of a series."""
    with path_of(series).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Line(Alert(row["rule"], row["drugs"], row["indicator"]), int(row["count"]), row["verdict"], row["why"])
        for row in rows
    ]


def write(series: str, lines: Iterable[Line]) -> None:
    with path_of(series).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for line in lines:
            alert = line.alert
            writer.writerow((alert.indicator, alert.rule, alert.drugs, line.count, line.verdict, line.why))


def count(answers: Iterable[Answer]) -> dict[Alert, int]:
    """How often each rule spoke of each drugs at each indicator, most urgent and most frequent first."""
    found = Counter(alert for answer in answers for alert in answer.alerts)
    order = sorted(found, key=lambda each: (INDICATORS.index(each.indicator), -found[each], each.rule, each.drugs))
    return {alert: found[alert] for alert in order}


def rates(answers: tuple[Answer, ...]) -> dict[str, float]:
    """Cards per 100 draft orders, by indicator."""
    cards = Counter(indicator for answer in answers for indicator in answer.cards)
    return {indicator: 100 * cards[indicator] / len(answers) for indicator in INDICATORS}


def judge(counted: dict[Alert, int], reviewed: Iterable[Line]) -> list[Line]:
    """What fires now, with the verdicts given before; a line that is new has none yet."""
    given = {line.alert: line for line in reviewed}
    return [
        Line(alert, number, *((given[alert].verdict, given[alert].why) if alert in given else ("", "")))
        for alert, number in counted.items()
    ]
