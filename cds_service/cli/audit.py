"""`cds audit`: whether the records are what was written, and what is in them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from

if TYPE_CHECKING:
    from cds_service.settings import Settings
    from cds_service.store.audit import Audit
    from cds_service.store.store import Store

audit = typer.Typer(help="The records of decisions: verify, export, show, feedback, accesses.", no_args_is_help=True)

SinceOption = Annotated[
    str, typer.Option(metavar="TIME", help="From when: a date, or a span back from now such as 30d or 12h.")
]
UntilOption = Annotated[str | None, typer.Option(metavar="TIME", help="Until before when; without it until now.")]
TenantOption = Annotated[str | None, typer.Option(help="Only this client with its tenants, or client/tenant.")]
UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


class Form(StrEnum):
    """How an export is written."""

    JSON = "json"
    FHIR = "fhir"


@audit.command()
def verify(
    anchor: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Lines of the anchor; without it the file in audit_anchor.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Hold every record, all feedback and the releases to their chains and to the signed checkpoints, and the spool to
    its digests. Exit 1 when anything was changed."""
    from cds_service.recording import topics_of, who_of
    from cds_service.store.audit import Terms
    from cds_service.store.verifying import verify as verify_records
    from cds_service.store.verifying_spool import find_damage

    with plain_errors():
        settings = settings_from(config)
        store = open_for_reading(settings)
        now = datetime.now(UTC).timestamp()
        terms = Terms(store.ring, now, settings.keep_records_days, who_of, topics_of)
        found = verify_records(store.records, lambda: read_anchor(settings, anchor), terms)
        found.problems += find_damage(settings.spool_folder)
    for problem in found.problems:
        typer.echo(problem)
    for line in summarise(found):
        typer.echo(line)
    raise typer.Exit(1 if found.problems else 0)


def read_anchor(settings: "Settings", named: Path | None) -> list[str] | None:
    """The lines of the anchor, None where none can be read from here. The file of the settings is made with the first
    checkpoint, so where it is not there it has no lines."""
    address = settings.audit_anchor
    if named is None and (address is None or address == "syslog" or "://" in address):
        return None
    path = named or Path(str(address))
    if named is None and not path.exists():
        return []
    return [line for line in path.read_text("utf-8").splitlines() if line.strip()]


def summarise(found: "Audit") -> Iterator[str]:
    """What an audit covered and what it cannot see."""
    removed = f", {found.removed} of them removed by retention but for the header" if found.removed else ""
    told = f" and {found.feedback} entries of feedback" if found.feedback else ""
    covered = f"{found.checked} decisions{told} checked{removed}"
    yield f"{covered}; {found.checkpoints} checkpoints; {len(found.problems)} problems"
    if found.open_window:
        span = f"{show_time(found.window_from)} to {show_time(found.window_to)}"
        yield f"not covered by a checkpoint yet: {found.open_window} records, {span}; of these a cut cannot be seen"
    if not found.anchored:
        yield (
            "no lines of an anchor were given: it cannot be seen whether the end was cut off together with its"
            " checkpoints, or an older copy of the database was put back; set audit_anchor, or name its lines with"
            " --anchor"
        )


@audit.command()
def show(
    decision: Annotated[str, typer.Argument(metavar="ID", help="The id of a decision, as a card or the log has it.")],
    config: ConfigOption = None,
) -> None:
    """Print the record of one decision in clear. That it was shown, and to whom, is recorded first."""
    import msgspec

    with plain_errors():
        store = open_for_reading(settings_from(config))
        envelope = store.records.envelope(decision)
        note_access(store, "show", decision)
        typer.echo(msgspec.json.format(store.records.open(envelope), indent=2))


@audit.command()
def export(
    since: SinceOption = "1d",
    until: UntilOption = None,
    form: Annotated[Form, typer.Option(help="json: what stands in clear; fhir: AuditEvents.")] = Form.JSON,
    tenant: TenantOption = None,
    config: ConfigOption = None,
) -> None:
    """Print one JSON line for each decision: who asked, when, under which release, what fired. Patients and users
    stand there as keyed hashes. That it was exported is recorded first."""
    from cds_service.store.exporting import audit_event_line, envelope_line

    line_of = audit_event_line if form is Form.FHIR else envelope_line
    with plain_errors():
        store = open_for_reading(settings_from(config))
        now = datetime.now(UTC)
        first, last = read_moment(since, now), read_moment(until, now) if until else now
        note_access(store, "export", f"{first.isoformat()} to {last.isoformat()}")
        for envelope in store.list_since(first.timestamp(), last.timestamp(), tenant):
            typer.echo(line_of(envelope))


@audit.command()
def feedback(
    since: SinceOption = "1d",
    until: UntilOption = None,
    words: Annotated[bool, typer.Option("--words", help="What people typed too, in clear.")] = False,
    tenant: TenantOption = None,
    config: ConfigOption = None,
) -> None:
    """Print one JSON line for each event that clients reported of cards, with the decision and the rules it is about.
    That it was shown is recorded first."""
    import msgspec

    from cds_service.store.feedback import list_feedback, read_words

    with plain_errors():
        store = open_for_reading(settings_from(config))
        now = datetime.now(UTC)
        first, last = read_moment(since, now), read_moment(until, now) if until else now
        note_access(store, "words" if words else "feedback", f"{first.isoformat()} to {last.isoformat()}")
        for told in list_feedback(store, first.timestamp(), last.timestamp(), tenant):
            more = {"words": read_words(store, told.feedback_key)} if words and told.has_words else {}
            typer.echo(msgspec.json.encode({**msgspec.to_builtins(told), **more}))


def open_for_reading(settings: "Settings") -> "Store":
    """The store of a service that ran with these settings, for reading. Raises `BadSettings` where none ran: an empty
    store made by mistake would look as if nothing were wrong with it."""
    from cds_service.app import open_records
    from cds_service.errors import BadSettings
    from cds_service.store.store import FILE

    if settings.database_url is None and not (settings.home / FILE).is_file():
        raise BadSettings(f"home: {settings.home}: no decision was ever recorded here; is CDS_HOME set?")
    return open_records(settings, lambda event, about: None)


def note_access(store: "Store", what: str, of: str) -> None:
    from cds_service.store.accesses import record_access

    record_access(store.database, getuser(), what, of, datetime.now(UTC).timestamp())


def read_moment(written: str, now: datetime) -> datetime:
    """A date, a dateTime with offset, or a span before `now`; in UTC."""
    number, unit = written[:-1], written[-1:]
    try:
        if unit in UNITS and number.isdecimal():
            return now - int(number) * UNITS[unit]
        moment = datetime.fromisoformat(written)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise typer.BadParameter(f"found {written!r}, expected a time later than the year 1") from None
    except ValueError:
        raise typer.BadParameter(f"found {written!r}, expected a date such as 2026-11-20, or a span as 30d") from None


def show_time(at: float) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):  # no date has that number: somebody wrote it
        return f"{at:g}"
