"""`cds keys`: the keys with which this service proves who it is to authorization servers."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from

if TYPE_CHECKING:
    from cds_service.trust.signing_keys import OwnKey

keys = typer.Typer(help="The service's own signing keys, published at /.well-known/jwks.json.", no_args_is_help=True)


@keys.command()
def create(config: ConfigOption = None) -> None:
    """Make the first keys: one for ES384, one for RS384."""
    from cds_service.trust.signing_keys import create_keys

    make(create_keys, config)


@keys.command()
def rotate(config: ConfigOption = None) -> None:
    """Make new keys, which sign from now on; the last ones stay published until the next rotation."""
    from cds_service.trust.signing_keys import rotate_keys

    make(rotate_keys, config)


def make(how: "Callable[[Path, datetime], tuple[OwnKey, ...]]", config: Path | None) -> None:
    with plain_errors():
        folder = settings_from(config).key_folder
        for own in how(folder, datetime.now(UTC)):
            typer.echo(f"{own.algorithm}  kid {own.kid}")
        typer.echo(f"private halves in {folder}, for this user only")
