"""The composition root: everything that lives as long as the process is made here, and what it reaches in `edge`."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from cds_service.call import Call, Tools, answer
from cds_service.chart.chart import Chart
from cds_service.chart.facts import Fact
from cds_service.fhir.received import Received
from cds_service.folders import data_folder
from cds_service.governance.arms import Arms, arms_of
from cds_service.governance.release_file import load_checked_release
from cds_service.governance.review import as_reviewed
from cds_service.hooks.discovery import Service
from cds_service.hooks.feedback import Feedback, feedback_answer
from cds_service.hooks.request import parse_request
from cds_service.hooks.response import HookResponse
from cds_service.knowledge.compile import compile_release
from cds_service.knowledge.release import Release
from cds_service.knowledge.sources import Sources, load_sources
from cds_service.monitoring.laps import Laps
from cds_service.presenting.memory import NO_MEMORY, Memory
from cds_service.record.decision import DecisionRecord
from cds_service.recording import entry_of
from cds_service.settings import Settings, refuse_exposure
from cds_service.terminology.index import RxNormIndex, open_index
from cds_service.terminology.products import Terminology
from cds_service.trust.callers import Caller
from cds_service.turns import Turns

if TYPE_CHECKING:
    from cds_service.governance.activate import InForce
    from cds_service.inference import RemoteModels
    from cds_service.monitoring.meters import Meters
    from cds_service.store.store import Store, StoreHealth
    from cds_service.store.writing import Tell
    from cds_service.trust.gate import Gate

RESERVED_S = 0.1
"""What is left of a call's time for checking and for writing record and answer once FHIR servers are given up."""


@dataclass(frozen=True, slots=True)
class Application:
    """One process's service. Clock, decision ids and record sink are arguments, so any call can be replayed.

    `name_decision` takes the body and the moment of the call; `write` takes a record and the milliseconds it took.
    Without a `gate` only the dev profile answers, and only callers on this machine. `fetch` asks FHIR servers for what
    did not arrive, until a moment on the monotonic clock. Without a `store` nothing outlives a call; `recall` tells
    what was decided before about the patient of a call. `models` asks those that other servers compute.

    `meters` count what happens; nobody does without them.

    `release` is what the data folders hold. It answers until `in_force` finds another that was activated.
    """

    settings: Settings
    release: Release
    clock: Callable[[], datetime]
    name_decision: Callable[[bytes, datetime], str]
    write: Callable[[DecisionRecord, float], None]
    gate: "Gate | None" = None
    fetch: Callable[[Call, Received, float], Received] = lambda call, received, deadline: received
    store: "Store | None" = None
    in_force: "InForce | None" = None
    recall: Callable[[Call, Release], Memory] = lambda call, release: NO_MEMORY
    models: "RemoteModels | None" = None
    meters: "Meters | None" = None
    turns: Turns = field(default_factory=Turns)

    def start(self) -> None:
        """Begin what runs beside the calls; once in each process that answers. Raises `BadSettings`."""
        if self.store is not None:
            self.store.start()
        if self.in_force is not None:
            self.in_force.start()

    def close(self) -> None:
        """Finish what runs beside the calls."""
        if self.in_force is not None:
            self.in_force.close()
        if self.store is not None:
            self.store.close()

    def records_health(self) -> "StoreHealth | None":
        """How well decisions are recorded; None where none are."""
        return self.store.health() if self.store is not None else None

    def release_trouble(self) -> str:
        """Why a newer release that was put in force does not answer here; empty when nothing keeps it from that."""
        return self.in_force.trouble if self.in_force is not None else ""

    def callers_trouble(self) -> str:
        """Why workers do not share what callers have used up; empty when they do."""
        return self.gate.ledger.away if self.gate is not None else ""

    @property
    def arms(self) -> Arms:
        """What answers now. It may be another a moment later: take it once for each call."""
        return self.in_force.arms if self.in_force is not None else arms_of(self.release)

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
        laps = Laps(time.monotonic)
        deadline = laps.began + self.settings.answer_within_ms / 1000 - RESERVED_S
        request = parse_request(body, service.hook)
        if trace:
            request = replace(request, trace=True)
        wished = request.as_of if self.settings.is_dev else None
        now = as_of or wished or self.clock()
        arms = self.arms
        call = Call(
            request=request,
            service=arms.services.get(service.id, service),
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
            most_cards=caller.client.most_cards.get(service.hook),
            select_to_sign=caller.client.select_to_sign,
        )

        tools = self.tools_of_call(laps, deadline)
        try:
            return answer(call, arms.pick(caller.tenant, request.context.patient_id), tools)
        finally:
            self.turns.give()

    def tools_of_call(self, laps: Laps, deadline: float) -> Tools:
        """What one call uses of the outside world; each use ends a stage of it. Once all is read it takes its turn."""

        def fetch(call: Call, received: Received) -> Received:
            laps.end("read")
            filled = self.fetch(call, received, deadline)
            laps.end("fetch")
            if self.meters is not None:
                self.meters.count_fetch(call.tenant, received.prefetch, filled.prefetch)
            self.turns.take()
            laps.end("turn")
            return filled

        def recall(call: Call, release: Release) -> Memory:
            laps.end("evaluate")
            memory = self.recall(call, release)
            laps.end("recall")
            return memory

        def write(record: DecisionRecord) -> None:
            laps.end("compose")
            self.write(record, (laps.last - laps.began) * 1000)
            laps.end("record")
            if self.meters is not None:
                self.meters.count_call(record, laps)

        def infer(release: Release, chart: Chart) -> Mapping[str, Fact[Any]]:
            if self.models is None or not release.remote_models:
                return {}
            with self.turns.aside():
                return self.models.infer(release, chart, deadline)

        return Tools(fetch=fetch, write=write, recall=recall, infer=infer)

    def take_feedback(self, feedback: Feedback, service: Service, caller: Caller) -> bytes:
        """Keep what a client reports of cards; the body of the answer. Raises `NotKept`."""
        if self.store is None:
            return feedback_answer(feedback)
        from cds_service.remembering import keep
        from cds_service.store.feedback import Reporter

        reporter = Reporter(caller.tenant, caller.client.name, service.id)
        kept = keep(self.store, reporter, feedback, self.arms.control)
        if self.meters is not None:
            self.meters.count_feedback(caller.tenant, (event.outcome for event in feedback.events))
        return feedback_answer(feedback, kept.stored, kept.unknown)


