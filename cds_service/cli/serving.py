"""`cds serve`: the service under gunicorn."""

import os
from typing import Annotated

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Loopback only for now.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    config: ConfigOption = None,
    profile: Annotated[str | None, typer.Option(help="dev or production.")] = None,
) -> None:
    """Answer CDS Hooks calls over HTTP."""
    from cds_service.settings import refuse_exposure
    from cds_service.web.server import run_server

    with plain_errors():
        settings = settings_from(config, host=host, port=port, profile=profile)
        refuse_exposure(settings)
        address = f"[{settings.host}]" if ":" in settings.host else settings.host
        if settings.is_dev:
            typer.echo("dev profile: serves callers on this machine only, runs rules nobody has reviewed", err=True)
        typer.echo(f"discovery at http://{address}:{settings.port}/cds-services (process {os.getpid()})", err=True)
        run_server(settings)
