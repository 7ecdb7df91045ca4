"""The only composition root: everything that lives as long as the process is made here, and nowhere else."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from cds_service.call import Call, Tools, answer
from cds_service.errors import BadSettings
from cds_service.fhir.received import Received
from cds_service.folders import data_folder
from cds_service.governance.release_file import load_checked_release
from cds_service.governance.review import accept_unreviewed, silence_unreviewed
from cds_service.hooks.discovery import Service
from cds_service.hooks.request import parse_request
from cds_service.hooks.response import HookResponse
from cds_service.knowledge.compile import compile_release
from cds_service.knowledge.release import Release
from cds_service.knowledge.sources import Sources, load_sources
from cds_service.record.decision import DecisionRecord
from cds_service.settings import Settings, refuse_exposure
from cds_service.terminology.index import RxNormIndex, open_index
from cds_service.terminology.products import Terminology
from cds_service.trust.callers import Caller

if TYPE_CHECKING:
    from cds_service.fhir.fetch import FhirAccess
    from cds_service.outbound import Outbound
    from cds_service.trust.backend_token import BackendTokens
    from cds_service.trust.client import Client
    from cds_service.trust.gate import Gate

RESERVED_S = 0.1
"""What is left of a call's time for checking and for writing record and answer once FHIR servers are given up."""


@dataclass(frozen=True, slots=True)
class Application:
    """One process's service. Clock, decision ids and record sink are arguments, so any call can be replayed.

    `name_decision` takes the body and the moment of the call; `write` takes a record and the milliseconds it took.
    Without a `gate` only the dev profile answers, and only callers on this machine. `fetch` asks FHIR servers for what
    did not arrive, until a moment on the monotonic clock.
    """

    settings: Settings
    release: Release
    clock: Callable[[], datetime]
    name_decision: Callable[[bytes, datetime], str]
    write: Callable[[DecisionRecord, float], None]
    gate: "Gate | None" = None
    fetch: Callable[[Call, Received, float], Received] = lambda call, received, deadline: received

    @property
    def origins(self) -> tuple[str, ...]:
        """Where web pages that may call come from."""
        clients = self.gate.clients.values() if self.gate else ()
        return (*self.settings.allowed_origins, *(origin for client in clients for origin in client.origins))

    def answer(
        self, body: bytes, service: Service, caller: Caller, as_of: datetime | None = None, trace: bool = False
    ) -> HookResponse:
        """Answer the request in `body`. `as_of` and `trace` are wishes of the operator; the request's own wishes
        count in the dev profile only. Raises `BadRequest` or `NothingToWorkWith`."""
        started = time.monotonic()
        deadline = started + self.settings.answer_within_ms / 1000 - RESERVED_S
        request = parse_request(body, service.hook)
        if trace:
            request = replace(request, trace=True)
        wished = request.as_of if self.settings.is_dev else None
        now = as_of or wished or self.clock()
        call = Call(
            request=request,
            service=service,
            decision_id=self.name_decision(body, now),
            now=now,
            zone=self.settings.zone,
            client=caller.client.name,
            tenant=caller.tenant,
            body_sha256=sha256(body).hexdigest(),
            may_trace=trace or self.settings.is_dev or caller.client.trace,
            dialect=caller.client.dialect,
            role=request.role or caller.client.role,
            department=request.department or caller.client.department,
        )

        def write(record: DecisionRecord) -> None:
            self.write(record, (time.monotonic() - started) * 1000)

        def fetch(call: Call, received: Received) -> Received:
            return self.fetch(call, received, deadline)

        return answer(call, self.release.for_tenant(caller.tenant), Tools(fetch=fetch, write=write))

    def read_key_set(self) -> bytes:
        """The service's public keys as they are now. Raises `BadKeys`."""
        from cds_service.trust.signing_keys import key_set, read_keys

        return key_set(read_keys(self.settings.key_folder))


def build(
    settings: Settings,
    write: Callable[[DecisionRecord, float], None],
    name_decision: Callable[[bytes, datetime], str] = lambda body, now: str(uuid4()),
) -> Application:
    """Open the terminology, load the release and put the service together.

    Raises `BadSettings` when there is no checked release to serve, `BadKnowledge` when the rules do not compile.
    """
    terminology = open_terminology()
    release = find_release(settings, terminology)
    if settings.accept_unreviewed is not None:
        release = accept_unreviewed(release, settings.accept_unreviewed.by)
    return Application(
        settings=settings,
        release=release if settings.runs_unreviewed else silence_unreviewed(release),
        clock=lambda: datetime.now(UTC).replace(microsecond=0),
        name_decision=name_decision,
        write=write,
    )


def today(settings: Settings) -> date:
    """The site's date; it decides which of the site's changes to rules have ended."""
    return datetime.now(settings.zone).date()


def build_server(settings: Settings, write: Callable[[DecisionRecord, float], None]) -> Application:
    """The service as it faces the network, behind its gate.

    Raises `BadSettings` when it would be open to everybody, or what `build` raises.
    """
    clients = find_clients(settings)
    refuse_exposure(settings, trusts_clients=bool(clients))
    application = build(settings, write)
    if settings.is_dev and not clients:
        return application
    gate = open_gate(settings, clients, application.release.services)
    return replace(application, gate=gate, fetch=open_fall_back(settings, clients))


def find_clients(settings: Settings) -> "tuple[Client, ...]":
    """The CDS clients this site trusts. Raises `BadSettings`."""
    from cds_service.trust.clients import FILE, read_clients

    path = data_folder("config") / FILE
    return read_clients(path.read_text("utf-8"), settings.is_dev) if path.is_file() else ()


def open_gate(settings: Settings, clients: "tuple[Client, ...]", services: tuple[Service, ...]) -> "Gate":
    """What stands between the network and the service. Raises `BadSettings`."""
    from cds_service.trust.allowance import Allowances
    from cds_service.trust.clients import refuse_unknown_services
    from cds_service.trust.database import open_database
    from cds_service.trust.fetching import key_set_fetch
    from cds_service.trust.gate import Gate
    from cds_service.trust.key_sources import open_key_sources
    from cds_service.trust.replay import UsedTokens

    refuse_unknown_services(clients, [service.id for service in services])
    database = open_database(settings.database_url, settings.home)
    return Gate(
        base_url=settings.base_url,
        clients={issuer: client for client in clients for issuer in client.issuers},
        key_sources=open_key_sources(clients, key_set_fetch(connect(settings)), time.monotonic),
        database=database,
        used_tokens=UsedTokens(database),
        allowances=Allowances(database),
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


def open_terminology() -> RxNormIndex:
    """The drug index that ships with the rules."""
    return open_index(data_folder("rules") / "terminology" / "rxnorm.sqlite")


def read_folders() -> Sources:
    """The knowledge as its authors left it in the data folders."""
    return load_sources(*map(data_folder, ("rules", "cards", "config", "models")))


def release_path(settings: Settings) -> Path:
    """Where `cds check` writes the release and the server finds it."""
    return settings.home / "release.json"


def find_release(settings: Settings, terminology: Terminology) -> Release:
    """The checked release; the dev profile compiles the folders as they are, checked or not."""
    folders = read_folders()
    if settings.is_dev:
        return compile_release(folders, terminology, today(settings))
    return load_checked_release(release_path(settings), folders, terminology, today(settings))
