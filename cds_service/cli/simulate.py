"""`cds simulate`: what a change would have done to recorded traffic."""

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.audit import TenantOption, note_access, open_for_reading, read_moment
from cds_service.cli.in_force import read_in_force
from cds_service.cli.options import ConfigOption, plain_errors, settings_from, show_progress
from cds_service.cli.replay import find_other

if TYPE_CHECKING:
    from cds_service.governance.simulation import Simulation
    from cds_service.knowledge.release import Release
    from cds_service.store.store import Store

SHOWN = 12


def simulate(
    overlay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The data folders with these changes.", exists=True)
    ] = None,
    release: Annotated[str | None, typer.Option("--release", metavar="RELEASE", help="A kept release.")] = None,
    since: Annotated[str, typer.Option(metavar="TIME", help="From when: a date, or a span such as 30d.")] = "30d",
    tenant: TenantOption = None,
    processes: Annotated[int | None, typer.Option(min=1, help="Without it one for each core.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Say which alerts of recorded calls a change would add, remove and change, against what is in force.

    Decisions that repeat the one before are left out. What quieted an alert then quiets it here.
    """
    from cds_service.app import open_terminology
    from cds_service.governance.simulated import say_simulation

    if (overlay is None) == (release is None):
        raise typer.BadParameter("name a file of changes, or a release with --release", param_hint="--overlay")
    with plain_errors():
        settings = settings_from(config)
        store = open_for_reading(settings)
        other = find_other(settings, store, release, overlay)
        base, which = read_in_force(settings, open_terminology())
        first = read_moment(since, datetime.now(UTC))
        note_access(store, "simulate", f"since {first.isoformat()}")
        assert other is not None  # one of the two was named
        found = run(store, base, other, first.timestamp(), tenant, processes or os.cpu_count() or 1)
    if as_json:
        import msgspec

        typer.echo(msgspec.json.encode(found))
        return
    typer.echo(f"Release {other.digest[:SHOWN]} against {which}.")
    typer.echo(f"Since {first.astimezone(UTC):%Y-%m-%d %H:%M} UTC:")
    typer.echo("\n".join(say_simulation(found)))


def run(
    store: "Store", base: "Release", other: "Release", since: float, tenant: str | None, processes: int
) -> "Simulation":
    """Compare every decision since then, with a progress bar."""
    from cds_service.governance.many import ids_since, spread
    from cds_service.governance.simulate import compare_each, prepare
    from cds_service.governance.simulation import tally
    from cds_service.store.outcomes import read_outcomes

    ids = ids_since(store.records, since, tenant, repeats=False)
    outcomes = read_outcomes(store.database, since)
    store.database.dispose()
    work = partial(compare_each, prepare(store.records, store.ring, outcomes, base, other))
    return tally(show_progress("simulated", spread(ids, work, processes), len(ids)))
