"""`cds check`: read every rule, run every example, write the release file."""

from typing import Annotated

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from


def check(
    summary: Annotated[bool, typer.Option("--summary", help="Also list what was compiled and reviewed.")] = False,
    config: ConfigOption = None,
) -> None:
    """Check all rules and their examples; if nothing is wrong, write the release that the server loads."""
    from cds_service.app import check_release

    with plain_errors():
        report = check_release(settings_from(config))
