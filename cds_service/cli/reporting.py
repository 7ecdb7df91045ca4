"""`cds report`: what the alerts of a span were, what became of them, and what they cost in attention."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.audit import SinceOption, TenantOption, UntilOption, note_access, open_for_reading, read_moment
from cds_service.cli.options import ConfigOption, plain_errors, settings_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console
    from sqlalchemy import Engine

    from cds_service.monitoring.report import Report
    from cds_service.monitoring.tally import RulesOf

FILE_WIDTH = 120


class Form(StrEnum):
    """How a report is written."""

    TERMINAL = "terminal"
    HTML = "html"
    CSV = "csv"
    JSON = "json"


def report(
    since: SinceOption = "30d",
    until: UntilOption = None,
    tenant: TenantOption = None,
    form: Annotated[Form, typer.Option(help="terminal, html, csv or json.")] = Form.TERMINAL,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write there instead of printing.")] = None,
    least: Annotated[int, typer.Option(help="Smaller counts are hidden; 1 hides none.", min=1)] = 11,
    seismometer: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write files there that Seismometer reads, and no report.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Report on alerts by rule, version, client, role, service and week: shown, per 100 orders, accepted, overridden,
    ignored. It begins with what to look at first."""
    from cds_service.monitoring.recorded import Span
    from cds_service.monitoring.report import make_report

    with plain_errors():
        store = open_for_reading(settings_from(config))
        now = datetime.now(UTC)
        first, last = read_moment(since, now), read_moment(until, now) if until else now
        span = Span(first.timestamp(), last.timestamp(), tenant)
        refuse_unknown(store.database, tenant)
        if seismometer is not None:
            from cds_service.monitoring.seismometer import write_seismometer

            note_access(store, "seismometer", f"{first.isoformat()} to {last.isoformat()}")
            for path in write_seismometer(store.database, span, seismometer):
                typer.echo(str(path))
            return
        made = make_report(store.database, span, least, rules_in(store.database))
        if form is Form.TERMINAL and out is None:
            show(made)
            return
        text = write(made, form)
        if out is None:
            typer.echo(text)
        else:
            out.write_text(text, "utf-8")


def refuse_unknown(database: "Engine", tenant: str | None) -> None:
    """Raise `BadParameter` for a client or tenant of whom nothing was ever recorded: an empty report would look as if
    it had been quiet."""
    from cds_service.monitoring.recorded import list_tenants

    if tenant is None:
        return
    with database.connect() as connection:
        known = list_tenants(connection)
    if not any(each == tenant or each.startswith(f"{tenant}/") for each in known):
        names = ", ".join(known) or "nobody"
        raise typer.BadParameter(f"no call of {tenant!r} was ever recorded; there are calls of: {names}")


def rules_in(database: "Engine") -> "RulesOf":
    """The versions of the rules of any release that is kept in `database`."""
    from cds_service.knowledge.stored import read_versions
    from cds_service.store.releases import NoSuchRelease, Releases

    releases = Releases(database)

    def rules_of(digest: str) -> "Mapping[str, str]":
        try:
            return read_versions(releases.content(digest))
        except NoSuchRelease:
            return {}

    return rules_of


def write(made: "Report", form: Form) -> str:
    from cds_service.monitoring.forms import report_as_csv, report_as_json
    from cds_service.monitoring.page import write_page

    if form is Form.CSV:
        return report_as_csv(made)
    if form is Form.JSON:
        return report_as_json(made).decode()
    if form is Form.HTML:
        return write_page(made)
    from cds_service.monitoring.terminal import write_passages

    return "\n".join("\n".join((each.title, *each.lines, "")) for each in write_passages(made, FILE_WIDTH))


def show(made: "Report", console: "Console | None" = None) -> None:
    """Print the report as wide as the terminal is."""
    from rich.console import Console
    from rich.text import Text

    from cds_service.monitoring.terminal import write_passages

    console = console or Console()
    for passage in write_passages(made, console.width):
        console.print(Text(passage.title, "bold"))
        for line in (*passage.lines, ""):
            console.print(Text(line), no_wrap=True, overflow="ignore", crop=False)