def build(
    settings: Settings,
    write: Callable[[DecisionRecord, float], None],
    name_decision: Callable[[bytes, datetime], str] = lambda body, now: str(uuid4()),
) -> Application:
    """Open the terminology, load the release and put the service together.

    Raises `BadSettings` when there is no checked release to serve, `BadKnowledge` when the rules do not compile.
    """
    terminology = open_terminology()
    return Application(
        settings=settings,
        release=as_run(find_release(settings, terminology), settings),
        clock=lambda: datetime.now(UTC).replace(microsecond=0),
        name_decision=name_decision,
        write=write,
    )


def as_run(release: Release, settings: Settings) -> Release:
    """The release as this site runs it: what nobody reviewed shows cards only where somebody answers for that."""
    accepted = settings.accept_unreviewed
    return as_reviewed(release, settings.runs_unreviewed, None if accepted is None else accepted.by)


def today(settings: Settings) -> date:
    """The site's date; it decides which of the site's changes to rules have ended."""
    return datetime.now(settings.zone).date()


def build_server(settings: Settings, write: Callable[[DecisionRecord, float], None], tell: "Tell") -> Application:
    """The service as it faces the network, behind its gate, keeping its records; `tell` hears when it cannot.

    Raises `BadSettings` when it would be open to everybody or the spool has no space, `BadRing`, or what `build`
    raises.
    """
    from cds_service.edge import find_clients, follow_releases, open_fall_back, open_gate, open_models
    from cds_service.remembering import recall_from

    clients = find_clients(settings)
    refuse_exposure(settings, trusts_clients=bool(clients))
    store = open_records(settings, tell)
    store.try_spool()

    of_clients = frozenset(client.role.strip().casefold() for client in clients if client.role)

    def keep(record: DecisionRecord, milliseconds: float) -> None:
        store.write(entry_of(record, of_clients | in_force.arms.roles))
        write(record, milliseconds)

    application = build(settings, keep)
    in_force = follow_releases(
        store, application.release, lambda release: as_run(release, settings), settings.zone, tell
    )
    recall = recall_from(store, settings.remember_for)
    application = replace(
        application, store=store, in_force=in_force, recall=recall, models=open_models(settings), turns=store.turns
    )
    if settings.is_dev and not clients:
        return application
    gate = open_gate(settings, clients, tuple(application.arms.services.values()), tell)
    return replace(application, gate=gate, fetch=open_fall_back(settings, clients))


def open_records(settings: Settings, tell: "Tell") -> "Store":
    """Where decisions are kept. Without a folder of their own the keys are made beside the records, which only a
    service on this machine may do. Raises `BadSettings` or `BadRing`, also where they are gone and records are not."""
    from cds_service.database import make_folder
    from cds_service.edge import open_anchor
    from cds_service.store.first_ring import make_ring
    from cds_service.store.store import FILE, Duties, Places, open_store

    make_folder(settings.home)
    if settings.key_ring is None:
        make_ring(settings.ring_folder, settings.database_url, settings.home / FILE, datetime.now(UTC))
    places = Places(settings.database_url, settings.home, settings.ring_folder, settings.spool_folder)
    duties = Duties(settings.unrecorded == "refuse", open_anchor(settings), settings.keep_records_days)
    return open_store(places, time.time, tell, duties)


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
