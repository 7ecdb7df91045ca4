"""`cds replay`: decide recorded calls again."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.audit import note_access, open_for_reading, read_moment
from cds_service.cli.changes import naming, read_changes
from cds_service.cli.options import ConfigOption, plain_errors, settings_from, show_progress

if TYPE_CHECKING:
    from cds_service.knowledge.release import Release
    from cds_service.settings import Settings
    from cds_service.store.store import Store

SHOWN = 12


def replay(
    decision: Annotated[str | None, typer.Argument(metavar="[ID]", help="The id of a decision.")] = None,
    release: Annotated[
        str | None, typer.Option("--release", metavar="RELEASE", help="Under this release instead of its own.")
    ] = None,
    overlay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Under the data folders with these changes.", exists=True)
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Every decision since then, as 30d.")] = None,
    config: ConfigOption = None,
) -> None:
    """Decide a recorded call again: equal to the byte under its own release and code, or what would be different.

    With --since, count how many decisions come out equal. Exit 1 when one that should be equal is not.
    """
    if (decision is None) == (since is None):
        raise typer.BadParameter("name a decision, or say --since when", param_hint="ID")
    with plain_errors():
        settings = settings_from(config)
        store = open_for_reading(settings)
        if since is not None:
            equal = replay_all(store, read_moment(since, datetime.now(UTC)).timestamp())
        else:
            other = find_other(settings, store, release, overlay)
            equal = replay_one(store, str(decision), other)
    raise typer.Exit(0 if equal else 1)


def replay_one(store: "Store", decision: str, other: "Release | None") -> bool:
    """Print how a decision comes out again; whether it may pass."""
    from cds_service import __version__
    from cds_service.app import open_terminology
    from cds_service.governance import replay as replaying
    from cds_service.governance.differences import say_differences
    from cds_service.record.reading import read_record
    from cds_service.record.stored import CODEC
    from cds_service.store.releases import Releases

    envelope = store.records.envelope(decision)
    note_access(store, "replay", decision)
    content = store.records.open(envelope)
    kept = read_record(content)
    at = kept.now.strftime("%Y-%m-%d %H:%M:%S UTC")
    typer.echo(f"decided {at} under release {kept.release_digest[:SHOWN]}, code {kept.code_version}")
    if other is not None:
        again = replaying.replay_under(kept, other.for_tenant(kept.tenant))
        typer.echo(f"under release {other.digest[:SHOWN]}:")
        lines = list(say_differences(kept, again))
        echo_all(lines or ["nothing would be different"])
        return True
    again = replaying.replay(kept, replaying.open_archive(Releases(store.database), open_terminology()))
    if replaying.encode(again) == content:
        typer.echo("equal to the byte")
        return True
    echo_all(say_differences(kept, again))
    if not replaying.must_be_equal(kept):
        typer.echo(
            f"not equal: recorded by code {kept.code_version} in form {kept.codec}, this is code {__version__} and form"
            f" {CODEC}; only the same code and form promise equal bytes"
        )
        return True
    typer.echo("not equal, though release and code are the same")
    return False


def replay_all(store: "Store", since: float) -> bool:
    """Replay every decision since then under its own release; whether all that should be equal are."""
    from functools import partial

    from cds_service.app import open_terminology
    from cds_service.governance.many import ids_since, spread
    from cds_service.governance.replay import open_archive
    from cds_service.governance.replay_many import count, replay_each
    from cds_service.store.releases import Releases

    note_access(store, "replay", f"since {datetime.fromtimestamp(since, UTC).isoformat()}")
    ids = ids_since(store.records, since)
    work = partial(replay_each, store.records, open_archive(Releases(store.database), open_terminology()))
    store.database.dispose()
    counted = count(iter(show_progress("replayed", spread(ids, work, os.cpu_count() or 1), len(ids))))
    for again, number in counted.counts.items():
        typer.echo(f"{number} of {counted.total} {again}")
    for decision, again in counted.named:
        typer.echo(f"  {decision} is {again}")
    return counted.passed


def find_other(settings: "Settings", store: "Store", name: str | None, overlay: Path | None) -> "Release | None":
    """The release to replay under in place of a decision's own, if one was asked for."""
    from cds_service.app import as_run, open_terminology, read_folders, today
    from cds_service.governance.releases import open_release
    from cds_service.knowledge.compile import compile_release
    from cds_service.store.releases import Releases

    if name is not None:
        releases = Releases(store.database)
        return open_release(releases, releases.find(name).digest, open_terminology())
    if overlay is None:
        return None
    sources = read_folders().with_layer(read_changes(overlay))
    with naming(overlay):
        return as_run(compile_release(sources, open_terminology(), today(settings)), settings)


def echo_all(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)
