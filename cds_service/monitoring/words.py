"""The words and numbers that all forms of a report share."""

from collections.abc import Mapping
from datetime import UTC, datetime

from cds_service.monitoring.recorded import Span
from cds_service.monitoring.report import Line, Rate

HEADINGS = {
    "evaluated": "calls that reached it",
    "undetermined": "undetermined",
    "failed": "crashed",
    "fired": "fired",
    "shown": "shown",
    "accepted": "accepted",
    "overridden": "overridden",
    "ignored": "ignored",
    "open": "no answer yet",
    "untold": "client tells nothing",
    "repeated": "overridden again",
}
TITLES = {"rule": "By rule and version", "client": "By client", "role": "By role", "week": "By week"}
NOTES = (
    "Calls that repeat an earlier one within 60 s are left out. Alerts are findings shown on a card; accepted: a"
    " suggestion of their card was taken. Ignored: nothing was reported of the card within a day, by a client that"
    " reports at all. Burden: alerts per 100 calls about orders (order-select and order-sign).",
    "A rule's version is empty where it was reached in a release in which it never fired.",
)


def show_count(count: int | None, least: int) -> str:
    return f"<{least}" if count is None else f"{count:,}"


def show_rate(rate: Rate | None) -> str:
    """`32 % (28–37)`."""
    return "–" if rate is None else f"{100 * rate.share:.0f} % ({100 * rate.low:.0f}–{100 * rate.high:.0f})"


def show_number(number: float | None) -> str:
    return "–" if number is None else f"{number:.1f}"


def show_key(line: Line) -> str:
    return " ".join(part or "–" for part in line.key)


def show_parts_of(parts: Mapping[str, int | None], least: int) -> str:
    """`benefit outweighs risk 12, other <11`, most first."""
    known = sorted(parts.items(), key=lambda part: (-(part[1] or 0), part[0]))
    return ", ".join(f"{name} {show_count(count, least)}" for name, count in known)


def show_span(span: Span) -> str:
    first, last = (datetime.fromtimestamp(at, UTC).date() for at in (span.since, span.until))
    return f"{first.isoformat()} to {last.isoformat()}" + (f", {span.tenant}" if span.tenant else "")
