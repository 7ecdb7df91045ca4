"""`cds store`: the database."""

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from

store = typer.Typer(help="The database of records, feedback and releases.", no_args_is_help=True)


@store.callback()
def of_the_store() -> None:
    """The database of records, feedback and releases."""


@store.command()
def upgrade(config: ConfigOption = None) -> None:
    """Bring the database to the tables of this version. Stop the service first; make a copy of the database before."""
    from cds_service.database import SURVIVES_POWER_LOSS, reach_database
    from cds_service.store.migrate import NEWEST, find_version
    from cds_service.store.migrate import upgrade as take_steps
    from cds_service.store.store import FILE

    with plain_errors():
        settings = settings_from(config)
        database = reach_database(settings.database_url, settings.home / FILE, SURVIVES_POWER_LOSS)
        before = find_version(database)
        take_steps(database)
        typer.echo(f"tables: {before or 'none'} before, {NEWEST} now")
