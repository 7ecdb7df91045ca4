"""`cds check`: read every rule, run every example, write the release file; or check what one site adds."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from
from cds_service.errors import KnowledgeProblem

if TYPE_CHECKING:
    from cds_service.knowledge.sources import Sources

SiteOption = Annotated[
    Path | None,
    typer.Option("--site", metavar="DIR", help="Check only this folder of changes.", file_okay=False, exists=True),
]


def check(
    summary: Annotated[bool, typer.Option("--summary", help="Also count rules, examples and reviews.")] = False,
    site: SiteOption = None,
    config: ConfigOption = None,
) -> None:
    """Check all rules and their examples; if nothing is wrong, write the release that a production server loads.

    With --site, check a folder of changes against the shipped rules and say what it changes; nothing is written.
    """
    from cds_service.app import open_terminology, read_folders, release_path, today
    from cds_service.edge import find_clients
    from cds_service.governance.check import check as check_sources
    from cds_service.governance.release_file import save_release

    with plain_errors():
        settings = settings_from(config)
        sources, terminology = read_folders(), open_terminology()
        if site is not None:
            from cds_service.governance.site import check_site
            from cds_service.knowledge.sources import load_site

            found = check_site(sources, load_site(site), terminology, today(settings))
            say(found.problems, found.warnings, "nothing was changed")
            for line in found.differences:
                typer.echo(line)
            typer.echo("checked; nothing was changed: `cds check` makes the release" if found.differences else EMPTY)
            return
        report = check_sources(sources, terminology, today(settings))
        strangers = name_strangers(sources, [client.name for client in find_clients(settings)])
        say(report.problems, (*report.warnings, *strangers), "no release was written")
        if report.release is not None:
            save_release(release_path(settings), report.release)
        if summary:
            typer.echo(report.summarise())
        typer.echo(f"checked; release written to {release_path(settings)}")


EMPTY = "checked; the folder changes nothing: it holds no [[change]], no local code and no row of a formulary"


def name_strangers(sources: "Sources", clients: list[str]) -> Iterator[str]:
    """Folders of changes that are named after no client; none is strange where there are no clients yet."""
    from cds_service.knowledge.overlays import find_tenants
    from cds_service.knowledge.page import suggest

    for tenant, folder in find_tenants(sources).items():
        name = tenant.partition("/")[0]
        if clients and name not in clients:
            near = suggest(name, clients)
            yield f"{folder}: clients.toml has no client {name!r}, so nobody gets these changes{near}"


def say(problems: Iterable[KnowledgeProblem], warnings: Iterable[str], consequence: str) -> None:
    """Print what was found; exit 1 if there is a problem."""
    listed = list(problems)
    for problem in listed:
        typer.echo(str(problem), err=True)
    for warning in warnings:
        typer.echo(f"warning: {warning}", err=True)
    if listed:
        typer.echo(f"{len(listed)} problem{'' if len(listed) == 1 else 's'}; {consequence}", err=True)
        raise typer.Exit(1)
