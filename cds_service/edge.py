"""The part of the composition root that faces the network: the gate callers come through, the FHIR servers we ask."""

import time
from collections.abc import Callable
from datetime import datetime, tzinfo
from http import HTTPStatus
from typing import TYPE_CHECKING

from cds_service.call import Call
from cds_service.errors import BadSettings, NotAnchored
from cds_service.fhir.received import Received
from cds_service.folders import data_folder
from cds_service.hooks.discovery import Service
from cds_service.settings import Settings

if TYPE_CHECKING:
    from cds_service.fhir.fetch import FhirAccess
    from cds_service.governance.activate import InForce
    from cds_service.inference import RemoteModels
    from cds_service.knowledge.release import Release
    from cds_service.outbound import Answer, Outbound
    from cds_service.store.anchors import Anchor
    from cds_service.store.releases import Releases
    from cds_service.store.store import Store
    from cds_service.store.writing import Tell
    from cds_service.trust.backend_token import BackendTokens
    from cds_service.trust.client import Client
    from cds_service.trust.gate import Gate

ANCHOR_WITHIN_S = 10.0
ANCHOR_SAYS_AT_MOST = 65_536


def find_clients(settings: Settings) -> "tuple[Client, ...]":
    """The CDS clients this site trusts. Raises `BadSettings`."""
    from cds_service.trust.clients import FILE, read_clients

    path = data_folder("config") / FILE
    return read_clients(path.read_text("utf-8"), settings.is_dev) if path.is_file() else ()


def open_gate(settings: Settings, clients: "tuple[Client, ...]", services: tuple[Service, ...], tell: "Tell") -> "Gate":
    """What stands between the network and the service. Raises `BadSettings`."""
    from cds_service.trust.clients import refuse_unknown_services
    from cds_service.trust.database import open_database
    from cds_service.trust.fetching import key_set_fetch
    from cds_service.trust.gate import Gate
    from cds_service.trust.key_sources import open_key_sources
    from cds_service.trust.ledger import Ledger

    refuse_unknown_services(clients, [service.id for service in services])
    database = open_database(settings.database_url, settings.home)
    return Gate(
        base_url=settings.base_url,
        clients={issuer: client for client in clients for issuer in client.issuers},
        key_sources=open_key_sources(clients, key_set_fetch(connect(settings)), time.monotonic),
        ledger=Ledger(database, tell),
    )


def open_fall_back(settings: Settings, clients: "tuple[Client, ...]") -> Callable[[Call, Received, float], Received]:
    """The way to the clients' FHIR servers. Raises `BadSettings` for an address that is no place for one."""
    from cds_service.fhir.fetch import Asker, FallBack, FhirAccess

    refuse_addresses(settings, clients)
    fall_back = FallBack(lambda: connect(settings), time.monotonic, settings.is_dev)
    tokens = open_backend_tokens(settings)
    access = {client.name: access_of(client, tokens) for client in clients}

    def fetch(call: Call, received: Received, deadline: float) -> Received:
        asker = Asker(call.client, call.tenant, access.get(call.client, FhirAccess()))
        return fall_back.fetch(call.request, call.service.prefetch, asker, received, deadline)

    return fetch


def refuse_addresses(settings: Settings, clients: "tuple[Client, ...]") -> None:
    """Raise `BadSettings` for an entry that sends tokens where no FHIR server can be, or asks for them as nobody."""
    from cds_service.fhir.addresses import why_refused
    from cds_service.trust.clients import FILE

    for client in clients:
        for server in client.fhir_servers:
            if why := why_refused(server, settings.is_dev):
                raise BadSettings(f"{FILE}: client {client.name!r}: fhir_servers: found {server!r}: {why}")
        if client.backend_scope and not client.oauth_client_id:
            raise BadSettings(f"{FILE}: client {client.name!r}: backend_scope needs an oauth_client_id")


def connect(settings: Settings) -> "Outbound":
    """A new pool of connections to elsewhere."""
    from cds_service.outbound import Outbound

    return Outbound(ca_bundle=str(settings.ca_bundle) if settings.ca_bundle else None)


def open_models(settings: Settings) -> "RemoteModels":
    """The way to models that other servers compute; nobody is connected to before one is asked."""
    from cds_service.inference import RemoteModels

    pool: list[Outbound] = []

    def post(url: str, body: bytes, deadline: float, most_bytes: int) -> "Answer":
        if not pool:
            pool.append(connect(settings))
        return pool[0].post_json(url, body, deadline, most_bytes)

    return RemoteModels(post, time.monotonic)


