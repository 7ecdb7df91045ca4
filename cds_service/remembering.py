"""From a client's feedback to what the store keeps of it, and from there to what a later call remembers."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy.exc import SQLAlchemyError

from cds_service.call import Call
from cds_service.database import Questions
from cds_service.errors import CdsError
from cds_service.hooks.feedback import Feedback, FeedbackEvent
from cds_service.knowledge.release import OverrideReason, Release
from cds_service.knowledge.rules import Indicator, Rule, Severity
from cds_service.presenting.memory import (
    NO_MEMORY,
    Became,
    Memory,
    Remembered,
    doses_of,
    held_of,
    unproven_of,
    unwritten_of,
)
from cds_service.presenting.quiet import SELECTING
from cds_service.presenting.quieting import SEEN_FOR, SIGNING, names_of, snooze_of
from cds_service.reasoning.findings import Bound, Outcome
from cds_service.record.reading import chart_of, read_record
from cds_service.record.stored import StoredRecord
from cds_service.remembering_risks import Search, remember_risks, snoozing
from cds_service.store.feedback import Kept, Reported, Reporter, keep_feedback
from cds_service.store.memory import ACCEPTED, OVERRIDDEN, Asker, Decided, Looks
from cds_service.store.store import Store

RememberFor = Literal["user", "patient"]
LOOK_BACK = timedelta(days=730)
"""How long ago a card may have been shown; a rule that says it is quiet for longer speaks again then."""
WITHIN_S = 0.1
"""How long a call waits for a server; one that is cut off is noticed only after seconds."""
MOST_OPENED = 20
"""Records that one call opens at most, newest first; what is beyond is said again."""
WAYS = {OVERRIDDEN: Became.OVERRIDDEN, ACCEPTED: Became.ACTED_ON, "": Became.SEEN}


def keep(store: Store, reporter: Reporter, feedback: Feedback, release: Release) -> Kept:
    """Keep the events of a report that could be read. Raises `NotKept`."""
    reasons = release.override_reasons.values()
    return keep_feedback(store, reporter, [reported_of(event, reasons) for event in feedback.events])


def reported_of(event: FeedbackEvent, reasons: Collection[OverrideReason]) -> Reported:
    """One event as it is kept. A reason that our cards offer stands in clear, also without its system (G-10); any
    other is words of the client, which may be about a patient."""
    systems = {reason.code: reason.system for reason in reasons}
    is_offered = event.reason_code in systems and event.reason_system in ("", systems[event.reason_code])
    words = {"comment": event.comment, "display": event.reason_display}
    if not is_offered:
        words |= {"code": event.reason_code, "system": event.reason_system}
    return Reported(
        card=event.card,
        outcome=event.outcome,
        at=event.at.timestamp(),
        accepted=event.accepted,
        reason_code=event.reason_code if is_offered else "",
        reason_system=systems[event.reason_code] if is_offered else "",
        words=words,
    )


def recall_from(store: Store, remember_for: RememberFor) -> Callable[[Call, Release], Memory]:
    """How calls recall what was decided before.

    While the database is away nothing is remembered, so everything is said; a server that does not answer is not waited
    for.
    """
    looks = Looks(store)
    questions = Questions(store.database, store.turns)

    def recall(call: Call, release: Release) -> Memory:
        if store.commits is not None and store.commits.away:
            return NO_MEMORY
        try:
            return questions.ask(lambda: remember(looks, call, release, remember_for), WITHIN_S)
        except (SQLAlchemyError, TimeoutError) as error:
            store.tell("memory away", type(getattr(error, "orig", None) or error).__name__)
            return NO_MEMORY

    return recall


def remember(looks: Looks, call: Call, release: Release, remember_for: RememberFor) -> Memory:
    """What was decided before about this patient and may still count, the newest of each finding."""
    now = looks.store.clock()
    at = datetime.fromtimestamp(now, UTC)
    context = call.request.context
    asker = Asker(call.tenant, context.patient_id, context.user_id or "")
    search = Search(asker, now, now - LOOK_BACK.total_seconds(), by_anybody=remember_for == "patient")
    decided = looks.find_decided(asker, search.since, search.by_anybody)
    if call.select_to_sign and call.service.hook == SIGNING:
        decided += looks.find_seen(asker, call.client, SELECTING, now - SEEN_FOR.total_seconds())
    counting = [each for each in newest(decided) if may_count(each, release.rules, now)]
    models = snoozing(release, call.service.hook)
    risks = remember_risks(looks, search, models, lambda decision_id: open_record(looks.store, decision_id))
    return Memory(at, tuple(open_records(looks.store, counting, release.rules)), tuple(risks))


def newest(decided: list[Decided]) -> list[Decided]:
    """Of each finding the last that became of it, in each way."""
    found: dict[tuple[str, str, str], Decided] = {}
    for each in decided:
        found.setdefault((each.rule, each.subject_key, each.outcome), each)
    return list(found.values())


def may_count(each: Decided, rules: Mapping[str, Rule], now: float) -> bool:
    """Whether its rule is quiet after decisions at all, and still is."""
    rule = rules.get(each.rule)
    snooze = snooze_of(rule) if rule else None
    if rule is None or snooze is None or rule.severity is Severity.CONTRAINDICATED:
        return False
    return now - each.at < snooze.total_seconds()


def open_records(store: Store, decided: list[Decided], rules: Mapping[str, Rule]) -> Iterator[Remembered]:
    """Each finding as it was then. One whose record cannot be read is not remembered, and so is said again."""
    records: dict[str, StoredRecord | None] = {}
    for each in decided:
        if each.decision_id not in records:
            if len(records) == MOST_OPENED:
                return
            records[each.decision_id] = open_record(store, each.decision_id)
        record = records[each.decision_id]
        remembered = remembered_of(each, record, rules[each.rule]) if record is not None else None
        if remembered is not None:
            yield remembered


def open_record(store: Store, decision_id: str) -> StoredRecord | None:
    try:
        return read_record(store.read(decision_id))
    except CdsError as error:
        store.tell("record not remembered", f"{decision_id}: {type(error).__name__}")
        return None


def remembered_of(decided: Decided, record: StoredRecord, rule: Rule) -> Remembered | None:
    """A finding as it was; None for an accepted suggestion that its rule does not make, or that did more than add
    orders: what it took away or changed is no longer found, or is found again because it came back."""
    own = names_of(rule.suggestions)
    ordered = tuple(each for each in find_ordered(decided, record) if not own.isdisjoint(each))
    fired = [each for each in record.findings if each.outcome == Outcome.FIRES]
    if decided.place >= len(fired) or (decided.outcome == ACCEPTED and not ordered):
        return None
    finding = fired[decided.place]
    chart = chart_of(record)
    drugs = {drug.reference: drug for drug in chart.drugs}
    bindings = {side: Bound(drugs[each.drug], each.ingredient) for side, each in finding.bindings.items()}
    ingredients = tuple(sorted({bound.ingredient for bound in bindings.values()}))
    return Remembered(
        rule=decided.rule,
        ingredients=ingredients,
        became=WAYS[decided.outcome],
        at=datetime.fromtimestamp(decided.at, UTC),
        decision_id=decided.decision_id,
        indicator=Indicator(finding.indicator),
        held=held_of(rule, chart, bindings),
        unproven=unproven_of(rule, chart, bindings),
        doses=doses_of(ingredients, chart),
        unwritten=unwritten_of(ingredients, chart),
        ordered=ordered,
    )


def find_ordered(decided: Decided, record: StoredRecord) -> tuple[tuple[str, ...], ...]:
    """What the accepted suggestions of the card added: codes and texts of each order; empty when they did more."""
    cards = [json.loads(bytes(card)) for card in record.cards] if decided.accepted else []
    suggestions = [each for card in cards if card["uuid"] == decided.card for each in card.get("suggestions", ())]
    accepted = [each for each in suggestions if each["uuid"] in decided.accepted]
    actions = [action for each in accepted for action in each.get("actions", ())]
    if any(action["type"] != "create" for action in actions):
        return ()
    return tuple(name_order(action["resource"]) for action in actions)


def name_order(resource: Mapping[str, Any]) -> tuple[str, ...]:
    concept = resource.get("medicationCodeableConcept") or resource.get("code") or {}
    codes = [coding["code"] for coding in concept.get("coding", ()) if coding.get("code")]
    return (*codes, concept["text"]) if concept.get("text") else tuple(codes)
