"""`cds audit accesses`: who looked at records."""

from datetime import UTC, datetime

import typer

from cds_service.cli.audit import SinceOption, UntilOption, open_for_reading, read_moment
from cds_service.cli.options import ConfigOption, plain_errors, settings_from


def accesses(since: SinceOption = "30d", until: UntilOption = None, config: ConfigOption = None) -> None:
    """Print one JSON line each time somebody looked at records in clear or took rows out: when, who, with which
    command, at what. `cds audit verify` holds these to their chains too."""
    import msgspec

    from cds_service.store.accesses import list_accesses

    with plain_errors():
        store = open_for_reading(settings_from(config))
        now = datetime.now(UTC)
        first, last = read_moment(since, now), read_moment(until, now) if until else now
        for access in list_accesses(store.database, first.timestamp(), last.timestamp()):
            at = datetime.fromtimestamp(access.at, UTC).isoformat(timespec="seconds")
            typer.echo(msgspec.json.encode({**msgspec.to_builtins(access), "at": at}))