def open_backend_tokens(settings: Settings) -> "BackendTokens":
    """Where tokens of our own come from. Keys are read when a token is asked for, so a rotation needs no restart."""
    from cds_service.fhir.addresses import why_refused
    from cds_service.trust.backend_token import BackendTokens
    from cds_service.trust.signing_keys import read_keys, signing_key

    return BackendTokens(
        connect(settings),
        signing_key=lambda algorithm: signing_key(read_keys(settings.key_folder), algorithm),
        why_refused=lambda url: why_refused(url, settings.is_dev),
        now=time.time,
    )


def own_key_set(settings: Settings) -> bytes:
    """The service's public keys as they are now. Raises `BadKeys`."""
    from cds_service.trust.signing_keys import key_set, read_keys

    return key_set(read_keys(settings.key_folder))


def access_of(client: "Client", tokens: "BackendTokens") -> "FhirAccess":
    """Which FHIR servers may be asked for a client, and as whom."""
    from cds_service.fhir.fetch import FhirAccess
    from cds_service.trust.backend_token import Registration

    scope, client_id = client.backend_scope, client.oauth_client_id
    if scope is None or client_id is None:
        return FhirAccess(client.fhir_servers, client_id)
    return FhirAccess(
        client.fhir_servers,
        client_id,
        lambda base, deadline: tokens.obtain(Registration(base, client_id, scope, client.backend_algorithm), deadline),
    )


def open_anchor(settings: Settings) -> "Anchor | None":
    """Where the checkpoints of the audit go, if anywhere. Raises `BadSettings`."""
    from cds_service.store.anchors import find_anchor

    address = settings.audit_anchor
    if address is None:
        return None
    outbound = connect(settings)

    def post(line: str) -> None:
        answer = outbound.post(address, {"checkpoint": line}, time.monotonic() + ANCHOR_WITHIN_S, ANCHOR_SAYS_AT_MOST)
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise NotAnchored(f"the anchor answered {answer.status}")

    return find_anchor(address, settings.home, post)


def tell_of_newer_folders(releases: "Releases", shipped: "Release", tell: "Tell") -> None:
    """Say when what the data folders hold is neither what is in force nor what that was made from.

    Changes that ended since are no difference.
    """
    last = releases.last()
    if last is None:
        return
    made_from = [digest for digest in (last.control, releases.find(last.control).base) if digest]
    if shipped.digest not in made_from and not any(has_sources_of(releases, each, shipped) for each in made_from):
        tell("data folders not in force", f"{shipped.digest[:12]}: `cds release draft` makes a release of them")


def has_sources_of(releases: "Releases", digest: str, release: "Release") -> bool:
    """Whether a kept release was made of the same files; not, if this code cannot read it."""
    from cds_service.errors import BadRelease
    from cds_service.governance.releases import open_release

    try:
        return open_release(releases, digest, release.terminology).sources == release.sources
    except BadRelease:
        return False


def follow_releases(
    store: "Store", shipped: "Release", as_run: "Callable[[Release], Release]", zone: tzinfo, tell: "Tell"
) -> "InForce":
    """What answers: the release that was activated last, or what the data folders hold while none was, without the
    changes that have ended on the date of `zone`.

    Raises `BadSettings` when the one in force cannot run here, so that no other answers in its place unnoticed.
    """
    from cds_service.errors import CdsError
    from cds_service.governance.activate import InForce
    from cds_service.governance.arms import arms_of
    from cds_service.governance.releases import keep_shipped, open_release
    from cds_service.store.releases import Releases

    releases = Releases(store.database)

    def load(digest: str) -> "Release":
        return as_run(open_release(releases, digest, shipped.terminology))

    def clock() -> datetime:
        return datetime.fromtimestamp(store.clock(), zone)

    in_force = InForce(releases, lambda: store.ring, load, clock, tell, arms_of(shipped))
    try:
        keep_shipped(releases, store.ring, shipped, store.clock())
        in_force.look()
        tell_of_newer_folders(releases, shipped, tell)
    except CdsError as why:
        raise BadSettings(f"{why}; `cds release activate` puts one in force that can run") from None
    finally:
        store.database.dispose()  # a connection must not be used on both sides of a fork
    return in_force
