"""A report as lines of text for a terminal of a given width.

The first column is never folded: a name that is too long for it has a line of its own, its numbers stand below. A
narrow terminal has fewer columns; the rest is in the other forms.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from cds_service.monitoring.report import Line, Report
from cds_service.monitoring.sentences import tell_hidden, tell_overview, tell_what_comes_first, tell_what_helps
from cds_service.monitoring.words import (
    HEADINGS,
    NOTES,
    TITLES,
    explain_hidden,
    show_count,
    show_key,
    show_number,
    show_orders,
    show_rate,
    show_share,
    show_span,
)

MOST_RULES, MOST_CAUSES = 20, 10
GAP = "  "
SMALLEST_NAME = 20
Cell = Callable[[Line], str]


@dataclass(frozen=True, slots=True)
class Passage:
    """Some lines under a title."""

    title: str
    lines: tuple[str, ...]


def count_of(name: str) -> Cell:
    return lambda line: show_count(line.counts[name])


def share_of(name: str, with_interval: bool) -> Cell:
    return lambda line: (show_rate if with_interval else show_share)(getattr(line, name))


def columns_for(width: int, of_rules: bool) -> Mapping[str, Cell]:
    """The columns that a terminal so wide has room for, by name."""
    intervals = width >= 150
    reached: tuple[tuple[int, str, Cell], ...] = (
        (120, "evaluated", count_of("evaluated")),
        (150, "undetermined", count_of("undetermined")),
        (150, "fired", count_of("fired")),
    )
    orders: tuple[tuple[int, str, Cell], ...] = ((0, "orders", show_orders),)
    every = (
        *(reached if of_rules else orders),
        (0, "shown", count_of("shown")),
        (0, "burden", lambda line: show_number(line.burden)),
        (100, "interruptions", lambda line: show_number(line.interruptions)),
        (0, "accepted", share_of("accepted", intervals)),
        (0, "overridden", share_of("overridden", intervals)),
        (0, "ignored", share_of("ignored", intervals)),
        (120, "repeated", count_of("repeated")),
    )
    return {name: cell for least, name, cell in every if width >= least}


def write_passages(report: Report, width: int) -> Iterator[Passage]:
    """The report for a terminal of `width` characters: what to look at first, then the tables, worst first."""
    opening = (*tell_overview(report.overview), *tell_hidden(report))
    yield Passage(f"Alerts {show_span(report.span)}", fold(opening, width))
    for title, told in (("Look at first", tell_what_comes_first(report)), ("What helps", tell_what_helps(report))):
        if listed := fold(told, width, "- "):
            yield Passage(title, listed)
    for name, lines in report.views.items():
        if lines:
            yield Passage(TITLES[name], (*write_view(name, lines, width),))
    if report.unknowns:
        causes = [(cause, (show_count(calls),)) for cause, calls in [*report.unknowns.items()][:MOST_CAUSES]]
        yield Passage("What was not known", tuple(tabulate(("calls",), causes, width)))
    notes = (*NOTES, explain_hidden(report.least))
    yield Passage("How to read this", fold(notes, width))


def write_view(name: str, lines: Sequence[Line], width: int) -> Iterator[str]:
    columns = columns_for(width, of_rules=name == "rule")
    fired = [line for line in lines if line.counts["fired"] != 0] if name == "rule" else lines
    rows = [(show_key(line), tuple(cell(line) for cell in columns.values())) for line in fired]
    listed = rows[:MOST_RULES] if name == "rule" else rows
    yield from tabulate([HEADINGS[column] for column in columns], listed, width)
    left_out = [
        *([f"{len(rows) - len(listed)} more fired"] if len(rows) > len(listed) else []),
        *([f"{len(lines) - len(fired)} were reached and never fired"] if len(lines) > len(fired) else []),
    ]
    if left_out:
        yield from fold([f"{', '.join(left_out)}: --form html and --form csv list all."], width)


def tabulate(headings: Sequence[str], rows: Sequence[tuple[str, tuple[str, ...]]], width: int) -> Iterator[str]:
    """Rows of a name and cells; the names flush left, the cells flush right under their headings."""
    sizes = [max(map(len, column)) for column in zip(headings, *(cells for _, cells in rows), strict=True)]
    room = max(SMALLEST_NAME, width - sum(len(GAP) + size for size in sizes))
    room = min(room, max((len(name) for name, _ in rows), default=0))
    for name, cells in [("", tuple(headings)), *rows]:
        numbers = "".join(GAP + cell.rjust(size) for cell, size in zip(cells, sizes, strict=True))
        if len(name) > room:
            yield name
            yield " " * room + numbers
        else:
            yield name.ljust(room) + numbers


def fold(sentences: Iterable[str], width: int, mark: str = "") -> tuple[str, ...]:
    """Sentences in lines, ids in one piece."""
    indent = " " * len(mark)
    return tuple(
        line
        for sentence in sentences
        for line in wrap(
            mark + sentence, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
    )
