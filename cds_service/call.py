"""One hook call, from request to response, on one screen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from cds_service import __version__
from cds_service.chart.chart import Chart
from cds_service.chart.facts import Fact
from cds_service.chart.gather import gather
from cds_service.errors import NothingToWorkWith
from cds_service.fhir.read import describe_keys, read_request
from cds_service.fhir.received import Received
from cds_service.hooks.discovery import Service
from cds_service.hooks.request import HookRequest
from cds_service.hooks.response import Card, HookResponse
from cds_service.knowledge.release import Release
from cds_service.presenting.audience import Reader
from cds_service.presenting.choose import choose
from cds_service.presenting.compose import compose
from cds_service.presenting.groups import Shown, Withheld
from cds_service.presenting.memory import NO_MEMORY, Memory
from cds_service.presenting.risks import Risks, add_risks, choose_risks, leave_to_models
from cds_service.presenting.session import Dialect, Session
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Finding, Outcome
from cds_service.record.decision import DecisionRecord
from cds_service.record.trace import trace
from cds_service.risk.remote import with_answers
from cds_service.risk.score import Scored, score


@dataclass(frozen=True, slots=True)
class Call:
    """One request with everything the edge decided about it: who asks, when, under which id."""

    request: HookRequest
    service: Service
    decision_id: str
    now: datetime
    zone: tzinfo
    client: str
    tenant: str
    body_sha256: str = ""
    may_trace: bool = False
    dialect: str = "standard"
    role: str | None = None
    department: str | None = None
    most_cards: int | None = None
    select_to_sign: bool = False


@dataclass(frozen=True, slots=True)
class Tools:
    """What a call may use of the outside world: `fetch` fills keys that did not arrive, `write` keeps records, `recall`
    tells what was decided before about this patient and rules of this release, `infer` gives what models on other
    servers say of a chart, as facts."""

    fetch: Callable[[Call, Received], Received]
    write: Callable[[DecisionRecord], None]
    recall: Callable[[Call, Release], Memory] = lambda call, release: NO_MEMORY
    infer: Callable[[Release, Chart], Mapping[str, Fact[Any]]] = lambda release, chart: {}


@dataclass(frozen=True, slots=True)
class Asked:
    """What decides the answer beside release and chart. A record holds all of it, so a call can be decided again."""

    decision_id: str
    hook: str
    session: Session
    reader: Reader
    memory: Memory = NO_MEMORY


@dataclass(frozen=True, slots=True)
class Chosen:
    """What becomes of findings and scores before there are cards."""

    shown: Shown
    withheld: tuple[Withheld, ...]
    scored: tuple[Scored, ...]
    risks: Risks


@dataclass(frozen=True, slots=True)
class Decided:
    """Every finding, those that are not shown with their reason, and the cards.

    `scored` is what every model said, `quiet_models` why some of them are not shown, by id.
    """

    findings: tuple[Finding, ...]
    withheld: tuple[Withheld, ...]
    cards: tuple[Card, ...]
    scored: tuple[Scored, ...] = ()
    quiet_models: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Picked:
    """The one release that answers a call, and which arm it is; empty where there is no other.

    `beside` holds the rules and models in which the other arm differs: what they find is recorded, never shown and
    never used to try suggestions (DESIGN 8).
    """

    release: Release
    arm: str = ""
    beside: Release | None = None


def answer(call: Call, picked: Picked, tools: Tools) -> HookResponse:
    """Answer one call. Empty cards mean "checked, nothing to say"; a failure raises instead (DESIGN law 7).

    Raises `BadRequest` when the drafts are not a bundle anyone can read, `NothingToWorkWith` when no key arrived
    usable and no rule fires on the drafts alone.
    """
    release, beside = picked.release, picked.beside
    received = tools.fetch(call, read_request(call.request, call.service.prefetch))
    chart = gather(
        received,
        release.needs,
        call.service.hook,
        call.now,
        call.zone,
        release.terminology,
        release.code_map,
        release.genes,
    )
    chart = with_answers(chart, tools.infer(release, chart))
    findings = evaluate(release.index, chart)
    refuse_to_guess(call, received, findings)
    session = Session(call.request.context.patient_id, call.request.context.encounter_id, Dialect(call.dialect))
    reader = Reader.of(call.role, call.department, call.most_cards)
    asked = Asked(call.decision_id, call.service.hook, session, reader, tools.recall(call, release))
    decided = decide(findings, chart, release, asked)
    record = DecisionRecord(
        decision_id=call.decision_id,
        now=call.now,
        client=call.client,
        tenant=call.tenant,
        service=call.service.id,
        hook=call.service.hook,
        hook_instance=call.request.hook_instance,
        release_digest=release.digest,
        code_version=__version__,
        key_states=describe_keys(received),
        chart=chart,
        findings=decided.findings,
        withheld=decided.withheld,
        cards=decided.cards,
        scored=decided.scored,
        quiet_models=decided.quiet_models,
        session=session,
        user_id=call.request.context.user_id,
        body_sha256=call.body_sha256,
        role=call.role,
        department=call.department,
        most_cards=call.most_cards,
        memory=asked.memory,
        arm=picked.arm,
        beside_digest=beside.digest if beside else "",
        beside=evaluate(beside.index, chart) if beside else (),
        beside_scored=score(beside.models, chart) if beside else (),
    )
    tools.write(record)
    return HookResponse(cards=decided.cards, extension=trace(record) if call.may_trace and call.request.trace else None)


def decide(findings: tuple[Finding, ...], chart: Chart, release: Release, asked: Asked) -> Decided:
    """What the models say, what is shown of that and of the findings, and how. Calls and replays decide here."""
    chosen = select(findings, chart, release, asked)
    shown = add_risks(chosen.shown, chosen.risks)
    cards = compose(shown, chart, release, asked.decision_id, findings, asked.session)
    return Decided(findings, chosen.withheld, cards, chosen.scored, chosen.risks.withheld)


def select(findings: tuple[Finding, ...], chart: Chart, release: Release, asked: Asked) -> Chosen:
    """What the models say, and what is shown of that and of the findings."""
    scored = score(release.models, chart)
    risks = choose_risks(scored, chart, release, asked.memory)
    told, spoken_for = leave_to_models(findings, risks)
    shown, withheld = choose(told, chart, release, asked.hook, asked.reader, asked.memory)
    return Chosen(shown, (*spoken_for, *withheld), scored, risks)


def refuse_to_guess(call: Call, received: Received, findings: tuple[Finding, ...]) -> None:
    """Raise `NothingToWorkWith` (412) when no key arrived usable and nothing fires on the drafts alone (CH-077).

    A call whose draft bundle is empty has nothing to check and is answered without cards.
    """
    if any(result.complete or result.resources for result in received.prefetch.values()):
        return
    if any(finding.outcome is Outcome.FIRES for finding in findings):
        return
    if call.request.context.draft_orders is not None and not received.drafts and not received.unreadable_drafts:
        return
    raise NothingToWorkWith(tuple(received.prefetch), "no prefetch arrived and no FHIR server could be read")
