"""`cds keys`: the keys with which this service signs, and those that protect its records."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.audit import open_for_reading
from cds_service.cli.options import ConfigOption, plain_errors, settings_from

if TYPE_CHECKING:
    from cds_service.settings import Settings
    from cds_service.trust.signing_keys import OwnKey

keys = typer.Typer(
    help="Signing keys, published at /.well-known/jwks.json; and the ring that protects records.", no_args_is_help=True
)


class Kind(StrEnum):
    """Keys of the ring."""

    WRAP = "wrap"
    INDEX = "index"
    SIGN = "sign"


@keys.command()
def create(config: ConfigOption = None) -> None:
    """Make the first signing keys: one for ES384, one for RS384."""
    from cds_service.trust.signing_keys import create_keys

    make(create_keys, config)


@keys.command()
def rotate(
    kind: Annotated[Kind | None, typer.Argument(help="A kind of the ring; without it the signing keys.")] = None,
    config: ConfigOption = None,
) -> None:
    """Make new keys, current from now on; those before stay until the next rotation, those of the ring until dropped.

    A new wrap key wraps all data keys anew at once; after a new index key run `cds keys rehash`.
    """
    from cds_service.trust.signing_keys import rotate_keys

    if kind is None:
        make(rotate_keys, config)
        return
    from cds_service.store.ring import rotate_key
    from cds_service.store.rotating import rewrap

    with plain_errors():
        settings = settings_from(config)
        typer.echo(f"{rotate_key(settings.ring_folder, kind, datetime.now(UTC)).id} is current")
        if kind is Kind.WRAP:
            store = open_for_reading(settings)
            typer.echo(f"{rewrap(store.database, store.ring)} data keys wrapped anew")


@keys.command()
def ring(config: ConfigOption = None) -> None:
    """Show the ring that protects records; make it where nothing was recorded yet."""
    from cds_service.store.first_ring import make_ring
    from cds_service.store.ring import KINDS
    from cds_service.store.store import FILE

    with plain_errors():
        settings = settings_from(config)
        folder = settings.ring_folder
        found = make_ring(folder, settings.database_url, settings.home / FILE, datetime.now(UTC))
        for kind in KINDS:
            for place, key in enumerate(getattr(found, kind)):
                made = datetime.fromtimestamp(key.created, UTC).date()
                typer.echo(f"{key.id}  made {made}{'' if place else '  current'}")
        typer.echo(f"in {folder}, for this user only; without these keys no record can be read: back them up apart")


@keys.command()
def rewrap(config: ConfigOption = None) -> None:
    """Wrap every data key under the current wrap key, and drop the wrap keys before it."""
    from cds_service.store.rotating import rewrap as wrap_anew

    with plain_errors():
        settings = settings_from(config)
        store = open_for_reading(settings)
        typer.echo(f"{wrap_anew(store.database, store.ring)} data keys wrapped anew")
        drop_older(settings, Kind.WRAP)


@keys.command()
def rehash(config: ConfigOption = None) -> None:
    """Make the keyed hashes of patients, users and drugs anew under the current index key, and drop those before it."""
    from cds_service.recording import who_of
    from cds_service.store.rotating import rehash as hash_anew

    with plain_errors():
        settings = settings_from(config)
        store = open_for_reading(settings)
        typer.echo(f"{hash_anew(store.records, store.ring, who_of)} records hashed anew")
        drop_older(settings, Kind.INDEX)


def drop_older(settings: "Settings", kind: Kind) -> None:
    from cds_service.store.rotating import drop_unneeded

    store = open_for_reading(settings)
    dropped = drop_unneeded(store, kind, datetime.now(UTC).timestamp())
    typer.echo(f"dropped: {', '.join(dropped) or 'none'}")


def make(how: "Callable[[Path, datetime], tuple[OwnKey, ...]]", config: Path | None) -> None:
    with plain_errors():
        folder = settings_from(config).key_folder
        for own in how(folder, datetime.now(UTC)):
            typer.echo(f"{own.algorithm}  kid {own.kid}")
        typer.echo(f"private halves in {folder}, for this user only")
