"""`cds serve`: the service under gunicorn."""

from typing import Annotated

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    config: ConfigOption = None,
    profile: Annotated[str | None, typer.Option(help="dev or production.")] = None,
) -> None:
    """Answer CDS Hooks calls over HTTP."""
    from cds_service.app import build_server
    from cds_service.web.gunicorn_options import gunicorn_options
    from cds_service.web.listening import refuse_taken_address
    from cds_service.web.log import log_decision, log_store, start_logging
    from cds_service.web.server import run_server

    with plain_errors():
        settings = settings_from(config, host=host, port=port, profile=profile)
        refuse_taken_address(settings.host, settings.port)
        start_logging()
        application = build_server(settings, log_decision, log_store)
    if settings.is_dev:
        typer.echo("dev profile: serves callers on this machine only, runs rules nobody has reviewed", err=True)
    typer.echo(f"discovery at http://{gunicorn_options(settings)['bind']}/cds-services", err=True)
    run_server(application)
