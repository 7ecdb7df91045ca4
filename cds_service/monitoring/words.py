"""The words and numbers that all forms of a report share."""

from collections.abc import Mapping
from datetime import UTC, datetime

from cds_service.monitoring.rates import Shift
from cds_service.monitoring.recorded import Span
from cds_service.monitoring.report import Line, Rate, shift_rates

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
    "orders": "orders",
    "burden": "per 100",
    "interruptions": "interrupting",
}
HIDDEN = "*"
"""A count that is small, or that a small one could be worked out from."""
TITLES = {
    "rule": "By rule and version, worst first",
    "client": "By client",
    "role": "By role",
    "service": "By service",
    "week": "By week",
}
NOTES = (
    "Shown: alerts, that is findings on a card. Accepted: a suggestion of the card was taken. Overridden: the card was"
    " dismissed. Ignored: nothing was reported of it within a day, by a client that reports at all. Again: overridden"
    " before for the same patient and drugs.",
    "Per 100: alerts per 100 orders; interrupting: only warnings and critical ones. Orders are drafts for a drug: at"
    " order-sign all of them, at order-select the selected ones. An order that is selected and later signed counts"
    " twice, as its alerts do. In the row of a rule these are all orders, whatever the drug.",
    "Reached: calls in which a rule had something to look at; undetermined: of these, calls where something was not"
    " known. Worst is who has most alerts that were overridden or ignored.",
    "A call that repeats an earlier one within 60 s is left out. Shares are of the alerts whose outcome is known, with"
    " their 95 % interval (Wilson); its lower end counts where rules are ranked. Answered: accepted or overridden. A"
    " rule is mostly overridden where that end is above one half of its answered alerts, and accepted less often than"
    " not where the upper end of its accepted share is below one half.",
)


def show_count(count: int | None) -> str:
    return HIDDEN if count is None else f"{count:,}"


def show_orders(line: Line) -> str:
    return "–" if line.orders is None else show_count(line.orders)


def number_of(count: int | None, thing: str) -> str:
    """`1 call`, `2,301 calls`."""
    return f"{show_count(count)} {thing}" + ("" if count == 1 else "s")


def explain_hidden(least: int) -> str:
    if least == 1:
        return "No count is hidden. –: not known."
    return f"{HIDDEN}: a count from 1 to {least - 1}, or one that it could be worked out from. –: not known, or hidden."


def show_rate(rate: Rate | None) -> str:
    """`32 % (28–37)`."""
    return show_share(rate) + ("" if rate is None else f" ({100 * rate.low:.0f}–{100 * rate.high:.0f})")


def show_share(rate: Rate | None) -> str:
    return "–" if rate is None else f"{100 * rate.share:.0f}\N{NO-BREAK SPACE}%"


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
    rates = [show_number(rate) for rate in shift_rates(shift, least)]
    way = "more" if shift.more else "fewer"
    noticed = f"(noticed {shift.noticed.isoformat()})"
    return (
        f"{shift.rule}: {way} since {shift.since.isoformat()} {noticed},"
        f" {rates[0]} before, {rates[1]} after, per 100 calls about orders"
    )


def show_span(span: Span) -> str:
    first, last = (datetime.fromtimestamp(at, UTC).date() for at in (span.since, span.until))
    return f"{first.isoformat()} to {last.isoformat()}" + (f", {span.tenant}" if span.tenant else "")
