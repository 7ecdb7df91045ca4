"""`cds models predictions` and `cds models arms`: what models said of patients, out of the records."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.audit import SinceOption, TenantOption, UntilOption
from cds_service.cli.models import IdArgument, open_model
from cds_service.cli.options import ConfigOption, plain_errors, settings_from

if TYPE_CHECKING:
    from cds_service.knowledge.bundle import Bundle
    from cds_service.monitoring.predictions import ArmsCompared
    from cds_service.monitoring.recorded import Span
    from cds_service.store.store import Store


def predictions(
    id: IdArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the CSV goes.")],
    since: SinceOption = "90d",
    until: UntilOption = None,
    tenant: TenantOption = None,
    patient_ids: Annotated[
        bool, typer.Option("--patient-ids", help="The patients' ids and not keyed hashes, to join outcomes by.")
    ] = False,
    version: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Every prediction of this version, also where the other arm answered."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Write what a model predicted, from the records; without --version, where its arm answered. That it was exported
    is recorded first."""
    from cds_service.modelling.labels import write_rows
    from cds_service.monitoring.predictions import read_predictions

    with plain_errors():
        model, _ = open_model(id)
        store, span = open_span(config, "export", id, since, until, tenant)
        rows = list(read_predictions(store, span, id, patient_ids, version, name_result(model)))
        columns = list(dict.fromkeys(name for row in rows for name in row))
        out.touch(mode=0o600)
        write_rows(out, [{name: row.get(name, "") for name in columns} for row in rows])
        typer.echo(f"{len(rows)} predictions")


def arms(
    id: IdArgument,
    since: SinceOption = "90d",
    until: UntilOption = None,
    tenant: TenantOption = None,
    config: ConfigOption = None,
) -> None:
    """Compare what a model said in the arm that answered with what it said, unseen, in the other arm."""
    from cds_service.monitoring.predictions import compare_arms

    with plain_errors():
        open_model(id)
        compared = compare_arms(*open_span(config, "compare", id, since, until, tenant), id)
        for each in compared:
            typer.echo(say(each))
        if not compared:
            typer.echo(f"no call on which both arms had something else to say by {id}")


def name_result(model: "Bundle") -> str:
    """What the result of a model is: a probability, points, or a quantity of something."""
    from cds_service.knowledge.terms import PROBABILITIES, Link

    function = model.functions.get(model.outcomes[0].id)
    if function is None or function.link in PROBABILITIES:
        return "probability"
    return "points" if function.link is Link.POINTS else "quantity"


def open_span(
    config: Path | None, what: str, id: str, since: str, until: str | None, tenant: str | None
) -> "tuple[Store, Span]":
    """The records and the time asked for, after noting who looks at what."""
    from cds_service.cli.audit import note_access, open_for_reading, read_moment
    from cds_service.monitoring.recorded import Span

    store = open_for_reading(settings_from(config))
    now = datetime.now(UTC)
    first, last = read_moment(since, now), read_moment(until, now) if until else now
    note_access(store, what, f"{id}, {first.isoformat()} to {last.isoformat()}")
    return store, Span(first.timestamp(), last.timestamp(), tenant)


def say(compared: "ArmsCompared") -> str:
    """One pair of versions, in lines."""
    return (
        f"{compared.calls} calls answered by version {compared.answered}: {compared.mean:.4g} on average\n"
        f"  version {compared.beside} in the other arm: {compared.mean_beside:.4g} on average, higher in"
        f" {compared.higher}, lower in {compared.lower}, another band in {compared.other_band}"
    )
