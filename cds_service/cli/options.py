"""What the commands share: their common options, settings from them, and how they report a mistake."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from cds_service.errors import CdsError

if TYPE_CHECKING:
    from cds_service.settings import Settings

Each = TypeVar("Each")
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="DIR", help="Configuration folder.", file_okay=False, exists=True),
]


@contextmanager
def plain_errors() -> Iterator[None]:
    """Report what the user can put right as a sentence on standard error, and exit 1."""
    try:
        yield
    except CdsError as error:
        typer.echo(f"cds: {error}", err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"cds: {error.filename or ''}: {error.strerror}".replace(": :", ":"), err=True)
        raise typer.Exit(1) from None


def settings_from(config: Path | None, **given: Any) -> "Settings":
    """Settings of this command; `config` replaces the configuration folder everywhere."""
    from cds_service.folders import data_folder
    from cds_service.settings import load_settings

    if config is not None:
        os.environ["CDS_CONFIG"] = str(config)
    return load_settings(data_folder("config"), os.environ, given)


def show_progress(doing: str, items: Iterable[Each], total: int) -> Iterator[Each]:
    """The items, with a bar on standard error while they come; none where nobody looks at a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return iter(track(items, doing, total, console=console, transient=True, disable=not console.is_terminal))
