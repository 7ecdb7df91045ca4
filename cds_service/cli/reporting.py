"""`cds report`: what the alerts of a span were, what became of them, and what they cost in attention."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.audit import SinceOption, UntilOption, open_for_reading, read_moment
from cds_service.cli.options import ConfigOption, plain_errors, settings_from

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from cds_service.monitoring.report import Line, Report

BEFORE, AFTER = ("evaluated", "shown"), ("ignored", "repeated")
HEADINGS = ("", "reached", "shown", "accepted", "overridden", "ignored", "again", "burden")
MOST_LINES = 20


class Form(StrEnum):
    """How a report is written."""

    TERMINAL = "terminal"
    HTML = "html"
    CSV = "csv"
    JSON = "json"


def report(
    since: SinceOption = "30d",
    until: UntilOption = None,
    tenant: Annotated[str | None, typer.Option(help="Only this client, or client/tenant of it.")] = None,
    form: Annotated[Form, typer.Option(help="terminal, html, csv or json.")] = Form.TERMINAL,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write there instead of printing.")] = None,
    least: Annotated[int, typer.Option(help="Smaller counts are hidden; 1 hides none.", min=1)] = 11,
    seismometer: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write files there that Seismometer reads, and no report.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Report on alerts by rule, version, client, role and week: evaluated, shown, accepted, overridden, ignored."""
    from cds_service.monitoring.recorded import Span
    from cds_service.monitoring.report import make_report

    with plain_errors():
        store = open_for_reading(settings_from(config))
        now = datetime.now(UTC)
        first, last = read_moment(since, now), read_moment(until, now) if until else now
        span = Span(first.timestamp(), last.timestamp(), tenant)
        if seismometer is not None:
            from cds_service.monitoring.seismometer import write_seismometer

            for path in write_seismometer(store.database, span, seismometer):
                typer.echo(str(path))
            return
        made = make_report(store.database, span, least)
        if form is Form.TERMINAL and out is None:
            show(made)
            return
        text = write(made, form)
        if out is None:
            typer.echo(text)
        else:
            out.write_text(text, "utf-8")


def write(made: "Report", form: Form) -> str:
    from cds_service.monitoring.forms import report_as_csv, report_as_json
    from cds_service.monitoring.page import write_page

    if form is Form.CSV:
        return report_as_csv(made)
    if form is Form.JSON:
        return report_as_json(made).decode()
    if form is Form.HTML:
        return write_page(made)
    from io import StringIO

    from rich.console import Console

    out = StringIO()
    show(made, Console(file=out, width=160))
    return out.getvalue()


def show(made: "Report", console: "Console | None" = None) -> None:
    """Print the report; of long views the lines with most alerts."""
    from rich.console import Console

    from cds_service.monitoring import words

    console = console or Console()
    overview = made.overview
    console.print(f"[bold]Alerts {words.show_span(made.span)}[/bold]")
    urgency = ", ".join(f"{name} {words.show_number(each)}" for name, each in overview.urgency.items())
    console.print(
        f"{words.show_count(overview.calls)} calls, {words.show_count(overview.order_calls)} about orders;"
        f" cards per 100 of these: {words.show_number(overview.cards_per_100)} ({urgency})"
    )
    for note in (*words.NOTES, words.explain_hidden(made.least)):
        console.print(note, style="dim")
    if made.offenders:
        console.print(table_of("Most interruptions for nothing", made.offenders))
    for shift in made.shifts:
        console.print(words.show_shift(shift, made.least), highlight=False)
    for name, lines in made.views.items():
        busiest = sorted(lines, key=lambda line: -(line.counts["shown"] or 0))[:MOST_LINES] if name == "rule" else lines
        if busiest:
            console.print(table_of(words.TITLES[name], busiest))
    if made.unknowns:
        console.print(table_of_unknowns(made))


def table_of(title: str, lines: "tuple[Line, ...] | list[Line]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    from cds_service.monitoring.words import show_count, show_key, show_number, show_parts_of, show_rate

    table = Table(title=title, title_justify="left")
    for number, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    table.add_column("reasons", overflow="fold")
    for line in lines:
        counts = {name: show_count(count) for name, count in line.counts.items()}
        cells = [
            show_key(line),
            *(counts[name] for name in BEFORE),
            f"{counts['accepted']}\n{show_rate(line.accepted)}",
            f"{counts['overridden']}\n{show_rate(line.overridden)}",
            *(counts[name] for name in AFTER),
            show_number(line.burden),
            show_parts_of(line.reasons),
        ]
        table.add_row(*map(Text, cells))
    return table


def table_of_unknowns(made: "Report") -> "Table":
    from rich.table import Table
    from rich.text import Text

    from cds_service.monitoring.words import show_count

    table = Table(title="What was not known", title_justify="left")
    table.add_column("cause")
    table.add_column("calls", justify="right")
    for cause, calls in list(made.unknowns.items())[:MOST_LINES]:
        table.add_row(Text(cause), show_count(calls))
    return table
