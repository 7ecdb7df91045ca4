"""The CDS clients this site trusts, from `config/clients.toml`. Nobody else gets an answer."""

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from cds_service.errors import BadSettings
from cds_service.trust.client import Client
from cds_service.trust.key_set import read_key_set

FILE = "clients.toml"


def read_clients(text: str, is_dev: bool, file: str = FILE) -> tuple[Client, ...]:
    """The clients written in TOML `text`.

    `is_dev` lets key sets be fetched over plain http. Raises `BadSettings` listing every mistake: file, entry, element,
    what was found and what was expected.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{file}: not readable as TOML: {error}") from None
    mistakes = [f"{file}: found {key!r}, expected only [[client]] entries" for key in content if key != "client"]
    entries = content.get("client", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadSettings(f"{file}: client: found {str(entries)[:60]}, expected [[client]] entries")
    read = [read_client(entry, f"{file}: {label(entry, number)}", mistakes) for number, entry in enumerate(entries, 1)]
    known = [client for client in read if client is not None]
    for client in known:
        mistakes += [f"{file}: client {client.name!r}: {mistake}" for mistake in find_mistakes(client, is_dev)]
    mistakes += [f"{file}: {mistake}" for mistake in find_clashes(known)]
    if mistakes:
        raise BadSettings("\n".join(mistakes))
    return tuple(known)


def label(entry: Mapping[str, Any], number: int) -> str:
    """How messages call an entry: by its name, else by its place."""
    name = entry.get("name")
    return f"client {name!r}" if isinstance(name, str) else f"client {number}"


def read_client(entry: Mapping[str, Any], where: str, mistakes: list[str]) -> Client | None:
    try:
        return Client.model_validate(entry)
    except ValidationError as error:
        mistakes += [f"{where}: {describe(mistake)}" for mistake in error.errors()]
        return None


def describe(mistake: Any) -> str:
    """One validation error of pydantic in words. What `keys` hold is not repeated."""
    first, *rest = mistake["loc"]
    element = str(first) + "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in rest)
    if mistake["type"] == "extra_forbidden":
        near = get_close_matches(element, Client.model_fields, n=1)
        return f"no key is called {element!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    if mistake["type"] == "missing":
        return f"{element}: missing"
    if first == "keys":
        return f"{element}: {mistake['msg']}"
    return f"{element}: found {mistake['input']!r}: {mistake['msg']}"


def find_mistakes(client: Client, is_dev: bool) -> Iterable[str]:
    """What is wrong in one entry although every value has the right type."""
    if client.key_set is None and not client.keys:
        yield "found neither key_set nor keys, expected the address of the client's key set, or its keys"
    if client.key_set is not None:
        allowed = ("https://", "http://") if is_dev else ("https://",)
        if not client.key_set.startswith(allowed) or "@" in client.key_set or "#" in client.key_set:
            yield f"key_set: found {client.key_set!r}, expected an https address without user and fragment"
    for ignored in read_key_set({"keys": list(client.keys)}, client.accept_published_keys).ignored:
        yield f"keys: {ignored}"


def find_clashes(clients: Iterable[Client]) -> Iterable[str]:
    """Names and issuers that two entries claim: a token must belong to one client."""
    names: set[str] = set()
    owners: dict[str, str] = {}
    for client in clients:
        if client.name in names:
            yield f"client {client.name!r}: found twice, expected a name of its own"
        names.add(client.name)
        for issuer in client.issuers:
            owner = owners.setdefault(issuer, client.name)
            if owner != client.name:
                yield f"client {client.name!r}: issuers: found {issuer!r}, which client {owner!r} has already"


def refuse_unknown_services(clients: Iterable[Client], known: Iterable[str], file: str = FILE) -> None:
    """Raise `BadSettings` when an entry names a service that this site does not offer."""
    offered = sorted(known)
    for client in clients:
        for service in client.services or ():
            if service not in offered:
                raise BadSettings(
                    f"{file}: client {client.name!r}: services: found {service!r}, expected {', '.join(offered)}"
                )
