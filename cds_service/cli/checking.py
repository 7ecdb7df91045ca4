"""`cds check`: read every rule, run every example, write the release file."""

from typing import Annotated

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from


def check(
    summary: Annotated[bool, typer.Option("--summary", help="Also count rules, examples and reviews.")] = False,
    config: ConfigOption = None,
) -> None:
    """Check all rules and their examples; if nothing is wrong, write the release that a production server loads."""
    from cds_service.app import open_terminology, read_folders, release_path, today
    from cds_service.governance.check import check as check_sources
    from cds_service.governance.release_file import save_release

    with plain_errors():
        settings = settings_from(config)
        sources, terminology = read_folders(), open_terminology()
        report = check_sources(sources, terminology, today(settings))
        for problem in report.problems:
            typer.echo(str(problem), err=True)
        for warning in report.warnings:
            typer.echo(f"warning: {warning}", err=True)
        if not report.passed or report.release is None:
            count = len(report.problems)
            typer.echo(f"{count} problem{'' if count == 1 else 's'}; no release was written", err=True)
            raise typer.Exit(1)
        save_release(release_path(settings), report.release)
        if summary:
            typer.echo(report.summarise())
        typer.echo(f"checked; release written to {release_path(settings)}")
