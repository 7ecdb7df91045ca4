"""`cds try`: answer request files without a server."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from

if TYPE_CHECKING:
    from cds_service.app import Application
    from cds_service.hooks.discovery import Service


def try_requests(
    files: Annotated[list[str], typer.Argument(metavar="FILES|-", help="CDS Hooks requests; - is standard input.")],
    service: Annotated[str | None, typer.Option(help="Service id; without it the one that serves the hook.")] = None,
    as_of: Annotated[str | None, typer.Option(metavar="DATE", help="Answer as if it were this day.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the response exactly as HTTP would.")] = False,
    trace: Annotated[bool, typer.Option(help="Add the chart as understood and every reached rule's outcome.")] = False,
    config: ConfigOption = None,
) -> None:
    """Answer CDS Hooks requests from files and show the cards. Several files give one JSON line each."""
    from cds_service.app import build

    with plain_errors():
        settings = settings_from(config)
        application = build(settings, write=lambda record, milliseconds: None, name_decision=name_by_content)
        moment = read_moment(as_of) if as_of else None
        refused = 0
        for name, body in read_bodies(files):
            refused += try_one(application, name, body, service, moment, as_json or len(files) > 1, trace)
    raise typer.Exit(1 if refused else 0)


def read_bodies(files: list[str]) -> Iterator[tuple[str, bytes]]:
    for name in files:
        yield (name, sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes())


def read_moment(written: str) -> datetime:
    """A date or dateTime as the `asOf` of a request is read."""
    from cds_service.errors import BadRequest
    from cds_service.hooks.request import read_as_of

    try:
        return read_as_of(written)
    except BadRequest:
        raise typer.BadParameter(
            f"found {written!r}, expected a date such as 2021-02-19", param_hint="--as-of"
        ) from None


def name_by_content(body: bytes, now: datetime) -> str:
    """The same request on the same day has the same decision id (DESIGN 6)."""
    return str(UUID(bytes=sha256(body + now.date().isoformat().encode()).digest()[:16], version=4))


def try_one(
    application: "Application",
    name: str,
    body: bytes,
    service_id: str | None,
    as_of: datetime | None,
    as_json: bool,
    trace: bool,
) -> bool:
    """Print the answer to one request; whether it was refused."""
    from cds_service.cli.cards import show_response
    from cds_service.errors import CdsError
    from cds_service.trust.callers import local_caller
    from cds_service.web.problems import describe_problem

    try:
        service = pick_service(application, body, service_id)
        response = application.answer(body, service, caller=local_caller("cds try"), as_of=as_of, trace=trace)
    except CdsError as error:
        if as_json:
            typer.echo(describe_problem(error)[1])
        typer.echo(f"{name}: {error}", err=True)
        return True
    if as_json:
        typer.echo(response.encode())
    else:
        show_response(response, service)
    return False


def pick_service(application: "Application", body: bytes, service_id: str | None) -> "Service":
    """The service called `service_id`, else the one that serves the hook the request names."""
    from cds_service.errors import BadRequest
    from cds_service.web.problems import UnknownService

    services = application.release.services
    if service_id is not None:
        named = [service for service in services if service.id == service_id]
        if not named:
            raise UnknownService(tuple(service.id for service in services))
        return named[0]
    hook = read_hook(body)
    serving = [service for service in services if service.hook == hook]
    if not serving:
        known = ", ".join(sorted({service.hook for service in services}))
        raise BadRequest("hook", "no hook served here" if hook else "nothing", f"one of {known}")
    return serving[0]


def read_hook(body: bytes) -> object:
    """The `hook` member, None if the body is not a JSON object; the request reader explains what is wrong with it."""
    try:
        content = json.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return None
    return content.get("hook") if isinstance(content, dict) else None
