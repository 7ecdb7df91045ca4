"""Tries out one entry of `clients.toml` and says in words what is right and what is wrong about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec
from joserfc.jwk import ECKey

from cds_service.errors import CdsError
from cds_service.trust.client import Client
from cds_service.trust.key_set import BadKeySet, KeySet, PublicKey, decode_key_set, read_key_set

ALGORITHMS_OF = {"P-256": ("ES256",), "P-384": ("ES384",), "RSA": ("RS256", "RS384", "PS384")}
R4 = "4.0"


@dataclass(frozen=True, slots=True)
class Remark:
    """One sentence about an entry. `mark` is `ok`, `note` (works, but know it) or `wrong` (calls or queries fail)."""

    mark: str
    text: str


class CapabilityStatement(msgspec.Struct, frozen=True, rename="camel"):
    """The members of a CapabilityStatement that are looked at."""

    resource_type: str
    fhir_version: str = ""


def check_client(
    client: Client, base_url: str, fetch_key_set: Callable[[str], bytes], fetch_metadata: Callable[[str], bytes]
) -> Iterator[Remark]:
    """Remarks on an entry. The only addresses asked are those the entry names: its key set and FHIR servers."""
    yield Remark("ok", f"its tokens must say iss = {' or '.join(client.issuers)}")
    yield Remark("ok", f"and aud = {base_url}/cds-services, or that with /<service> for the service called")
    yield from look_at_choices(client)
    yield from look_at_keys(client, fetch_key_set)
    if not client.fhir_servers:
        yield Remark("note", "fhir_servers: none, so it must send everything as prefetch")
    for server in client.fhir_servers:
        yield look_at_server(server, fetch_metadata)


def look_at_choices(client: Client) -> Iterator[Remark]:
    """What the entry allows that a site should know of."""
    if client.replay == "off":
        yield Remark("note", "replay = off: whoever sees a token can use it until it expires; for test tools only")
    if client.accept_published_keys:
        yield Remark("note", "accept_published_keys: anybody may hold the private half; for test data only")
    if client.extra_audiences:
        yield Remark("note", "extra_audiences: a token with one of these is good for every service")
    if client.trace:
        yield Remark("note", "trace: it may see the chart as understood, and every rule's outcome")


def look_at_keys(client: Client, fetch: Callable[[str], bytes]) -> Iterator[Remark]:
    if client.keys or client.key_set is None:
        known = read_key_set({"keys": list(client.keys)}, client.accept_published_keys)
    else:
        try:
            known = decode_key_set(fetch(client.key_set), client.accept_published_keys)
        except BadKeySet as error:
            yield Remark("wrong", f"key set {client.key_set}: {error}")
            return
        except CdsError as error:
            yield Remark("wrong", f"key set {client.key_set} {error}")
            return
    yield from weigh_keys(known, client)


def weigh_keys(known: KeySet, client: Client) -> Iterator[Remark]:
    """Which keys can sign calls of this client."""
    usable = 0
    for kid, key in known.keys.items():
        fitting = [algorithm for algorithm in fitting_algorithms(key) if algorithm in client.algorithms]
        usable += bool(fitting)
        if fitting:
            yield Remark("ok", f"key {kid!r} checks {' and '.join(fitting)}")
        else:
            yield Remark(
                "note", f"key {kid!r} checks {' and '.join(fitting_algorithms(key))}, which the entry does not allow"
            )
    for ignored in known.ignored:
        yield Remark("note", f"not used: {ignored}")
    if not usable:
        yield Remark("wrong", f"no key checks {' or '.join(client.algorithms)}: every call will be refused")


def fitting_algorithms(key: PublicKey) -> tuple[str, ...]:
    """The algorithms a key can check: the one it names, else all of its kind."""
    if key.alg is not None:
        return (key.alg,)
    return ALGORITHMS_OF.get(key.curve_name if isinstance(key, ECKey) else "RSA", ("nothing known here",))


def look_at_server(server: str, fetch: Callable[[str], bytes]) -> Remark:
    where = f"FHIR server {server}"
    try:
        statement = msgspec.json.decode(fetch(f"{server.removesuffix('/')}/metadata"), type=CapabilityStatement)
    except CdsError as error:
        return Remark("wrong", f"{where} {error}")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Remark("wrong", f"{where}: /metadata is no CapabilityStatement in JSON; is this the base URL?")
    if statement.resource_type != "CapabilityStatement":
        return Remark(
            "wrong", f"{where}: /metadata is a {statement.resource_type[:40]}, expected a CapabilityStatement"
        )
    if not statement.fhir_version.startswith(R4):
        return Remark("wrong", f"{where} speaks FHIR {statement.fhir_version[:20] or '(not said)'}, expected 4.0 (R4)")
    return Remark("ok", f"{where} answers and speaks FHIR {statement.fhir_version}")
