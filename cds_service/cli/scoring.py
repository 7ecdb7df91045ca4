"""`cds score`: what the risk models say of many patients, without a server."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from

if TYPE_CHECKING:
    from datetime import datetime

    from cds_service.population.score import ScoreRow
    from cds_service.record.decision import DecisionRecord
    from cds_service.settings import Settings


def score(
    files: Annotated[list[str], typer.Argument(metavar="FILES", help="CDS Hooks requests, one patient each.")],
    as_of: Annotated[str | None, typer.Option(metavar="DATE", help="Score as if it were this day.")] = None,
    model: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this model; may be given again.")] = None,
    table: Annotated[bool, typer.Option("--csv", help="A table, instead of one JSON line for each result.")] = False,
    coverage: Annotated[bool, typer.Option(help="Only how often each predictor is known.")] = False,
    config: ConfigOption = None,
) -> None:
    """Say what every running model, silent ones included, predicts for the patients in request files. The numbers are
    those of the hook call, bit for bit. Exit 1 if a file could not be answered."""
    from cds_service.cli.trying import read_moment
    from cds_service.population.score import cover, say_coverage, write_lines, write_table

    refused: list[str] = []
    with plain_errors():
        moment = read_moment(as_of) if as_of else None
        found = score_files(files, settings_from(config), moment, refused)
        rows = [row for row in found if not model or row.model in model]
    if coverage:
        typer.echo(say_coverage(cover(rows)))
    else:
        (write_table if table else write_lines)(rows, sys.stdout)
    raise typer.Exit(1 if refused else 0)


def score_files(
    files: list[str], settings: "Settings", as_of: "datetime | None", refused: list[str]
) -> "Iterator[ScoreRow]":
    """The rows of all files; a file that could not be answered is named on standard error and in `refused`."""
    from cds_service.app import build
    from cds_service.cli.trying import name_by_content, pick_service
    from cds_service.errors import CdsError
    from cds_service.population.score import score_rows
    from cds_service.trust.callers import local_caller

    kept: list[DecisionRecord] = []
    application = build(settings, lambda record, milliseconds: kept.append(record), name_by_content)
    models = application.arms.control.models
    for name in files:
        body = Path(name).read_bytes()
        try:
            application.answer(body, pick_service(application, body, None), local_caller("cds score"), as_of=as_of)
        except CdsError as error:
            typer.echo(f"{name}: {error}", err=True)
            refused.append(name)
            continue
        yield from score_rows(name, kept.pop(), models)
