"""`cds clients`: whom the service trusts; adds an entry and tries one out."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from

clients = typer.Typer(help="The CDS clients (EHRs) this site trusts: config/clients.toml.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="Small letters, digits, hyphens: general-hospital.")]


@clients.command()
def add(
    name: NameArgument,
    issuer: Annotated[list[str], typer.Option(help="What it writes into `iss`; may be repeated.")],
    key_set: Annotated[str | None, typer.Option(metavar="URL", help="Address of its JSON Web Key Set.")] = None,
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its JSON Web Key Set, exchanged by hand.", dir_okay=False)
    ] = None,
    algorithm: Annotated[list[str] | None, typer.Option(help="Without it ES384 and RS384.")] = None,
    tenant: Annotated[list[str] | None, typer.Option(help="What it may write into `tenant`.")] = None,
    fhir_server: Annotated[list[str] | None, typer.Option(metavar="URL", help="Base URL its token may go to.")] = None,
    oauth_client_id: Annotated[str | None, typer.Option(help="Our id at its FHIR server.")] = None,
    dialect: Annotated[str | None, typer.Option(help="standard or epic.")] = None,
    service: Annotated[list[str] | None, typer.Option(help="A service it may call; without it all.")] = None,
    origin: Annotated[list[str] | None, typer.Option(help="Where its web pages come from, if it is one.")] = None,
    config: ConfigOption = None,
) -> None:
    """Write an entry for one more client. What else an entry may say is told in clients.toml."""
    from cds_service.folders import data_folder
    from cds_service.trust.add_client import add_client
    from cds_service.trust.clients import FILE

    with plain_errors():
        settings = settings_from(config)
        entry = {
            "name": name,
            "issuers": issuer,
            "key_set": key_set,
            "keys": read_keys(keys) if keys else None,
            "algorithms": algorithm,
            "tenants": tenant,
            "fhir_servers": fhir_server,
            "oauth_client_id": oauth_client_id,
            "dialect": dialect,
            "services": service,
            "origins": origin,
        }
        path = data_folder("config") / FILE
        text = add_client(path.read_text("utf-8") if path.is_file() else "", entry, settings.is_dev)
        replaced = path.with_suffix(".new")
        replaced.write_text(text, "utf-8")
        replaced.replace(path)
    typer.echo(f"{path}: added {name}; try it with `cds clients check {name}`; a running service reads it at its start")


def read_keys(path: Path) -> list[object]:
    """The keys of a key set in a file."""
    from cds_service.errors import BadSettings
    from cds_service.trust.key_set import BadKeySet, decode_key_set

    body = path.read_bytes()
    try:
        decode_key_set(body, accept_published=False)
    except BadKeySet as error:
        raise BadSettings(f"{path.name}: {error}") from None
    return list(json.loads(body)["keys"])


@clients.command("check")
def check(name: NameArgument, config: ConfigOption = None) -> None:
    """Fetch a client's key set and its FHIR server's metadata, and say what is right and wrong."""
    from cds_service.edge import connect, find_clients, refuse_addresses
    from cds_service.errors import BadSettings
    from cds_service.trust.check_client import check_client
    from cds_service.trust.clients import FILE
    from cds_service.trust.fetching import key_set_fetch, metadata_fetch

    with plain_errors():
        settings = settings_from(config)
        trusted = find_clients(settings)
        named = [client for client in trusted if client.name == name]
        if not named:
            known = ", ".join(client.name for client in trusted) or "none"
            raise BadSettings(f"{FILE}: no client is called {name!r}; there are: {known}")
        refuse_addresses(settings, tuple(named))
        outbound = connect(settings)
        wrong = False
        for remark in check_client(named[0], settings.base_url, key_set_fetch(outbound), metadata_fetch(outbound)):
            wrong = wrong or remark.mark == "wrong"
            typer.echo(f"{remark.mark:<6}{remark.text}")
    raise typer.Exit(1 if wrong else 0)
