"""What a report says in sentences: the numbers of all calls, what to look at first, and what helps."""

from collections.abc import Iterator

from cds_service.monitoring.recorded import ACCEPTED, OVERRIDDEN
from cds_service.monitoring.report import HALF, Line, Overview, Rate, Report, rate_of
from cds_service.monitoring.words import HIDDEN, number_of, show_count, show_key, show_number, show_rate, show_shift

FIRST = 5
"""How many rules are told of in sentences."""
CAUSES = 3


def tell_overview(overview: Overview) -> Iterator[str]:
    """How much was asked, and what it cost in attention."""
    alerts = overview.alerts
    if overview.calls == 0:
        yield "No call was recorded in this time."
        return
    if overview.calls is None:
        yield "There were calls; how many, and about how many orders, is hidden."
    else:
        orders = f": {number_of(alerts.orders, 'order')}" if alerts.orders else ""
        yield f"{number_of(overview.calls, 'call')}, {show_count(overview.order_calls)} of them about orders{orders}."
    if alerts.orders:
        yield tell_burden(overview)
    if overview.uncounted != 0:
        yield tell_uncounted(overview)
    if alerts.counts["shown"]:
        yield f"{number_of(alerts.counts['shown'], 'alert')}{tell_answers(alerts, OVERRIDDEN)}."
    if overview.strays != 0:
        yield f"{number_of(overview.strays, 'report')} of clients about cards that nobody knows."


def tell_hidden(report: Report) -> Iterator[str]:
    """That small counts are hidden, why, and how to see them; nothing where none is."""
    if hides(report):
        yield (
            f"Counts from 1 to {report.least - 1} are hidden ({HIDDEN}), and what they could be worked out from: a"
            " report may go to people who may not read records, and of few people one might be recognised. Whoever may"
            " read the records sees every count with --least 1."
        )


def hides(report: Report) -> bool:
    """Whether any count that a table or sentence would have is hidden."""
    lines = (report.overview.alerts, *(line for lines in report.views.values() for line in lines))
    counts = (count for line in lines for count in (*line.counts.values(), *line.reasons.values()))
    calls = (report.overview.calls, report.overview.order_calls, *report.unknowns.values())
    return report.least > 1 and (None in calls or None in counts)


def tell_burden(overview: Overview) -> str:
    alerts = overview.alerts
    urgency = ", ".join(f"{name} {show_number(each)}" for name, each in overview.urgency.items())
    interrupting = f"{show_number(alerts.interruptions)} of them interrupting"
    cards = f"{show_number(overview.cards_per_100)} cards ({urgency}, the others without an alert)"
    return f"Per 100 orders: {show_number(alerts.burden)} alerts, {interrupting}; {cards}."


def tell_uncounted(overview: Overview) -> str:
    calls = f"{number_of(overview.uncounted, 'call')} about orders"
    if overview.counted_from is None:
        return f"How many orders there were was not counted yet in {calls}: nothing can be said per 100 orders."
    since = overview.counted_from.isoformat()
    return f"Orders are counted since {since}: what is per 100 orders leaves out {calls}."


def tell_what_comes_first(report: Report) -> Iterator[str]:
    """What to look at: rules that crashed, that changed, that come to nothing most often, and what was not known."""
    crashed = [line for line in report.views["rule"] if line.counts["failed"] != 0]
    for line in crashed[:FIRST]:
        yield f"{show_key(line)} crashed in {number_of(line.counts['failed'], 'call')}: there it checked nothing."
    if len(crashed) > FIRST:
        yield f"{number_of(len(crashed) - FIRST, 'more rule')} crashed."
    for shift in report.shifts:
        yield f"{show_shift(shift, report.least)}."
    for line in report.offenders[:FIRST]:
        mostly = " is mostly overridden where it is answered" if is_mostly(line) else " is accepted less often than not"
        yield tell_of_rule(line, OVERRIDDEN, mostly)
    if report.unknowns:
        causes = [f"{cause} ({number_of(calls, 'call')})" for cause, calls in report.unknowns.items()]
        yield f"Not known most often: {'; '.join(causes[:CAUSES])}."


def tell_what_helps(report: Report) -> Iterator[str]:
    """Rules that are accepted more often than alerts are on the whole."""
    for line in report.helpful[:FIRST]:
        yield tell_of_rule(line, ACCEPTED, " is accepted more often than most")
    if not report.helpful and report.offenders:
        yield "No rule is certainly accepted more often than all alerts together."


def tell_of_rule(line: Line, outcome: str, verdict: str) -> str:
    """`warfarin-nsaid 1.0.0: 400 alerts, 2.1 per 100 orders; of 60 that were answered 35 were overridden, ...`."""
    burden = "" if line.burden is None else f", {show_number(line.burden)} per 100 orders"
    told = f"{show_key(line)}{verdict}: {number_of(line.counts['shown'], 'alert')}{burden}"
    return f"{told}{tell_answers(line, outcome)}." + tell_reasons(line)


def tell_answers(line: Line, outcome: str) -> str:
    """`; of 60 that were answered 35 were overridden, 58 % (46–70); nobody said what became of the other 340`."""
    shown, answered = line.counts["shown"], count_answered(line)
    if shown is None or answered is None:
        return ""
    if answered == 0:
        return "; nobody said what became of them"
    told = f"; of {answered:,} that were answered {show_count(line.counts[outcome])} were {outcome},"
    rest = f"; nobody said what became of the other {shown - answered:,}" if shown > answered else ""
    return f"{told} {show_rate(share_of(line, outcome))}{rest}"


def count_answered(line: Line) -> int | None:
    """The alerts of which a client said what became, None where that is hidden."""
    accepted, overridden = line.counts[ACCEPTED], line.counts[OVERRIDDEN]
    return None if accepted is None or overridden is None else accepted + overridden


def share_of(line: Line, outcome: str) -> Rate | None:
    """The share of an outcome among the alerts that were answered."""
    answered = count_answered(line)
    return rate_of(line.counts[outcome] or 0, answered) if answered else None


def is_mostly(line: Line) -> bool:
    """Whether more than half of those who answer certainly override the rule."""
    share = share_of(line, OVERRIDDEN)
    return share is not None and share.low > HALF


def tell_reasons(line: Line) -> str:
    known = {reason: count for reason, count in line.reasons.items() if count}
    most = max(known, key=lambda reason: (known[reason], reason), default=None)
    reason = "" if most is None else f" Reason given most: {most} ({show_count(known[most])})."
    again = line.counts["repeated"]
    return reason + (f" Overridden again for the same patient and drugs: {show_count(again)}." if again else "")
