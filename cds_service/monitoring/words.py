"""The words and numbers that all forms of a report share."""

from collections.abc import Mapping
from datetime import UTC, datetime

from cds_service.monitoring.rates import Shift
from cds_service.monitoring.recorded import Span
from cds_service.monitoring.report import Line, Rate, per_100

HEADINGS = {
    "evaluated": "reached",
    "undetermined": "undetermined",
    "failed": "crashed",
    "fired": "fired",
    "shown": "shown",
    "accepted": "accepted",
    "overridden": "overridden",
    "ignored": "ignored",
    "open": "no answer yet",
    "untold": "client tells nothing",
    "repeated": "again",
}
HIDDEN = "*"
"""A count that is small, or that a small one could be worked out from."""
TITLES = {"rule": "By rule and version", "client": "By client", "role": "By role", "week": "By week"}
NOTES = (
    "Calls that repeat an earlier one within 60 s are left out. Alerts are findings shown on a card; accepted: a"
    " suggestion of their card was taken. Ignored: nothing was reported of the card within a day, by a client that"
    " reports at all. Burden: alerts per 100 calls about orders (order-select and order-sign).",
    "Reached: calls in which a rule had something to look at; undetermined: of these, calls where something was not"
    " known. Again: overridden before for the same patient and drugs. A rule's version is empty where it was reached in"
    " a release in which it never fired.",
)


def show_count(count: int | None) -> str:
    return HIDDEN if count is None else f"{count:,}"


def explain_hidden(least: int) -> str:
    if least == 1:
        return "No count is hidden."
    return f"{HIDDEN}: a count from 1 to {least - 1}, or one that it could be worked out from."


def show_rate(rate: Rate | None) -> str:
    """`32 % (28–37)`."""
    return "–" if rate is None else f"{100 * rate.share:.0f} % ({100 * rate.low:.0f}–{100 * rate.high:.0f})"


def show_number(number: float | None) -> str:
    return "–" if number is None else f"{number:.1f}"


def show_key(line: Line) -> str:
    return " ".join(part or "–" for part in line.key)


def show_parts_of(parts: Mapping[str, int | None]) -> str:
    """`benefit-outweighs-risk 12, other *`, most first."""
    known = sorted(parts.items(), key=lambda part: (-(part[1] or 0), part[0]))
    return ", ".join(f"{name} {show_count(count)}" for name, count in known)


def show_shift(shift: Shift, least: int) -> str:
    """`warfarin-nsaid: more since 2026-11-02 (noticed 2026-11-05), 1.9 before, 4.4 after, per 100 calls`."""
    rates = [show_number(per_100(*counted, least)) for counted in (shift.before, shift.after)]
    way = "more" if shift.more else "fewer"
    noticed = f"(noticed {shift.noticed.isoformat()})"
    return (
        f"{shift.rule}: {way} since {shift.since.isoformat()} {noticed},"
        f" {rates[0]} before, {rates[1]} after, per 100 calls about orders"
    )


def show_span(span: Span) -> str:
    first, last = (datetime.fromtimestamp(at, UTC).date() for at in (span.since, span.until))
    return f"{first.isoformat()} to {last.isoformat()}" + (f", {span.tenant}" if span.tenant else "")
